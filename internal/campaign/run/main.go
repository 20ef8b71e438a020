// Command run runs simulated campaigns and writes their tables into docs: all
// of them, or those named. See package campaign for how to add one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tuition-hq/tuition/internal/campaign"
)

// campaigns are all that the files of this folder register.
var campaigns []campaign.Campaign

func register(c campaign.Campaign) struct{} {
	campaigns = append(campaigns, c)
	return struct{}{}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "campaign:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "campaign:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("wrong usage")

func command(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("campaign", flag.ContinueOnError)
	flags.SetOutput(out)
	folder := flags.String("docs", "docs", "folder of campaigns.md and campaigns.csv")
	scale := flags.Float64("scale", 1, "so many times the replicates of each cell")
	list := flags.Bool("list", false, "list the campaigns and run none")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if *scale <= 0 {
		return fmt.Errorf("%w: -scale must be above 0", errUsage)
	}
	slices.SortFunc(campaigns, func(a, b campaign.Campaign) int { return strings.Compare(a.Name, b.Name) })
	chosen := campaigns
	if names := flags.Args(); len(names) > 0 {
		chosen = nil
		for _, name := range names {
			i := slices.IndexFunc(campaigns, func(c campaign.Campaign) bool { return c.Name == name })
			if i < 0 {
				return fmt.Errorf("%w: there is no campaign %q; -list lists them", errUsage, name)
			}
			chosen = append(chosen, campaigns[i])
		}
	}
	if *list {
		for _, c := range chosen {
			fmt.Fprintf(out, "%-30s %7d replicates  %s\n", c.Name, c.Total(campaign.Scale{}), c.About)
		}
		return nil
	}
	version, err := version(ctx)
	if err != nil {
		return err
	}
	unmet := 0
	for _, c := range chosen {
		result := campaign.Result{Campaign: c, Command: "make campaigns CAMPAIGN=" + c.Name, Version: version, Cores: runtime.GOMAXPROCS(0)}
		if *scale != 1 {
			result.Command += fmt.Sprintf(" SCALE=%g", *scale)
		}
		began := time.Now()
		shown := watch(out, c, campaign.Scale{Factor: *scale})
		result.Rows, err = c.Run(ctx, campaign.Scale{Factor: *scale}, shown.add)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		result.Took = time.Since(began)
		if err := result.Write(*folder); err != nil {
			return err
		}
		n := 0
		for _, row := range result.Rows {
			for _, t := range row.Targets {
				if t.Verdict(row) == "NOT MET" {
					n++
				}
			}
		}
		unmet += n
		shown.finish(n)
	}
	if unmet > 0 {
		return fmt.Errorf("%d targets are not met, see %s/campaigns.md", unmet, *folder)
	}
	return nil
}

// version is the commit, with a + where a source file differs from it.
func version(ctx context.Context) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("which version this is: git rev-parse: %w", err)
	}
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", "*.go").Output()
	if err != nil {
		return "", fmt.Errorf("which version this is: git status: %w", err)
	}
	out := strings.TrimSpace(string(commit))
	if len(changed) > 0 {
		out += "+"
	}
	return out, nil
}

// progress is a bar on a terminal and a line a finished cell elsewhere.
type progress struct {
	w     io.Writer
	c     campaign.Campaign
	began time.Time
	bar   *progressbar.ProgressBar // nil where w is no terminal
	left  []atomic.Int64           // replicates of each cell
}

func watch(w io.Writer, c campaign.Campaign, scale campaign.Scale) *progress {
	p := &progress{w: w, c: c, began: time.Now(), left: make([]atomic.Int64, len(c.Cells))}
	for i := range c.Cells {
		p.left[i].Store(int64(scale.Replicates(c, c.Cells[i])))
	}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions(c.Total(scale),
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(c.Name), progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	}
	return p
}

func (p *progress) add(cell int) {
	left := p.left[cell].Add(-1)
	switch {
	case p.bar != nil:
		_ = p.bar.Add(1) // a bar that cannot be drawn stops nothing
	case left == 0:
		fmt.Fprintf(p.w, "%s: %s done after %s\n", p.c.Name, p.c.Cells[cell].Setting, time.Since(p.began).Round(time.Second))
	}
}

func (p *progress) finish(unmet int) {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	fmt.Fprintf(p.w, "%s: %s, %d targets not met\n", p.c.Name, time.Since(p.began).Round(time.Second), unmet)
}
