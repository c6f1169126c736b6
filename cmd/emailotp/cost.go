package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func newCost(s streams) *cobra.Command {
	load := cost.Load{}
	var mode string
	var prices []string
	var noFree, asJSON bool
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Estimate the monthly cost, beside Cognito's own e-mail codes",
		Long: `Counts the calls of sign-ins, prices them, and compares the sum with Cognito's own
e-mail codes on the plans that have them. Every price is listed with its date and source;
the total leaves out a price without a source until --price sets it.`,
		Example: `  emailotp cost --users 50000 --sign-ins-per-user 8
  emailotp cost --users 50000 --price ses-mails=0.12 --price dynamodb-backup=0.20
  emailotp cost --users 50000 --no-free-tier --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load.Mode = settings.Mode(mode)
			table, wrongPrices := cost.Prices().Set(prices...)
			if noFree {
				table = table.WithoutFree()
			}
			report, wrongLoad := cost.NewReport(load, table)
			if err := errors.Join(wrongLoad, wrongPrices); err != nil {
				return usage(cmd, err)
			}
			if asJSON {
				return report.WriteJSON(s.out)
			}
			return report.WriteText(s.out)
		},
	}
	cmd.Flags().IntVar(&load.Users, "users", 10_000, "users who sign in at least once a month")
	cmd.Flags().Float64Var(&load.SignInsPerUser, "sign-ins-per-user", 4, "how often each signs in a month, on average")
	cmd.Flags().StringVar(&mode, "mode", string(settings.Passwordless), "how they sign in: password or passwordless")
	cmd.Flags().StringArrayVar(&prices, "price", nil, "a price as NAME=USD in place of the listed one; may be repeated")
	cmd.Flags().BoolVar(&noFree, "no-free-tier", false, "count no free allowance: the account uses them elsewhere")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
