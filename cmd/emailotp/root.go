package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// streams are the standard streams of a command.
type streams struct {
	in  *os.File
	out io.Writer
	err io.Writer
}

// commands are the subcommands, in the order of the help.
var commands = []func(streams) *cobra.Command{
	newDev,
	newSignIn,
	newChangeAddress,
	newCode,
	newPreview,
	newCheck,
	newDoctor,
	newUsers,
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
		Version:                    readVersion().String(),
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetArgs(args)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, explainValue(err)) })
	for _, newCommand := range commands {
		command := newCommand(s)
		command.Args = usageArgs(cobra.NoArgs)
		root.AddCommand(command)
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	refineDefaults(root)
	return finish(ctx, s.err, root.ExecuteContext(ctx))
}

// explainValue states what a flag accepts, in place of strconv's words about its value.
func explainValue(err error) error {
	number, is := errors.AsType[*strconv.NumError](err)
	if !is {
		return err
	}
	want := "it must be a whole number"
	if number.Func == "ParseBool" {
		want = "it must be true or false"
	}
	return errors.New(strings.Replace(err.Error(), number.Error(), want, 1))
}

// refineDefaults makes cobra's own commands return errors and exit codes as ours do.
func refineDefaults(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Long = "Prints the help of a command, as its --help does."
			c.Example = "  emailotp help sign-in"
			c.Args = func(_ *cobra.Command, args []string) error {
				_, rest, _ := root.Find(args)
				return usageArgs(cobra.NoArgs)(root, rest)
			}
		case "completion":
			c.Short = "Print a script that completes the commands in a shell"
			c.Example = "  source <(emailotp completion bash)"
			c.Args, c.RunE = usageArgs(cobra.NoArgs), root.RunE
			for _, shell := range c.Commands() {
				shell.Args = usageArgs(shell.Args)
			}
		}
	}
}

// usageArgs makes a wrong use of cobra's error about positional arguments, with a sentence for
// commands that have none.
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
