package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far long work is: a bar on a terminal, elsewhere a plain
// line now and then.
type progress struct {
	w    io.Writer
	what string
	bar  *progressbar.ProgressBar // nil where w is no terminal
	last time.Time
}

const plainEvery = 10 * time.Second

func (s *Session) progress(what string, total int64) *progress {
	p := &progress{w: s.stderr, what: what, last: time.Now()}
	if file, ok := s.stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(s.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	}
	return p
}

// slow tells what is being done if it takes longer than a moment; the returned
// func ends it.
func (s *Session) slow(what string) (done func()) {
	timer := time.AfterFunc(time.Second, func() { fmt.Fprintln(s.stderr, what+" …") })
	return func() { timer.Stop() }
}

// add tells that n more are done.
func (p *progress) add(n int64, done, total int64) {
	if p.bar != nil {
		_ = p.bar.Add64(n)
		return
	}
	if time.Since(p.last) < plainEvery {
		return
	}
	p.last = time.Now()
	if total > 0 {
		fmt.Fprintf(p.w, "%s: %d of %d\n", p.what, done, total)
	} else {
		fmt.Fprintf(p.w, "%s: %d\n", p.what, done)
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
