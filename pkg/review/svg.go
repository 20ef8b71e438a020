package review

import "strconv"

// A chart is a drawing and the same facts as a table. The template renders it
// as SVG with classes only: a strict content policy allows no style attribute,
// and a dark theme must be able to reach every mark.
type chart struct {
	ID, Title, Note string
	Link            string // to the explanation of what is drawn
	Desc            string // for those who cannot see the drawing
	Width, Height   float64
	Marks           []mark
	Legend          []legend
	Columns         []string
	Rows            [][]string
	Screen          bool // the table is left out on paper: its rows stand elsewhere on the page
}

// A mark is one SVG element. Kind says which; the unused fields stay empty.
type mark struct {
	Kind         string // line, rect, dot, path, text
	Class        string
	X, Y, X2, Y2 string // for rect X2 and Y2 are width and height
	R, D         string
	Anchor, Text string
	Tip          string // shown when pointed at
}

type legend struct{ Class, Shape, Text string }

// round1 keeps the page small: a tenth of a pixel is finer than any screen.
func round1(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	c.Marks = append(c.Marks, mark{Kind: "line", Class: class, X: round1(x1), Y: round1(y1), X2: round1(x2), Y2: round1(y2)})
}

func (c *chart) rect(class string, x, y, width, height float64, tip string) {
	c.Marks = append(c.Marks, mark{Kind: "rect", Class: class, X: round1(x), Y: round1(y), X2: round1(width), Y2: round1(height), Tip: tip})
}

func (c *chart) dot(class string, x, y, r float64, tip string) {
	c.Marks = append(c.Marks, mark{Kind: "dot", Class: class, X: round1(x), Y: round1(y), R: round1(r), Tip: tip})
}

func (c *chart) path(class, d, tip string) {
	c.Marks = append(c.Marks, mark{Kind: "path", Class: class, D: d, Tip: tip})
}

func (c *chart) text(class, anchor string, x, y float64, s string) {
	c.Marks = append(c.Marks, mark{Kind: "text", Class: class, Anchor: anchor, X: round1(x), Y: round1(y), Text: s})
}

// triangle is the shape of a failed assumption and of a repeat.
func (c *chart) triangle(class string, x, y, r float64, tip string) {
	c.path(class, "M"+round1(x)+" "+round1(y-r)+"L"+round1(x+r)+" "+round1(y+0.8*r)+"L"+round1(x-r)+" "+round1(y+0.8*r)+"Z", tip)
}

// diamond is the shape of an improvement.
func (c *chart) diamond(class string, x, y, r float64, tip string) {
	c.path(class, "M"+round1(x)+" "+round1(y-r)+"L"+round1(x+r)+" "+round1(y)+"L"+round1(x)+" "+round1(y+r)+"L"+round1(x-r)+" "+round1(y)+"Z", tip)
}

func (c *chart) square(class string, x, y, r float64, tip string) {
	c.rect(class, x-r, y-r, 2*r, 2*r, tip)
}
