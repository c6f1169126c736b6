package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/browser"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/devicefile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// changeFlags are the command's flags: those of a sign-in, and the change's own.
type changeFlags struct {
	signInFlags
	to, url string
}

func newChangeAddress(s streams) *cobra.Command {
	var f changeFlags
	cmd := &cobra.Command{
		Use:   "change-address",
		Short: "Change the address of an account, as its user",
		Long: `Signs in as ` + "`emailotp sign-in`" + ` does, which the change requires, and then changes the
address of the account against two mailed codes: one from the present mailbox and one from
the new one. It ends every sign-in of the user, and the devices are forgotten.

By default it works with the sandbox that ` + "`emailotp dev --change-address`" + ` runs, or --example.
For a pool on AWS, --from names the outputs of its stack, or --url the function of the
sign-in page, below the page's domain, beside the pool and the client. A page without the
function leaves addresses to administrators: docs/clients.md.

Prompts go to stderr. If stdin is no terminal, the answers are read from it, a line each:
the code of the sign-in, the code from the present mailbox, the code from the new one.

Exit codes: 0 changed, 1 error, 2 wrong use, 3 refused, 4 the pool or the page does not answer,
130 interrupted.`,
		Example: `  emailotp change-address --user user@example.com --to new@example.com
  emailotp change-address --user user@example.com --to new@example.com \
    --pool-id eu-west-1_Ab3dEf9Gh --client-id 3n4b5urk1ft4fl3mg5e62d9ado \
    --url https://login.example.com/account/email
  emailotp change-address --user user@example.com --to new@example.com --from outputs.json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usage(cmd, err)
			}
			return f.run(cmd.Context(), s)
		},
	}
	f.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.user, "user", "", "present e-mail address of the account (required)")
	flags.StringVar(&f.to, "to", "", "new e-mail address (required)")
	flags.StringVar(&f.url, "url", "",
		"the function's URL, such as https://login.example.com/account/email; by default below the "+
			"page of --from, or the sandbox's")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	return cmd
}

// check reports every wrong flag at once.
func (f *changeFlags) check() error {
	errs := []error{f.signInFlags.check()}
	to, err := signin.Address(f.to)
	switch {
	case f.to == "":
		errs = append(errs, errors.New("--to must be the new e-mail address (received: none)"))
	case err != nil:
		errs = append(errs, fmt.Errorf("--to: %w (received: %q)", err, f.to))
	}
	f.to, f.url = to, strings.TrimSuffix(f.url, "/")
	u, err := url.Parse(f.url)
	isLoopback, _ := browser.IsLoopback(f.url)
	isSafe := isLoopback || err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
	switch {
	case f.url == "" && f.poolID != "":
		errs = append(errs, errors.New("--url must name the function of the sign-in page for a pool that is no sandbox "+
			"(received: none)"))
	case f.url != "" && !isSafe:
		errs = append(errs, fmt.Errorf("--url must be an https URL, or http on this machine, since it gets a token "+
			"(received: %q)", f.url))
	}
	return errors.Join(errs...)
}

func (f changeFlags) run(ctx context.Context, s streams) error {
	t, err := f.target()
	if err != nil {
		return err
	}
	at, err := f.function()
	if err != nil {
		return err
	}
	p := f.prompter(s, t)
	tokens, err := f.signIn(ctx, t, p)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	isSignedOut, err := signin.Change{URL: at, Client: client, Token: tokens.Access, Person: p, From: f.user,
		To: f.to}.Run(ctx)
	if err != nil {
		return advise(err, t)
	}
	if !isSignedOut {
		_, err = t.client().GlobalSignOut(ctx, &cognito.GlobalSignOutInput{AccessToken: &tokens.Access})
		isSignedOut = err == nil
	}
	// The pool has forgotten the devices.
	return errors.Join(devicefile.Keep(devicefile.Path(t.poolID, t.clientID, f.user), ""), f.report(s, isSignedOut))
}

// function returns the URL of the function that changes addresses.
func (f changeFlags) function() (string, error) {
	switch {
	case f.url != "":
		return f.url, nil
	case f.from != "":
		page, err := f.pageOutputs()
		if err != nil {
			return "", hint(err, "give the function's URL by --url")
		}
		origin, err := browser.PageOrigin(page.URL)
		return origin + settings.ChangeAddressPaths()[0], err
	}
	c, err := f.sandbox()
	if err == nil && c.ChangeAddressURL == "" {
		err = hint(errors.New("the sandbox lets no user change the address"),
			"start it with `emailotp dev --change-address`, or set ChangeAddress of the template's sign-in page")
	}
	return c.ChangeAddressURL, err
}

func (f changeFlags) report(s streams, isSignedOut bool) error {
	if f.json {
		return terminal.JSON(s.out, map[string]any{"email": f.to, "signedOut": isSignedOut})
	}
	ended := "Every sign-in of the user has ended."
	if !isSignedOut {
		ended = "Sign-ins of the user may go on: sign out everywhere."
	}
	_, err := fmt.Fprintf(s.out, "The address of the account is now %s. %s\n", f.to, ended)
	return err
}
