package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tuition-hq/tuition/pkg/app"
)

// command is what every subcommand shares: where to read and write, and the global flags.
type command struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer

	settings string
	embedded string
}

func newRoot(environ []string, stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	c := &command{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	root := &cobra.Command{
		Use:           "tuition",
		Short:         "Measure what an engineering organisation learns from its failures",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		Version:       app.Version(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetVersionTemplate(versionLine())
	root.SetHelpCommand(helpCommand(root))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&c.settings, "settings", "", "settings `file` (YAML); environment variables TUITION_… win over it")
	root.PersistentFlags().StringVar(&c.embedded, "embedded", "", "use the embedded broker and engine on this `folder`, or join the ones already running there")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			if want := wanted[invalid.GetFlag().Value.Type()]; want != "" {
				err = fmt.Errorf("--%s %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), want)
			}
		}
		return usageError{fmt.Errorf("%w; `%s --help` shows the flags", err, cmd.CommandPath())}
	})
	root.AddCommand(
		c.demo(), c.run(), c.migrate(), c.check(), c.version(),
		c.publish(), c.importFiles(), c.simulate(), c.deadletter(),
		c.metrics(), c.explain(), c.sql(), c.rebuild(),
	)
	return root
}

// wanted says what flags of a type take, in better words than those of the package that parses numbers.
var wanted = map[string]string{
	"uint64": fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)),
	"int":    fmt.Sprintf("a whole number from 0 to %d", math.MaxInt),
	"bool":   "true or false",
}

func unknownCommand(root *cobra.Command, name string) error {
	near := ""
	if likely := root.SuggestionsFor(name); len(likely) > 0 {
		near = fmt.Sprintf("; did you mean %q?", likely[0])
	}
	return usageError{fmt.Errorf("unknown command %q%s; `tuition --help` lists the commands", name, near)}
}

// helpCommand is `tuition help COMMAND`; cobra's own takes any word and exits with 0.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 || found == root && len(args) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}

// exactly and atLeast check the number of arguments in words that say what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		if n == 0 {
			return usageError{fmt.Errorf("`%s` takes no argument, got %d; `%s --help` shows how it is used", cmd.CommandPath(), len(args), cmd.CommandPath())}
		}
		return usageError{fmt.Errorf("`%s` needs %s, got %d arguments; `%s --help` shows how it is used", cmd.CommandPath(), what, len(args), cmd.CommandPath())}
	}
}

func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= n {
			return nil
		}
		return usageError{fmt.Errorf("`%s` needs %s; `%s --help` shows how it is used", cmd.CommandPath(), what, cmd.CommandPath())}
	}
}

// with opens a session for one command and closes it whatever happens.
func (c *command) with(cmd *cobra.Command, do func(*app.Session) error) (err error) {
	session, err := app.Open(cmd.Context(), app.Options{
		SettingsFile: c.settings, Embedded: c.embedded, Environ: c.environ, Stderr: c.stderr,
	})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := session.Close(); err == nil {
			err = closeErr
		}
	}()
	return session.Explain(do(session))
}

var formats = []string{"table", "json", "csv"}

func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "table", "table, json or csv")
}

func checkFormat(format string) error {
	if slices.Contains(formats, format) {
		return nil
	}
	return usageError{fmt.Errorf("--format %q is not one of %s", format, strings.Join(formats, ", "))}
}
