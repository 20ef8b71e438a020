// Package source reads files that people have into values that adapters and
// the pipeline take: Markdown into a tree of sections, CSV and TSV into rows,
// JSON Lines into messages. It knows nothing of what the files mean.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"
)

// Bounds on what is read, so that no file can take the process with it.
const (
	MaxDocument = 2 << 20 // bytes of a document that is held whole
	MaxLine     = 1 << 20 // bytes of a line of JSON Lines, of a row of CSV or TSV
)

// Fault says what is wrong with a file, where, and how to mend it. It never
// holds the content.
type Fault struct {
	File       string
	Line       int // from 1; 0 if the whole file is meant
	What, Mend string
}

// Error writes "file:line: what; how to mend".
func (f *Fault) Error() string {
	where := f.File
	if f.Line > 0 {
		where += ":" + strconv.Itoa(f.Line)
	}
	return where + ": " + f.What + "; " + f.Mend
}

// Progress is told the bytes read so far and the file's size, often; total is
// 0 where the size is not known. It may be nil.
type Progress func(done, total int64)

// Open opens a regular file or a pipe for reading and counts what is read.
func Open(path string, progress Progress) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		f.Close()
		return nil, unreadable(path, err)
	}
	total := int64(0)
	if info.Mode().IsRegular() {
		total = info.Size()
	}
	return &counted{f: f, total: total, progress: progress}, nil
}

func unreadable(path string, err error) *Fault {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &Fault{File: path, What: "cannot be read: " + err.Error(), Mend: "check the path and its permissions"}
}

type counted struct {
	f           *os.File
	done, total int64
	progress    Progress
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.f.Read(p)
	c.done += int64(n)
	if c.progress != nil && n > 0 {
		c.progress(c.done, c.total)
	}
	return n, err
}

func (c *counted) Close() error { return c.f.Close() }

// Document reads a whole text file of at most MaxDocument bytes, in UTF-8,
// without its byte order mark.
func Document(r io.Reader, file string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, unreadable(file, err)
	}
	if len(data) > MaxDocument {
		return nil, &Fault{File: file, What: fmt.Sprintf("the file is larger than %d MiB", MaxDocument>>20), Mend: "split it, or name another file"}
	}
	data = bytes.TrimPrefix(data, []byte(bom))
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, &Fault{File: file, Line: lineOf(data, i), What: "there is a zero byte: this is not a text file", Mend: "name a text file"}
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, &Fault{File: file, Line: lineOf(data, i), What: "this is not UTF-8", Mend: "save the file as UTF-8"}
		}
		i += size
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &Fault{File: file, What: "the file is empty", Mend: "name another file"}
	}
	return data, nil
}

const bom = "\xef\xbb\xbf"

func lineOf(data []byte, offset int) int { return 1 + bytes.Count(data[:offset], []byte{'\n'}) }
