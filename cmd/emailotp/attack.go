package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attack"
)

func newAttack(s streams) *cobra.Command {
	var opts attack.Options
	var asJSON, silent bool
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Attack the sign-in, and see every bound hold",
		Long: `Attacks the trigger functions in process, with the budgets in a real table engine
and the sandbox's user pool in Cognito's place: guesses for a year of simulated
time, answers in parallel, forged sessions, floods of mail, services that fail.
Prints what was tried, what came of it and the bound that must hold, and ends with
exit code 1 if one doesn't. docs/security.md says what each bound is about.

A full run takes some minutes; --small takes half a minute and leaves out what goes
by the machine's own clock. Progress goes to standard error.`,
		Example: `  emailotp attack
  emailotp attack --small
  emailotp attack --only year,lockout --json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Progress = s.err
			if silent {
				opts.Progress = io.Discard
			}
			if err := attack.Check(opts.Only); err != nil {
				return usage(cmd, fmt.Errorf("--only: %w", err))
			}
			report, err := attack.Run(cmd.Context(), opts)
			if err != nil {
				return err
			}
			write := report.Table
			if asJSON {
				write = report.JSON
			}
			if err := write(s.out); err != nil {
				return err
			}
			if n := report.Broken(); n > 0 {
				return fmt.Errorf("%d of %d bounds are broken", n, len(report.Rows))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&opts.Small, "small", false, "shorter years, fewer samples, and no timing")
	cmd.Flags().StringSliceVar(&opts.Only, "only", nil, "only these attacks, separated by commas")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	cmd.Flags().BoolVar(&silent, "quiet", false, "no progress")
	return cmd
}
