package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tuition-hq/tuition/pkg/app"
)

func (c *command) publish() *cobra.Command {
	var noWait bool
	cmd := &cobra.Command{
		Use:   "publish FILE…",
		Short: "Send events from JSON Lines files to Kafka",
		Long: `Sends CloudEvents (structured JSON) or bare CDEvents, one a line, to the events
topic, waits until they are folded and says how many were accepted and rejected.
The file - is standard input.`,
		Example: "  tuition simulate --out events.jsonl\n  tuition publish --embedded ./data events.jsonl",
		Args:    atLeast(1, "at least one file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			return c.with(cmd, func(s *app.Session) error {
				receipt, err := s.Publish(cmd.Context(), files, c.stdin, !noWait)
				return c.report(receipt, err)
			})
		},
	}
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return when Kafka has acknowledged, before the events are folded")
	return cmd
}

func (c *command) importFiles() *cobra.Command {
	options := app.ImportOptions{Wait: true}
	var set []string
	var noWait bool
	cmd := &cobra.Command{
		Use:   "import --adapter NAME FILE…",
		Short: "Turn post-mortems, tables and exports into events and send them to Kafka",
		Long: `Reads each file (a folder means the files in it), turns it into events by the
adapter's jq program and sends them through Kafka like everything else. What a
file says oddly is read rightly or reported with file and line.

Adapters: ` + strings.Join(app.AdapterNames(), ", "),
		Example: `  tuition import --embedded ./data --adapter markdown-postmortem postmortems/
  tuition import --embedded ./data --adapter release-tags --set service=checkout tags.tsv`,
		Args: atLeast(1, "at least one file or folder"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if options.Adapter == "" {
				return usageError{fmt.Errorf("`tuition import` needs --adapter; there are: %s", strings.Join(app.AdapterNames(), ", "))}
			}
			options.Parameters = map[string]string{}
			for _, pair := range set {
				key, value, found := strings.Cut(pair, "=")
				if !found || key == "" {
					return usageError{fmt.Errorf("--set %q is not key=value", pair)}
				}
				options.Parameters[key] = value
			}
			options.Files, options.Wait = files, !noWait
			return c.with(cmd, func(s *app.Session) error {
				receipt, err := s.Import(cmd.Context(), options)
				return c.report(receipt, err)
			})
		},
	}
	cmd.Flags().StringVar(&options.Adapter, "adapter", "", "`name` of the adapter")
	cmd.Flags().StringArrayVar(&set, "set", nil, "a parameter for the adapter, `key=value`; may be given again")
	cmd.Flags().BoolVar(&options.Strict, "strict", false, "fail if any file had a finding, before anything is sent")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return when Kafka has acknowledged, before the events are folded")
	return cmd
}

// report prints what became of the events that were sent; findings go to stderr.
func (c *command) report(r app.Receipt, err error) error {
	for _, finding := range r.Findings {
		fmt.Fprintln(c.stderr, finding)
	}
	if err != nil && (!errors.Is(err, app.ErrUsage) || !r.Dry && r.Sent == 0 && r.Unreadable() == 0) {
		return err
	}
	switch {
	case r.Dry:
		fmt.Fprintf(c.stdout, "nothing was sent: %d findings, %d unreadable\n", len(r.Findings), r.Unreadable())
	case r.Waited:
		fmt.Fprintf(c.stdout, "sent %d events: %d accepted, %d rejected, %d findings, %d unreadable\n", r.Sent, r.Accepted, r.Rejected, len(r.Findings), r.Unreadable())
		for _, code := range r.Codes {
			fmt.Fprintf(c.stdout, "  rejected as %s: %d; `tuition deadletter list --code %s` shows them\n", code.Code, code.Count, code.Code)
		}
	default:
		fmt.Fprintf(c.stdout, "sent %d events, %d findings, %d unreadable; they are folded when a consumer has read them\n", r.Sent, len(r.Findings), r.Unreadable())
	}
	return err
}

func (c *command) simulate() *cobra.Command {
	options := app.SimulateOptions{}
	var out string
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Make the events of an organisation with a known truth",
		Long: `Writes the events of a simulated organisation as JSON Lines, in the order of
their delivery (late, twice and corrected ones included), and beside them, where
asked, the catalog of its services and the truth that was planted.`,
		Example: "  tuition simulate --seed 7 --out events.jsonl --catalog catalog.yaml --truth truth.json",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			w := io.Writer(c.stdout)
			if out != "" && out != "-" {
				var file *os.File
				if file, err = os.Create(out); err != nil { // not :=, the error of Close would be another err
					return usageError{fmt.Errorf("--out: %w; name a file that you may write, in a folder that exists", err)}
				}
				defer func() {
					if closeErr := file.Close(); err == nil {
						err = closeErr
					}
				}()
				w = file
			}
			n, err := app.Simulate(cmd.Context(), options, w)
			if err == nil {
				fmt.Fprintf(c.stderr, "%d events\n", n)
			}
			return err
		},
	}
	cmd.Flags().Uint64Var(&options.Seed, "seed", 1, "seed; the same seed gives the same events")
	cmd.Flags().StringVar(&out, "out", "-", "`file` for the events; - is standard output")
	cmd.Flags().StringVar(&options.CatalogFile, "catalog", "", "`file` for the catalog of its services")
	cmd.Flags().StringVar(&options.TruthFile, "truth", "", "`file` for what was planted")
	return cmd
}
