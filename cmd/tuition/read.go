package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tuition-hq/tuition/pkg/app"
)

func (c *command) metrics() *cobra.Command {
	var options app.MetricsOptions
	var past app.BackfillOptions
	var history, format string
	var backfill bool
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Compute the estimates, as of now or of the past, and print them with their intervals",
		Long: `Computes every estimate from the log as it is now and prints value, interval,
n and state. Nothing is written: publishing is what the role analyse does.

With --backfill it computes the past again, as of the end of every week and of
every quarter, and records what is not recorded so: the organisation and its
teams as far back as there is exposure, all other scopes at the ends of the last
eight quarters. What late events and corrections change is kept beside what was
said before. Stop it whenever you like: started again it goes on. --history
prints the record of one metric.`,
		Example: `  tuition metrics --embedded ./data
  tuition metrics --embedded ./data --scope team --window 2026-Q2 --format csv
  tuition metrics --embedded ./data --metric 'repeat_rate.*' --as-of 2026-06-30
  tuition metrics --embedded ./data --backfill --from 2026-01-01
  tuition metrics --embedded ./data --history monitoring_gaps.told_by_customer`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if err := oneOf(cmd, backfill, history != ""); err != nil {
				return err
			}
			return c.with(cmd, func(s *app.Session) error {
				if backfill {
					past.AsOf = options.AsOf
					return c.backfill(cmd, s, past)
				}
				var t app.Table
				var err error
				if history != "" {
					t, err = s.History(cmd.Context(), app.HistoryOptions{Metric: history, Scope: options.Scope, Window: options.Window})
				} else {
					t, err = s.Metrics(cmd.Context(), options)
				}
				if err != nil {
					return err
				}
				return printTable(c.stdout, format, t)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Metric, "metric", "", "only metrics that match this `pattern` (* matches anything)")
	flags.StringVar(&options.Scope, "scope", "organisation", "organisation, team, environment, failure_mode, service or all; or one by `kind:name`, team:payments")
	flags.StringVar(&options.Window, "window", "all", "all, every, or a quarter: 2026-Q3")
	flags.StringVar(&options.AsOf, "as-of", "", "compute as of this `date` (2026-06-30), or log: the end of the log")
	flags.BoolVar(&backfill, "backfill", false, "compute the past again and record it")
	flags.StringVar(&past.From, "from", "", "with --backfill: from this `date` on (2024-01-31); as far back as there is exposure if not given")
	flags.StringVar(&past.Every, "every", "week", "with --backfill: week or quarter")
	flags.StringVar(&history, "history", "", "print what was recorded of this `metric` as of past moments")
	formatFlag(cmd, &format)
	return cmd
}

// oneOf says which flags of metrics do not go together.
func oneOf(cmd *cobra.Command, backfill, history bool) error {
	set := func(names ...string) error {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return usageError{fmt.Errorf("--%s cannot be used here: `%s --help` shows what goes together", name, cmd.CommandPath())}
			}
		}
		return nil
	}
	switch {
	case backfill:
		return set("history", "metric", "scope", "window", "format")
	case history:
		return set("metric", "as-of", "from", "every")
	default:
		for _, name := range []string{"from", "every"} {
			if cmd.Flags().Changed(name) {
				return usageError{fmt.Errorf("--%s goes with --backfill: add it, or leave out --%s", name, name)}
			}
		}
		return nil
	}
}

func (c *command) backfill(cmd *cobra.Command, s *app.Session, o app.BackfillOptions) error {
	done, err := s.Backfill(cmd.Context(), o)
	if err == nil {
		fmt.Fprintf(c.stdout, "%d moments: %d computed, %d unchanged; %d estimates recorded\n", done.Moments, done.Moments-done.Unchanged, done.Unchanged, done.Changed)
	}
	return err
}

func (c *command) sql() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "sql QUERY",
		Short:   "Read the views with the read-only user",
		Example: `  tuition sql --embedded ./data "SELECT class, count() FROM recurrence GROUP BY class"`,
		Args:    exactly(1, "one query"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return c.with(cmd, func(s *app.Session) error {
				t, err := s.SQL(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return printTable(c.stdout, format, t)
			})
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

func (c *command) rebuild() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Throw away what was computed and compute it again from the event log",
		Long: `Removes every published estimate and computes them again. The event table is
the only truth, so the result is the same, to the byte.`,
		Example: "  tuition rebuild --embedded ./data",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(s *app.Session) error {
				run, err := s.Rebuild(cmd.Context())
				if err == nil {
					fmt.Fprintf(c.stdout, "run %s: %d estimates from %d events\n", run.ID, run.Estimates, run.Events)
				}
				return err
			})
		},
	}
}

func (c *command) deadletter() *cobra.Command {
	parent := &cobra.Command{
		Use:   "deadletter",
		Short: "List, show, replay or purge the records that could not be read",
		Example: `  tuition deadletter list --code schema
  tuition deadletter replay --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			return usageError{fmt.Errorf("`%s` needs list, show, replay or purge; `%s --help` shows how it is used", cmd.CommandPath(), cmd.CommandPath())}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	parent.AddCommand(c.deadletterList(), c.deadletterShow(), c.deadletterReplay(), c.deadletterPurge())
	return parent
}

func deadletterFilter(cmd *cobra.Command, filter *app.DeadLetterFilter) {
	cmd.Flags().StringVar(&filter.Code, "code", "", "only this rejection `code`")
	cmd.Flags().StringVar(&filter.Topic, "topic", "", "only from this `topic`")
	cmd.Flags().StringVar(&filter.Since, "since", "", "only rejected at or after this `time` (RFC 3339, or a date)")
}

func (c *command) deadletterList() *cobra.Command {
	var filter app.DeadLetterFilter
	var format string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List dead letters; no content of an event is shown",
		Example: "  tuition deadletter list --embedded ./data --code schema",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return c.with(cmd, func(s *app.Session) error {
				t, err := s.DeadLetters(cmd.Context(), filter)
				if err != nil {
					return err
				}
				return printTable(c.stdout, format, t)
			})
		},
	}
	deadletterFilter(cmd, &filter)
	formatFlag(cmd, &format)
	return cmd
}

func (c *command) deadletterShow() *cobra.Command {
	var value bool
	var format string
	cmd := &cobra.Command{
		Use:     "show PARTITION@OFFSET",
		Short:   "Show one dead letter: why, where and how to mend it",
		Example: "  tuition deadletter show --embedded ./data 0@0\n  tuition deadletter show --embedded ./data 0@0 --value",
		Args:    exactly(1, "one dead letter, as `tuition deadletter list` names it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if value && format != "table" {
				return usageError{fmt.Errorf("--value prints the record as it is, which %s may not hold: leave out --format or --value", format)}
			}
			return c.with(cmd, func(s *app.Session) error {
				t, original, err := s.DeadLetter(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := printTable(c.stdout, format, t); err != nil || !value {
					return err
				}
				_, err = fmt.Fprintf(c.stdout, "\n%s\n", original)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&value, "value", false, "also print the original record; it may hold anything")
	formatFlag(cmd, &format)
	return cmd
}

func (c *command) deadletterReplay() *cobra.Command {
	var filter app.DeadLetterFilter
	var options app.ReplayOptions
	cmd := &cobra.Command{
		Use:     "replay",
		Short:   "Send dead letters to their topic again; an event accepted twice counts once",
		Example: "  tuition deadletter replay --embedded ./data --code unknown_type --dry-run",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(s *app.Session) error {
				done, err := s.Replay(cmd.Context(), filter, options)
				switch {
				case err != nil:
				case options.DryRun:
					fmt.Fprintf(c.stdout, "would replay %d dead letters\n", done.Matched)
				default:
					fmt.Fprintf(c.stdout, "replayed %d records of %d dead letters, %d were repetitions, %d have lost their value\n", done.Sent, done.Matched, done.Repeated, done.Lost)
					if done.Gone > 0 {
						fmt.Fprintf(c.stdout, "%d are from topics that are there no more: make the topic again to replay them\n", done.Gone)
					}
				}
				return err
			})
		},
	}
	deadletterFilter(cmd, &filter)
	cmd.Flags().BoolVar(&options.DryRun, "dry-run", false, "only count")
	cmd.Flags().IntVar(&options.Rate, "rate", 0, "at most this many a second; 0: no limit")
	return cmd
}

func (c *command) deadletterPurge() *cobra.Command {
	var filter app.DeadLetterFilter
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Remove dead letters for good",
		Long: `Removes the chosen dead letters. Kafka cuts a log only from its start: letters
behind one that is not chosen stay, and are counted.`,
		Example: "  tuition deadletter purge --embedded ./data --dry-run\n  tuition deadletter purge --embedded ./data --yes",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes && !dryRun {
				return usageError{fmt.Errorf("`tuition deadletter purge` removes records for good: say --yes, or --dry-run to see what it would remove")}
			}
			return c.with(cmd, func(s *app.Session) error {
				done, err := s.PurgeDeadLetters(cmd.Context(), filter, dryRun)
				verb := "removed"
				if dryRun {
					verb = "would remove"
				}
				if err == nil {
					fmt.Fprintf(c.stdout, "%s %d of %d dead letters; %d stay behind others\n", verb, done.Deleted, done.Matched, done.Kept)
				}
				return err
			})
		},
	}
	deadletterFilter(cmd, &filter)
	cmd.Flags().BoolVar(&yes, "yes", false, "remove them")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only count")
	return cmd
}
