package source

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tuition-hq/tuition/pkg/event"
)

// JSONLines reads CloudEvents in structured mode, one on a line, and gives
// each to yield as the message that a Kafka producer would write: value and
// content type, with file and line as its position. Empty lines are passed
// over. Whether the JSON is an event is the decoder's question; a line that is
// too long, no text or no JSON object goes to bad, with what to mend, and reading
// goes on, unless more than maxFaults are bad: that is another file. The message's value is the caller's to keep. Either ends the reading by an error.
func JSONLines(r io.Reader, file string, yield func(event.Message) error, bad func(*Fault) error) error {
	in := &lines{r: bufio.NewReaderSize(r, 64<<10), file: file}
	count, faults := 0, 0
	for {
		line, err := in.next()
		if err == io.EOF {
			if count == 0 {
				return &Fault{File: file, What: "the file is empty", Mend: "name a file with one CloudEvent on each line"}
			}
			return nil
		}
		var fault *Fault
		if err != nil && (!errors.As(err, &fault) || fault.Line == 0) {
			return err
		}
		line = bytes.TrimSpace(line)
		if fault == nil && len(line) == 0 {
			continue
		}
		if count++; count == 1 && (string(line) == "{" || string(line) == "[") {
			return &Fault{File: file, Line: in.line, What: "this is JSON over several lines; nothing of it is read", Mend: "write each event on one line, as `jq -c . FILE` does, or `jq -c '.[]' FILE` of a list"}
		}
		if fault == nil {
			fault = object(line)
		}
		if fault != nil {
			fault.File, fault.Line = file, in.line
			if faults++; faults > maxFaults {
				return &Fault{File: file, Line: in.line, What: fmt.Sprintf("more than %d lines are no events; nothing is read from here on", maxFaults), Mend: "is this the right file?"}
			}
			if err := bad(fault); err != nil {
				return err
			}
			continue
		}
		m := event.Message{
			Position: event.Position{File: file, Line: in.line},
			Value:    bytes.Clone(line),
			Headers:  []event.Header{{Key: "content-type", Value: []byte(ContentTypeStructured)}},
		}
		if err := yield(m); err != nil {
			return err
		}
	}
}

const maxFaults = 1000

// ContentTypeStructured is the content type of a CloudEvent in structured mode.
const ContentTypeStructured = "application/cloudevents+json; charset=UTF-8"

func object(line []byte) *Fault {
	if line[0] != '{' {
		return &Fault{What: "this line is not a JSON object", Mend: "write one CloudEvent on each line, without commas between them"}
	}
	if !json.Valid(line) {
		what := "this line is not JSON"
		if strings.Count(string(line), "{") > strings.Count(string(line), "}") {
			what = "this JSON object does not end on its line"
		}
		return &Fault{What: what, Mend: "write each event on one line, as `jq -c` does"}
	}
	return nil
}
