package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// streams are what a command reads and writes.
type streams struct {
	in  *os.File
	out io.Writer
	err io.Writer
}

// commands are the subcommands, in the order of the help.
var commands = []func(streams) *cobra.Command{
	newDev,
	newSignIn,
	newPreview,
	newOutputs,
	newLambdas,
	newCost,
	newVersion,
}

// run carries out a command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := &cobra.Command{
		Use:   "emailotp",
		Short: "Sign-in by e-mail code for Amazon Cognito, on this machine",
		Long: `emailotp runs the sign-in that an EmailOTP construct deploys on this machine,
without an AWS account, and signs in to it.

Exit codes: 0 success, 1 error, 2 wrong use, 3 sign-in refused,
4 user pool not available, 130 interrupted.`,
		Example: `  emailotp dev
  emailotp sign-in --user user@example.com`,
		Args:                       usageArgs(cobra.NoArgs),
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetArgs(args)
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	for _, command := range commands {
		root.AddCommand(command(s))
	}
	return finish(ctx, s.err, root.ExecuteContext(ctx))
}

// usageArgs marks what cobra says of positional arguments as a wrong use, in words
// that fit commands without any.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil:
			return nil
		case !cmd.HasSubCommands():
			return usage(cmd, fmt.Errorf("%s takes flags alone (received: %q)", cmd.CommandPath(), args[0]))
		}
		sentence := fmt.Sprintf("unknown command %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			sentence += fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
		}
		return hint(&usageError{errors.New(sentence)}, cmd.CommandPath()+" --help lists the commands")
	}
}
