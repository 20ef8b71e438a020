package source

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Row is one row of a table with a header.
type Row struct {
	Line   int            // where it begins, from 1
	Fields map[string]any // column → text
}

// Separator gives the separator that a file's name promises.
func Separator(file string) (rune, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return ',', nil
	case ".tsv", ".tab":
		return '\t', nil
	}
	return 0, &Fault{File: file, What: "the name does not say how columns are separated", Mend: "name a .csv or a .tsv file"}
}

// Rows reads a table whose first row names its columns, and gives each row to
// yield. CSV is RFC 4180; a tab-separated file has no quotes. A row that cannot
// be read goes to bad, with what to mend, and reading goes on, unless more than
// maxFaults are bad, which is another file, or where the next begins cannot be told.
// Either ends the reading by an error.
func Rows(r io.Reader, file string, separator rune, yield func(Row) error, bad func(*Fault) error) error {
	in := &lines{r: bufio.NewReaderSize(r, 64<<10), file: file}
	var header []string
	faults := 0
	skip := func(fault *Fault) error {
		if header == nil {
			return fault
		}
		if faults++; faults > maxFaults {
			return &Fault{File: file, Line: fault.Line, What: fmt.Sprintf("more than %d rows cannot be read; nothing is read from here on", maxFaults), Mend: "is this the right file?"}
		}
		return bad(fault)
	}
	take := func(line int, cells []string) error {
		if header == nil {
			header = make([]string, len(cells))
			seen := map[string]bool{}
			for i, name := range cells {
				if strings.Contains(name, "\r") {
					return &Fault{File: file, Line: line, What: "the lines end with a carriage return alone, so that the file is one line", Mend: "save it with line feeds"}
				}
				name = strings.TrimSpace(name)
				if name == "" || seen[name] {
					return &Fault{
						File: file, Line: line, What: fmt.Sprintf("column %d has no name, or one that another has", i+1),
						Mend: "give every column its own name in the first row",
					}
				}
				seen[name], header[i] = true, name
			}
			return nil
		}
		if len(cells) != len(header) {
			return skip(&Fault{
				File: file, Line: line, What: fmt.Sprintf("the row has %d columns, the first row names %d", len(cells), len(header)),
				Mend: "add the missing separators, or quote a cell that holds one",
			})
		}
		fields := make(map[string]any, len(cells))
		for i, cell := range cells {
			fields[header[i]] = cell
		}
		return yield(Row{line, fields})
	}
	var err error
	if separator == '\t' {
		err = in.tabs(take, skip)
	} else {
		err = in.quoted(separator, take, skip)
	}
	if err != nil {
		return err
	}
	if header == nil {
		return &Fault{File: file, What: "the file is empty", Mend: "name another file"}
	}
	return nil
}

func (l *lines) tabs(take func(int, []string) error, skip func(*Fault) error) error {
	for {
		line, err := l.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			var fault *Fault
			if errors.As(err, &fault) && fault.Line > 0 {
				err = skip(fault)
			}
			if err != nil {
				return err
			}
			continue
		}
		if len(line) == 0 {
			continue
		}
		if err := take(l.line, strings.Split(string(line), "\t")); err != nil {
			return err
		}
	}
}

func (l *lines) quoted(separator rune, take func(int, []string) error, skip func(*Fault) error) error {
	bounded := &rowBound{l: l}
	in := csv.NewReader(bounded)
	in.Comma = separator
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	for {
		bounded.row, bounded.quotes = 0, 0
		cells, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			// Reading goes on where the next line begins a row for certain: what stands in
			// a quoted cell must never be read as one.
			const ends = "; the cell may go on, and nothing is read from here on"
			var p *csv.ParseError
			var fault *Fault
			switch {
			case errors.As(err, &p):
				fault = &Fault{File: l.file, Line: p.StartLine, What: "the quotes are wrong: " + p.Err.Error(), Mend: `write "" for a quote inside quotes`}
				if errors.Is(err, csv.ErrBareQuote) {
					bounded.quotes-- // it opened no cell
				}
				if err = fault; bounded.quotes%2 == 0 {
					err = skip(fault)
				} else {
					fault.What += ends
				}
			case errors.As(err, &fault) && fault.Line > 0 && bounded.row == 0:
				err = skip(fault)
			case fault != nil && fault.Line > 0:
				fault.What += ends
			}
			if err != nil {
				return err
			}
			continue
		}
		line, _ := in.FieldPos(0)
		if err := take(line, cells); err != nil {
			return err
		}
	}
}

// rowBound feeds whole lines to the CSV reader, and refuses a quoted cell that never ends.
type rowBound struct {
	l    *lines
	rest []byte
	// Since the last row was taken: bytes, and quotes, of which there is an even number where no cell is open.
	row, quotes int
}

func (b *rowBound) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		line, err := b.l.next()
		if err != nil {
			return 0, err
		}
		if b.row += len(line) + 1; b.row > 2*MaxLine {
			return 0, &Fault{File: b.l.file, Line: b.l.line, What: "a quoted cell goes on for more than 2 MiB", Mend: "close its quotes"}
		}
		b.quotes += bytes.Count(line, []byte{'"'})
		b.rest = append(append(b.rest[:0], line...), '\n')
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// lines reads lines of bounded length in UTF-8.
type lines struct {
	r    *bufio.Reader
	file string
	line int // the number of the line last read
	buf  []byte
}

// next gives the next line without its end; it is good until the next call. A
// Fault that names a line is of that line alone: the one after can be read.
func (l *lines) next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > MaxLine; !long {
			l.buf = append(l.buf, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return nil, unreadable(l.file, err)
		}
		if err == io.EOF && len(l.buf) == 0 && !long {
			return nil, io.EOF
		}
		break
	}
	l.line++
	if long {
		return nil, &Fault{File: l.file, Line: l.line, What: fmt.Sprintf("the line is longer than %d MiB", MaxLine>>20), Mend: "break it; is this the right file?"}
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(l.buf, []byte("\n")), []byte("\r"))
	if l.line == 1 {
		line = bytes.TrimPrefix(line, []byte(bom))
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, &Fault{File: l.file, Line: l.line, What: "there is a zero byte: this is not text", Mend: "take it out; is this the right file?"}
	}
	if !utf8.Valid(line) {
		return nil, &Fault{File: l.file, Line: l.line, What: "this is not text in UTF-8", Mend: "save the file as UTF-8; is this the right file?"}
	}
	return line, nil
}
