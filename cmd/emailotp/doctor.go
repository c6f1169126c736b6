package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/text"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// doctorFlags are the command's flags beside those that choose the EmailOTP.
type doctorFlags struct {
	operatorFlags
	address string
	strict  bool
	live    liveFlags
}

func newDoctor(s streams) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine a deployed stack: what is right, doubtful or broken",
		Long: `Reads a deployed stack and what it uses: the user pool with every app client, the functions,
the KMS key, the table, SES, the DNS of the sender, the sign-in page, logs, alarms, and the
last hour's metrics. It reports what is broken or doubtful with the remedy, and which version
of EmailOTP the functions run. It changes nothing, and works for every app that imports the
construct. Without --stack it examines the running sandbox.

The AWS configuration counts as for AWS's own tools: profiles, AWS_ENDPOINT_URL and its forms
for a service. What you may not read is reported, and the rest all the same; --policy prints
the least IAM policy. SES answers one call a second, which takes most of the time.

With --sign-in it also proves the sign-in: it makes a throw-away user with the address, walks
its whole life, asks for the mailed code, settles what AWS's documents leave open, and removes
the user, also after Ctrl-C. Your own triggers run for that user. --record writes which
answers came, without any value, for the makers of EmailOTP.

Exit codes: 0 nothing is broken, 1 something is (with --strict: or is doubtful), 2 wrong use.`,
		Example: `  emailotp doctor --stack EmailOtp-prod
  emailotp doctor --stack EmailOtp-prod --profile ops --json
  emailotp doctor --stack EmailOtp-prod --strict
  emailotp doctor --sign-in you+check@example.com --stack EmailOtp-prod
  emailotp doctor --policy --stack EmailOtp-prod`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(f.check(), f.live.check()); err != nil {
				return usage(cmd, err)
			}
			return f.run(cmd.Context(), s)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.address, "address", "", "look for this address on SES's suppression list, too")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "exit with 1 where something is doubtful, too")
	f.live.add(cmd)
	return cmd
}

func (f doctorFlags) run(ctx context.Context, s streams) error {
	api, e, err := f.connect(ctx)
	if err != nil {
		return err
	}
	e.FindPage(ctx, api)
	if f.policy {
		return printPolicy(s, doctor.Policy(e, f.live.signIn != ""))
	}
	if sentence := awaited(api); sentence != "" {
		fmt.Fprintln(s.err, sentence)
	}
	v := readVersion()
	report := doctor.Examine(ctx, doctor.Options{API: api, EmailOTP: e, Address: f.address,
		Command: doctor.Command{Version: strings.TrimPrefix(v.Version, "(devel)"), Zips: v.FunctionZips}})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !f.json {
		if err := text.Findings(s.out, report); err != nil {
			return err
		}
	}
	proof, err := f.live.prove(ctx, s, api, e)
	switch {
	case f.json:
		err = errors.Join(err, terminal.JSON(s.out, struct {
			*doctor.Report
			Proof *live.Proof `json:"proof,omitempty"`
		}{report, proof}))
	case proof != nil:
		err = errors.Join(err, text.Proof(s.out, proof))
	}
	return errors.Join(err, f.live.record(proof), verdictOf(proof), f.verdict(report))
}

// awaited returns what the examination waits for; empty where nothing makes it wait.
func awaited(api *awsapi.Client) string {
	if _, isAWS := api.Endpoint(awsapi.SES); !isAWS {
		return ""
	}
	return "examining; SES answers one call a second, so this takes some six seconds ..."
}

// verdict is the error of a report with something broken; with --strict, or doubtful.
func (f doctorFlags) verdict(r *doctor.Report) error {
	broken, doubtful := len(r.Has(doctor.Broken)), len(r.Has(doctor.Doubtful))
	switch {
	case broken > 0:
		return fmt.Errorf("%s in stack %s", terminal.Count(broken, "broken thing"), r.Stack)
	case f.strict && doubtful > 0:
		return fmt.Errorf("%s in stack %s", terminal.Count(doubtful, "doubtful thing"), r.Stack)
	}
	return nil
}
