package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/tuition-hq/tuition/pkg/app"
)

func (c *command) explain() *cobra.Command {
	var options app.ExplainOptions
	var format string
	cmd := &cobra.Command{
		Use:   "explain [METRIC]",
		Short: "Say what an estimate means, rests on and would take to change",
		Long: `Computes the estimates from the log as it is now and says of one of them what it
means, how it is computed, what went into it, what would change it, what was said
before, and which failures it counted. With the name of a family it lists its
parts, without a name all metrics; these need no server. Nothing is written.`,
		Example: `  tuition explain
  tuition explain repeat_rate
  tuition explain repeat_rate.after_fix.90d --embedded ./data --scope organisation
  tuition explain change_safety.excess --embedded ./data --window 2026-Q2 --format json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly(1, "one metric at most")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if len(args) == 1 {
				options.Metric = args[0]
			}
			if !app.IsMetric(options.Metric) {
				t, err := app.ExplainList(options.Metric)
				if err != nil {
					return err
				}
				return printTable(c.stdout, format, t)
			}
			return c.with(cmd, func(s *app.Session) error {
				x, err := s.ExplainMetric(cmd.Context(), options)
				if err != nil {
					return err
				}
				return c.printExplanation(format, x)
			})
		},
	}
	cmd.Flags().StringVar(&options.Scope, "scope", "organisation", "organisation, or one by `kind:name`, team:payments")
	cmd.Flags().StringVar(&options.Window, "window", "all", "all, or a quarter: 2026-Q3")
	cmd.Flags().StringVar(&options.AsOf, "as-of", "", "compute as of this `date` (2026-06-30), or log: the end of the log")
	cmd.Flags().IntVar(&options.Limit, "limit", 20, "how many of what it counted are listed")
	formatFlag(cmd, &format)
	return cmd
}

func (c *command) printExplanation(format string, x *app.Explanation) error {
	switch format {
	case "json":
		out := json.NewEncoder(c.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(x)
	case "csv":
		return printTable(c.stdout, format, app.Table{Columns: []string{"part", "name", "value"}, Rows: x.Rows()})
	default:
		return x.WriteText(c.stdout, visible)
	}
}
