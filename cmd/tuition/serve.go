package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tuition-hq/tuition/pkg/app"
)

func (c *command) demo() *cobra.Command {
	var options app.DemoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole pipeline on a simulated organisation and compare with what was planted",
		Long: `Simulates an organisation whose truth is known, sends its events through Kafka
into ClickHouse, computes every estimate, prints what was planted beside what was
estimated, and serves the pages until Ctrl-C. Without --embedded it keeps its data
in ./demo-data. Started again on the same folder it goes on where it stopped.`,
		Example: "  tuition demo\n  tuition demo --exit --embedded ./try --seed 7",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.embedded == "" {
				c.embedded = "demo-data"
			}
			return c.with(cmd, func(s *app.Session) error {
				return s.Demo(cmd.Context(), options, c.stdout, func(t app.Table) error { return printTable(c.stdout, "table", t) })
			})
		},
	}
	cmd.Flags().BoolVar(&options.All, "all", false, "also print the teams and services")
	cmd.Flags().BoolVar(&options.Exit, "exit", false, "stop after the first full computation")
	cmd.Flags().Uint64Var(&options.Seed, "seed", 1, "seed of the organisation; the same seed gives the same events")
	return cmd
}

func (c *command) run() *cobra.Command {
	var roles []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Read events, compute estimates and serve the pages until stopped",
		Long: `Reads events from Kafka into ClickHouse (role consume), computes the estimates
whenever there are new events (role analyse) and serves the pages, the API and
the metrics (role web). Run it as often as you like: consumers share the
partitions, and two analysers give the same result.`,
		Example: "  tuition run --settings tuition.yaml\n  tuition run --embedded ./data --roles consume,analyse,web",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := app.CheckRoles(roles); err != nil {
				return err
			}
			return c.with(cmd, func(s *app.Session) error {
				return s.Run(cmd.Context(), roles)
			})
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", app.Roles, "which parts to run: "+strings.Join(app.Roles, ", "))
	return cmd
}

func (c *command) migrate() *cobra.Command {
	return &cobra.Command{
		Use:     "migrate",
		Short:   "Create or update the tables, the views and the topics",
		Example: "  tuition migrate --settings tuition.yaml\n  tuition migrate --embedded ./data",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(s *app.Session) error {
				done, err := s.Migrate(cmd.Context())
				for _, step := range done {
					fmt.Fprintln(c.stdout, step)
				}
				if err == nil && len(done) == 0 {
					fmt.Fprintln(c.stdout, "nothing to do: tables and topics are up to date")
				}
				return err
			})
		},
	}
}

func (c *command) check() *cobra.Command {
	var connect bool
	var format string
	cmd := &cobra.Command{
		Use:   "check [FILE.md…]",
		Short: "Check settings, catalog, rules, adapters and servers; or post-mortems for blame",
		Long: `Checks settings, catalog, failure-mode rules and adapters without starting
anything; with --connect it also reaches Kafka and ClickHouse.

With files, checks post-mortems in Markdown instead: it finds wording that makes a
person the cause of a failure and says file, line, column, why and how to write it.
Nothing is sent or stored and no name is printed. The exit code is 1 if one fails.

Settings, in the file or as environment variable (default):

` + settingsHelp(),
		Example: "  tuition check --settings tuition.yaml --connect\n  tuition check\n  tuition check postmortems/2026-03-12.md",
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) > 0 {
				return c.checkReports(files, connect, format)
			}
			check := func(s *app.Session) error {
				findings, err := s.Check(cmd.Context(), connect)
				for _, finding := range findings {
					fmt.Fprintln(c.stdout, finding)
				}
				return err
			}
			if connect {
				return c.with(cmd, check)
			}
			s, err := app.Plan(app.Options{SettingsFile: c.settings, Embedded: c.embedded, Environ: c.environ, Stderr: c.stderr})
			if err != nil {
				return err
			}
			return check(s)
		},
	}
	cmd.Flags().BoolVar(&connect, "connect", false, "also reach Kafka and ClickHouse")
	cmd.Flags().StringVar(&format, "format", "text", "for files: text, json or csv")
	return cmd
}

// checkReports checks post-mortems for wording that makes a person the cause.
func (c *command) checkReports(files []string, connect bool, format string) error {
	if connect {
		return usageError{fmt.Errorf("--connect does not go with files: with files only their wording is checked")}
	}
	if format != "text" && format != "json" && format != "csv" {
		return usageError{fmt.Errorf("--format %q is not one of text, json, csv", format)}
	}
	s, err := app.Plan(app.Options{SettingsFile: c.settings, Environ: c.environ, Stderr: c.stderr})
	if err != nil {
		return err
	}
	found, err := s.CheckWording(files)
	if format == "text" {
		for _, f := range found {
			fmt.Fprintf(c.stdout, "%s:%d:%d: %s (%s): %q\n    %s\n    %s\n", f.File, f.Line, f.Column, f.Kind, f.Level, f.Wording, f.Why, f.Instead)
		}
		if err == nil {
			fmt.Fprintf(c.stdout, "%s, %s to look at; none makes a person the cause\n", counted(len(files), "file"), counted(len(found), "place"))
		}
		return err
	}
	t := app.Table{Columns: []string{"file", "line", "column", "kind", "level", "wording", "why", "instead"}}
	for _, f := range found {
		t.Rows = append(t.Rows, []any{f.File, int64(f.Line), int64(f.Column), f.Kind, f.Level, f.Wording, f.Why, f.Instead})
	}
	return errors.Join(printTable(c.stdout, format, t), err)
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func settingsHelp() string {
	var b strings.Builder
	for _, s := range app.Documentation() {
		fmt.Fprintf(&b, "  %s", s.Name)
		if s.Variable != "" {
			fmt.Fprintf(&b, "  %s", s.Variable)
		}
		if s.Default != "" {
			fmt.Fprintf(&b, "  (%s)", s.Default)
		}
		fmt.Fprintf(&b, "\n      %s\n", s.Doc)
	}
	return b.String()
}

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  tuition version",
		Args:    exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(c.stdout, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("tuition %s %s\n", app.Version(), runtime.Version())
}
