package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/accounts"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// A userCommand is one subcommand of `emailotp users`: what it does with the one user that the
// argument names.
type userCommand struct {
	name, short, long string
	// costs is what a person must confirm; empty for a command that changes nothing.
	costs string
	// actions are the IAM actions beyond those that find and show the user.
	actions []string
	// run returns what --json prints and the sentence for a person.
	run func(context.Context, *accounts.Accounts, *accounts.Account) (result any, sentence string, err error)
}

// userCommands are the subcommands in the order of the help.
var userCommands = []userCommand{
	{name: "show", short: "Show a user's status, budgets and mark",
		long: `Prints the user's status in Cognito and what EmailOTP counts of the account: the last proven
code, the guesses and mails left now and when more come, the run of wrong answers, and the
mark of a bounce or a complaint. The address is masked.`},
	{name: "unmark", short: "Send mail to an address again after a bounce or a complaint",
		long: `Removes the mark of a bounce or a complaint from the account, and the address from SES's own
suppression list. The next sign-in gets a mail with a new code.`,
		costs:   "EmailOTP and SES send mail to this address again. Another bounce counts against your SES account.",
		actions: []string{"dynamodb:UpdateItem", "ses:DeleteSuppressedDestination"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			was, err := a.Unmark(ctx, u)
			sentence := "The mark is removed."
			if was {
				sentence += " The address was on SES's suppression list and no longer is."
			}
			return map[string]any{"unmarked": err == nil, "wasSuppressed": was}, sentence, err
		}},
	{name: "unlock", short: "Fill a user's budgets for guesses and mails",
		long: `Fills the account's budgets for guesses and mails, ends the cool-down and the run of wrong
answers. The code in the mailbox stays valid, and a used code stays used.`,
		costs: "The account's guesses, mails and run of wrong answers are forgiven: an attacker who spent them may try as many again.\n" +
			"An owner is never locked out: a code of 20 digits signs in without this.",
		actions: []string{"dynamodb:UpdateItem"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			err := a.Unlock(ctx, u)
			return map[string]any{"unlocked": err == nil}, "The budgets are full.", err
		}},
	{name: "reset", short: "Set a temporary password and print it once (password pools)",
		long: `Sets a temporary password and prints it. The user must change it at the next sign-in, which
still requires the mailed code: remembered devices are forgotten. Deliver it by another way
than the user's mailbox: the mailbox with the password would be both factors. Sessions that
are open stay open; sign-out ends them.`,
		costs: "The user's present password stops working at once, and remembered devices are forgotten.\n" +
			"The new password is printed here, once.",
		actions: []string{"cognito-idp:AdminSetUserPassword", "dynamodb:UpdateItem"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			password, err := a.Reset(ctx, u)
			return map[string]any{"temporaryPassword": password}, "The temporary password is " + password, err
		}},
	{name: "forget-devices", short: "Forget a user's remembered devices (password pools)",
		long: `Forgets every device on which the user may leave out the mailed code. The next sign-in on each
requires a code. Sessions that are open stay open; sign-out ends them.`,
		costs:   "The user needs a mailed code again on every device.",
		actions: []string{"dynamodb:UpdateItem"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			err := a.ForgetDevices(ctx, u)
			return map[string]any{"forgotten": err == nil}, "No device is remembered any longer.", err
		}},
	{name: "sign-out", short: "Revoke a user's refresh tokens",
		long: `Revokes all refresh tokens of the user. Access and ID tokens stay valid until they expire, an
hour after they were issued by default: only a service that asks Cognito sees the difference.`,
		costs:   "The user must sign in again on every device.",
		actions: []string{"cognito-idp:AdminUserGlobalSignOut"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			err := a.SignOut(ctx, u)
			return map[string]any{"signedOut": err == nil}, "The refresh tokens are revoked.", err
		}},
	{name: "delete", short: "Delete a user from the pool",
		long: `Deletes the user from the user pool. The account's item stays in the table until it expires:
a hash, without an address. A new user with the same address has budgets of its own.`,
		costs:   "The user and its attributes are deleted. This can't be undone.",
		actions: []string{"cognito-idp:AdminDeleteUser"},
		run: func(ctx context.Context, a *accounts.Accounts, u *accounts.Account) (any, string, error) {
			err := a.Delete(ctx, u)
			return map[string]any{"deleted": err == nil}, "The user is deleted.", err
		}},
}

func newUsers(s streams) *cobra.Command {
	var f operatorFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "users",
		Short: "Look at one user of a pool, and help",
		Long: `Shows what Cognito and EmailOTP have of one user, and does what a person on call may need to
do about it. It works on a deployed stack (--stack), or on the running sandbox.

The user is named by an e-mail address or by the sub. No address of a user is printed; invite
shows the one that it was given. What changes an account asks for confirmation, unless --yes
is given.`,
		Example: `  emailotp users show user@example.com
  emailotp users unmark user@example.com --stack EmailOtp-prod --profile ops
  emailotp users delete 1f0c9d3e-7c1b-4a58-9a3e-2f6d4b8e5c70 --stack EmailOtp-prod --yes
  emailotp users unlock --policy --stack EmailOtp-prod`,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
	}
	f.add(cmd)
	for _, u := range userCommands {
		sub := &cobra.Command{
			Use: u.name + " ADDRESS|SUB", Short: u.short, Long: u.long,
			Example: "  emailotp users " + u.name + " user@example.com --stack EmailOtp-prod",
			Args:    userArg(&f),
			RunE:    func(cmd *cobra.Command, args []string) error { return u.do(cmd.Context(), s, f, args, yes) },
		}
		if u.costs != "" {
			sub.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
		}
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(newInvite(s, &f))
	return cmd
}

// userArg requires one address or sub, and none with --policy.
func userArg(f *operatorFlags) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := f.check()
		switch {
		case f.policy && len(args) == 0:
		case len(args) != 1:
			err = errors.Join(err, fmt.Errorf("give one user, by address or sub (received: %d)", len(args)))
		default:
			err = errors.Join(err, accounts.CheckName(args[0]))
		}
		if err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}

func (u userCommand) do(ctx context.Context, s streams, f operatorFlags, args []string, yes bool) error {
	api, e, err := f.connect(ctx)
	if err != nil {
		return err
	}
	if f.policy {
		return printPolicy(s, accounts.Policy(e, u.actions...))
	}
	all, err := accounts.New(api, e)
	if err != nil {
		return f.adviseOperator(api, err)
	}
	found, err := all.Find(ctx, args[0])
	if err != nil {
		return f.adviseOperator(api, err)
	}
	state := all.State(found)
	if u.run == nil {
		return f.printState(s, state, all)
	}
	question := fmt.Sprintf("User %s (%s) of stack %s: %s", found.Sub, state.Address, e.Stack, u.costs)
	if err := confirm(ctx, s, yes, question); err != nil {
		return err
	}
	result, sentence, err := u.run(ctx, all, found)
	if err != nil {
		return f.adviseOperator(api, err)
	}
	if f.json {
		return terminal.JSON(s.out, result)
	}
	_, err = fmt.Fprintln(s.out, sentence)
	return err
}

func (f operatorFlags) printState(s streams, state accounts.State, all *accounts.Accounts) error {
	if f.json {
		return terminal.JSON(s.out, state)
	}
	p, text := terminal.Paint(s.out), &strings.Builder{}
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, line := range state.Lines(all.Now()) {
		fmt.Fprintf(table, "%s\t%s\n", line[0], terminal.Printable(line[1]))
	}
	err := table.Flush()
	for line := range strings.Lines(text.String()) {
		name, _, _ := strings.Cut(line, "  ")
		fmt.Fprint(s.out, p.Faint(name), strings.TrimPrefix(line, name))
	}
	return err
}
