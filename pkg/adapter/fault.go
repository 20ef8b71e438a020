package adapter

import "strconv"

// Fault says why an input gave no event, or why an adapter cannot be used. It
// never holds the input's content, beyond what the adapter's author put into
// a message.
type Fault struct {
	Adapter, File string
	Line          int // from 1; 0 if the whole file is meant
	What, Mend    string
}

// Error writes "file:line: adapter name: what; how to mend".
func (f *Fault) Error() string {
	text := f.File
	if f.Line > 0 {
		text += ":" + strconv.Itoa(f.Line)
	}
	if f.Adapter != "" {
		text += ": adapter " + f.Adapter
	}
	return text + ": " + f.What + "; " + f.Mend
}

// Finding is an oddity of the input that the adapter read all the same: what it
// did about it, and how to mend the source. Code names its sort.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

// String writes "file:line: code: message; how to mend".
func (f Finding) String() string {
	return f.File + ":" + strconv.Itoa(f.Line) + ": " + f.Code + ": " + f.Message + "; " + f.Mend
}
