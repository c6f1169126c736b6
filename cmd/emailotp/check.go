package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

func newCheck(s streams) *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check what cdk synth wrote for ways around the mailed code",
		Long: `Reads a cloud assembly, with its stages and nested stacks, and lists every way around the
mailed code: app clients that allow a password or managed login, or that may write email; pools
that recover passwords by e-mail; triggers that no longer call the EmailOTP's functions; app
clients that Cognito would refuse to create.

The construct makes the same checks while the app is synthesised. This command reads the
templates themselves, so it also finds what a property override changed. Use it in CI after
cdk synth. Exit codes: 0 nothing is open, 1 something is, 2 wrong use.`,
		Example: `  emailotp check
  emailotp check --assembly ../shop/cdk.out --json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			loaded, err := assembly.Load(dir, "")
			if err != nil {
				return err
			}
			report, err := loaded.Check()
			if err != nil {
				return err
			}
			if asJSON {
				encoder := json.NewEncoder(s.out)
				encoder.SetIndent("", "  ")
				err = encoder.Encode(report)
			} else {
				err = writeReport(s.out, report)
			}
			open := 0
			for _, pool := range report.Pools {
				open += len(pool.Open)
			}
			if err == nil && open > 0 {
				return fmt.Errorf("%s in %s", terminal.Count(open, "open finding"), dir)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "assembly", "cdk.out", "directory that cdk synth wrote")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// writeReport prints each pool with its findings: what is open first, then what is acknowledged.
func writeReport(w io.Writer, report *assembly.Report) error {
	p, text := terminal.Paint(w), &strings.Builder{}
	for _, pool := range report.Pools {
		fmt.Fprintf(text, "%s (stack %s, mode %s, %s)\n", p.Bold("user pool "+pool.Pool), pool.Stack, pool.Mode,
			terminal.Count(pool.Clients, "app client"))
		for _, f := range pool.Open {
			fmt.Fprintf(text, "  %s: %s\n    %s\n", p.Red(string(f.Kind)), f, f.TemplateRemedy())
		}
		for _, f := range pool.Acknowledged {
			until := ""
			if f.Until != "" {
				until = " until " + f.Until
			}
			fmt.Fprintf(text, "  %s, acknowledged%s: %s\n", p.Yellow(string(f.Kind)), until, f)
		}
		for _, f := range pool.Warnings {
			fmt.Fprintf(text, "  %s: %s\n    %s\n", p.Yellow("warning "+string(f.Kind)), f, f.Remedy)
		}
		if len(pool.Open) == 0 {
			fmt.Fprintf(text, "  %s\n", p.Green("nothing is open"))
		}
	}
	for _, sentence := range report.Skipped {
		fmt.Fprintln(text, p.Yellow("note:"), sentence)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
