package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/accounts"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

func newInvite(s streams, f *operatorFlags) *cobra.Command {
	var yes, resend bool
	cmd := &cobra.Command{
		Use:   "invite ADDRESS",
		Short: "Create a user with a verified address",
		Long: `Creates a user whose address counts as verified, and mails nothing. In a password pool it
prints a temporary password once, which the user must change at the first sign-in. Deliver
it by another way than the user's mailbox: the mailbox with the password would be both
factors. Where the EmailOTP has InvitationByMail, Cognito mails the password instead, and
--resend mails a new one to a user who has not chosen a password yet. In a passwordless pool
the user signs in by the mailed code.

It shows the address in the form that the pool gets, and asks for confirmation unless --yes is
given: in a passwordless pool a mistyped address gives its owner the account.`,
		Example: `  emailotp users invite user@example.com --stack EmailOtp-prod
  emailotp users invite user@example.com`,
		Args: func(cmd *cobra.Command, args []string) error {
			err := f.check()
			switch {
			case f.policy && len(args) == 0:
			case len(args) != 1:
				err = errors.Join(err, fmt.Errorf("give one address (received: %d)", len(args)))
			default:
				if _, bad := signin.Address(args[0]); bad != nil {
					err = errors.Join(err, fmt.Errorf("the address: %w", bad))
				}
			}
			if err != nil {
				return usage(cmd, err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return invite(cmd.Context(), s, f, args, yes, resend) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&resend, "resend", false, "mail the invitation of a user again, where invitations are mailed")
	return cmd
}

func invite(ctx context.Context, s streams, f *operatorFlags, args []string, yes, resend bool) error {
	api, e, err := f.connect(ctx)
	if err != nil {
		return err
	}
	if f.policy {
		return printPolicy(s, accounts.Policy(e, "cognito-idp:AdminCreateUser"))
	}
	all, err := accounts.New(api, e)
	if err != nil {
		return f.adviseOperator(api, err)
	}
	address, _ := signin.Address(args[0])
	question := fmt.Sprintf("User %s is created in stack %s. The address counts as verified: a reader of its mailbox "+
		"gets the codes.", address, e.Stack)
	if resend {
		question = fmt.Sprintf("A new temporary password is mailed to user %s in stack %s.", address, e.Stack)
	}
	if all.IsInvitedByMail() {
		question += " Until the user has chosen a password, a reader of that mailbox has both factors."
	}
	if err := confirm(ctx, s, yes, question); err != nil {
		return err
	}
	password := ""
	if resend {
		err = all.Reinvite(ctx, address)
	} else {
		password, err = all.Invite(ctx, address)
	}
	switch {
	case err != nil:
		return f.adviseOperator(api, err)
	case f.json:
		return terminal.JSON(s.out, map[string]any{"created": !resend, "temporaryPassword": password, "mailed": all.IsInvitedByMail()})
	case resend:
		_, err = fmt.Fprintln(s.out, "Cognito has mailed a new temporary password.")
	case all.IsInvitedByMail():
		_, err = fmt.Fprintln(s.out, "The user is created. Cognito has mailed the temporary password.")
	case password == "":
		_, err = fmt.Fprintln(s.out, "The user is created and signs in by a mailed code.")
	default:
		_, err = fmt.Fprintln(s.out, "The user is created. The temporary password is "+password)
	}
	return err
}
