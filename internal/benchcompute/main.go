// Command benchcompute measures a computation of all estimates at several sizes of
// one organisation's log, beside one read of all columns of the views incident and
// change: a first computation, and the next one after a hundredth more events. The
// log is made in the event table itself. Ratios are of CPU seconds, of Go and of the
// engine together: of a machine that has other work, wall clock says little.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/tuition-hq/tuition/pkg/embedded"
)

func main() {
	embedded.Child()
	if settings := os.Getenv(childEnv); settings != "" {
		if err := child(settings); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchcompute:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("benchcompute", flag.ContinueOnError)
	full := size{}
	flags.IntVar(&full.changes, "changes", 500_000, "changes of the largest size")
	flags.IntVar(&full.incidents, "incidents", 0, "incidents of the largest size; 0: one for fifty changes")
	flags.IntVar(&full.services, "services", 0, "services of the largest size; 0: one for ten thousand changes, at least 50")
	shares := flags.String("sizes", "0.1,0.3,1", "sizes measured, as shares of the largest")
	dir := flags.String("dir", "", "folder for the engine's data; empty: a temporary one. Fifty million changes need about 60 GB")
	document := flags.String("document", "", "Markdown file whose section of this benchmark is to be replaced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var all []result
	for text := range strings.SplitSeq(*shares, ",") {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || share <= 0 {
			return fmt.Errorf("-sizes %q: give shares above 0 such as 0.1,0.3,1", *shares)
		}
		r, err := measure(ctx, full.scaled(share), *dir, os.Stderr)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	text := report(all)
	_, err := io.WriteString(out, text)
	if *document != "" {
		err = errors.Join(err, replaceSection(*document, text))
	}
	return err
}

// scaled is a share of the log: fewer services with as many events each.
func (s size) scaled(share float64) size {
	scaled := size{changes: int(share * float64(s.changes)), incidents: int(share * float64(s.incidents)), services: int(share * float64(s.services))}
	if s.incidents == 0 {
		scaled.incidents = scaled.changes / 50
	}
	if s.services == 0 {
		scaled.services = scaled.changes / 10_000
	}
	scaled.services = max(scaled.services, 50)
	return scaled
}

// result is what one size took.
type result struct {
	size        size
	events      uint64
	first, next phases
	enginePeak  int64   // resident bytes
	engineRead  float64 // CPU seconds of the engine: of the read of both views,
	engineFirst float64 // and of each computation
	engineNext  float64
}

func report(all []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %s. CPU seconds of the Go process and of the engine together, ratios of these, seconds by the clock; peak resident memory of each.\n\n", runtime.NumCPU(), runtime.Version())
	head := func(columns ...string) {
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	}
	head("changes", "incidents", "services", "events", "CPU: read of `incident` and `change`", "first computation", "÷ read", "next, 1 % more events", "÷ first", "first by the clock", "next by the clock", "Go MiB", "engine MiB")
	for _, r := range all {
		first, next := r.first.CPU+r.engineFirst, r.next.CPU+r.engineNext
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %.1f | %.1f | %.2f | %.1f | %.2f | %.1f | %.1f | %d | %d |\n", r.size.changes, r.size.incidents, r.size.services, r.events,
			r.engineRead, first, first/r.engineRead, next, next/first, r.first.total(), r.next.total(), max(r.first.Peak, r.next.Peak)>>20, r.enginePeak>>20)
	}
	b.WriteString("\nWhere the time goes, in seconds by the clock where not of CPU:\n\n")
	head("changes", "computation", "fold", "read the input", "estimate", "publish", "CPU of Go", "CPU of the engine", "estimates", "evidence")
	for _, r := range all {
		for _, of := range []struct {
			name   string
			p      phases
			engine float64
		}{{"first", r.first, r.engineFirst}, {"next", r.next, r.engineNext}} {
			fmt.Fprintf(&b, "| %d | %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %d |\n", r.size.changes, of.name, of.p.Fold, of.p.Load, of.p.Estimate, of.p.Publish,
				of.p.CPU, of.engine, of.p.Estimates, of.p.Evidence)
		}
	}
	return b.String()
}

const (
	sectionBegins = "<!-- written by make bench-compute -->\n"
	sectionEnds   = "<!-- end of what make bench-compute writes -->\n"
)

// replaceSection puts the text between the two marks of a document.
func replaceSection(path, text string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(document), sectionBegins)
	_, after, ends := strings.Cut(rest, sectionEnds)
	if !begins || !ends {
		return fmt.Errorf("%s: no section between %q and %q", path, sectionBegins, sectionEnds)
	}
	return os.WriteFile(path, []byte(before+sectionBegins+"\n"+text+"\n"+sectionEnds+after), 0o644)
}
