package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/devicefile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/prompt"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// requestTimeout is longer than a pool waits for the triggers of one call: three attempts of 5 s.
const requestTimeout = 30 * time.Second

// signInFlags are the command's flags.
type signInFlags struct {
	user, mode, readyFile              string
	poolID, clientID, region, endpoint string
	passwordStdin, signUp, json        bool
	remember, forget, reset            bool
	browser, noOpen                    bool
	callback, page, from, stack        string
}

func newSignIn(s streams) *cobra.Command {
	var f signInFlags
	cmd := &cobra.Command{
		Use:   "sign-in",
		Short: "Sign in to the running sandbox, or to a pool on AWS",
		Long: `Signs in as a client does: by a password (proven by SRP, never sent) if the pool
requires one, and by the mailed code. By default it signs in to the sandbox that
` + "`emailotp dev`" + ` runs; --pool-id, --client-id and --region name a pool on AWS, or --from
what ` + "`cdk deploy --outputs-file`" + ` wrote.

Prompts go to stderr. If stdin is no terminal, codes are read from it, a line
each; with --password-stdin the first line is the password. A line with r requests
the mail again.

--remember keeps a secret of this machine in a file that only its user can read. A
pool that remembers devices then requires the password alone, for as many days as it
is set to. --forget ends that for all devices of the user.

--browser signs in by redirect, as an app with a browser does (OAuth 2.0 with PKCE): it
prints the address of the sandbox's sign-in page, opens it, and receives the code at a
callback on this machine that the sandbox has registered for a public client. With
` + "`emailotp dev --example`" + ` there is one for this command. --page or --from names a deployed page;
--client-id is a public client, or with --from its name in cdk.json, and --callback one of
its callbacks on this machine.

--reset-password begins with a new password: Cognito mails a code that sets it, if
the pool resets passwords by e-mail. In other pools an administrator sets one.

Exit codes: 0 signed in, 1 error, 2 wrong use, 3 refused, 4 the pool does not answer,
130 interrupted.`,
		Example: `  emailotp sign-in --user user@example.com
  emailotp sign-in --user new@example.com --sign-up
  emailotp sign-in --user user@example.com --pool-id eu-west-1_Ab3dEf9Gh --client-id 3n4b5urk1ft4fl3mg5e62d9ado
  emailotp sign-in --user user@example.com --from outputs.json --stack EmailOtp-prod
  emailotp sign-in --browser
  emailotp sign-in --browser --from outputs.json --client-id Cli --callback http://127.0.0.1:9315/callback
  emailotp sign-in --user user@example.com --password-stdin --json <answers
  emailotp code --to user@example.com --wait | emailotp sign-in --user user@example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usage(cmd, err)
			}
			return f.run(cmd.Context(), s)
		},
	}
	f.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.user, "user", "", "e-mail address to sign in with (required without --browser)")
	flags.BoolVar(&f.signUp, "sign-up", false, "create the account first (passwordless pools)")
	flags.BoolVar(&f.remember, "remember", false,
		"have this machine remembered, so that later sign-ins need no code (password pools)")
	flags.BoolVar(&f.forget, "forget", false, "sign in with a code and have all devices of the user forgotten (password "+
		"pools)")
	flags.BoolVar(&f.reset, "reset-password", false,
		"set a new password first, by a mailed code (pools that reset passwords by e-mail)")
	flags.BoolVar(&f.browser, "browser", false, "sign in by redirect, on a sign-in page in a browser")
	flags.BoolVar(&f.noOpen, "no-open", false, "with --browser: print the address and open no browser")
	flags.StringVar(&f.callback, "callback", "",
		"with --browser: the registered callback to listen at; by default the first that can be used")
	flags.StringVar(&f.page, "page", "", "with --browser: address of a deployed sign-in page, instead of the sandbox's")
	flags.Lookup("from").Usage += ", or of --page"
	flags.BoolVar(&f.json, "json", false, "print the tokens as JSON")
	return cmd
}

// addTo adds the flags of every command that signs in: the pool, and how the password is given.
func (f *signInFlags) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.mode, "mode", "", "password or passwordless; by default the ready file's, or found out by trying")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the first line of stdin")
	flags.StringVar(&f.readyFile, "ready-file", defaultReadyFile, "ready file of the sandbox")
	flags.StringVar(&f.poolID, "pool-id", "", "user pool id, for a pool that is no sandbox")
	flags.StringVar(&f.clientID, "client-id", "", "app client id")
	flags.StringVar(&f.region, "region", "", "AWS Region of the pool; by default that of its id")
	flags.StringVar(&f.endpoint, "endpoint", "", "URL of the API, instead of AWS's")
	flags.StringVar(&f.from, "from", "", "what cdk deploy --outputs-file wrote, instead of --pool-id")
	flags.StringVar(&f.stack, "stack", "", "with --from: stack, where the file has several")
}

// check reports every wrong flag at once.
func (f *signInFlags) check() error {
	var errs []error
	user, err := signin.Address(f.user)
	if f.user == "" && f.browser {
		user = "" // the page asks for it
	} else if f.user == "" {
		errs = append(errs, errors.New("--user must be the e-mail address to sign in with (received: none)"))
	} else if err != nil {
		errs = append(errs, fmt.Errorf("--user: %w (received: %q)", err, f.user))
	}
	f.user = user
	errs = append(errs, checkMode(f.mode), f.checkBrowser())
	if !f.browser && (f.poolID == "") != (f.clientID == "") {
		errs = append(errs, errors.New("--pool-id and --client-id go together; give both or neither"))
	}
	region, name, _ := strings.Cut(f.poolID, "_")
	if f.poolID != "" && (region == "" || name == "") {
		errs = append(errs, fmt.Errorf("--pool-id must look like eu-west-1_Ab3dEf9Gh (received: %q)", f.poolID))
	}
	if f.poolID == "" && (f.region != "" || f.endpoint != "") {
		errs = append(errs, errors.New("--region and --endpoint go with --pool-id and --client-id"))
	}
	f.region = cmp.Or(f.region, region)
	if f.signUp && f.mode == signin.Password {
		errs = append(errs, errSignUpMode)
	}
	if f.remember && f.forget {
		errs = append(errs, errors.New("--remember and --forget exclude each other; give one"))
	}
	if f.reset && f.passwordStdin {
		errs = append(errs, errors.New("--reset-password and --password-stdin exclude each other: "+
			"stdin has the code and the new password then"))
	}
	if (f.remember || f.forget || f.reset) && f.mode == signin.Passwordless {
		errs = append(errs, errDeviceMode)
	}
	return errors.Join(errs...)
}

// checkMode accepts the modes of a pool, and no mode.
func checkMode(mode string) error {
	if mode != "" && mode != signin.Password && mode != signin.Passwordless {
		return fmt.Errorf("--mode must be password or passwordless (received: %q)", mode)
	}
	return nil
}

var errSignUpMode = errors.New("--sign-up is for passwordless pools; " +
	"in a password pool an administrator creates the accounts")

var errDeviceMode = errors.New("--remember, --forget and --reset-password are for password pools; " +
	"in a passwordless pool the code is the only factor")

// target is the pool to sign in to.
type target struct {
	poolID, clientID, region, endpoint, mode string
	// sandbox reports whether the pool is a sandbox's; inbox is the URL of its mails.
	sandbox bool
	inbox   string
	// noReset is who sets a new password where the pool is known to reset none by e-mail; empty
	// where it may do so.
	noReset string
}

func (f signInFlags) target() (target, error) {
	if f.poolID != "" {
		return target{poolID: f.poolID, clientID: f.clientID, region: f.region, endpoint: f.endpoint, mode: f.mode}, nil
	}
	if f.from != "" {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return target{}, err
		}
		c, err := outputs.Read(data, f.stack, f.mode)
		if err != nil {
			return target{}, fmt.Errorf("%s: %w", f.from, err)
		}
		t := target{poolID: c.UserPoolID, clientID: c.UserPoolClientID, region: c.Region, endpoint: c.Endpoint, mode: c.Mode}
		if c.Recovery == "" {
			t.noReset = c.SupportAddress // an app's own outputs have neither
		}
		return t, nil
	}
	c, err := f.sandbox()
	if err != nil {
		return target{}, err
	}
	t := target{poolID: c.UserPoolID, clientID: c.UserPoolClientID, region: c.Region, endpoint: c.Endpoint,
		mode: cmp.Or(f.mode, string(c.Mode)), sandbox: true, inbox: c.InboxURL}
	if c.Recovery == "" {
		t.noReset = cmp.Or(c.SupportAddress, "an administrator")
	}
	return t, nil
}

// sandbox reads the ready file.
func (f signInFlags) sandbox() (sandbox.Config, error) {
	c, err := sandbox.ReadReadyFile(f.readyFile)
	if err != nil {
		return c, &signin.Unavailable{Sentence: err.Error()}
	}
	return c, nil
}

func (f signInFlags) run(ctx context.Context, s streams) error {
	signIn := f.runTerminal
	if f.browser {
		signIn = f.runBrowser
	}
	tokens, err := signIn(ctx, s)
	switch {
	case err != nil:
		return err
	case f.json:
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(tokens)
	}
	return prompt.Summarize(s.out, tokens)
}

// runTerminal signs in by the pool's API, with prompts.
func (f signInFlags) runTerminal(ctx context.Context, s streams) (tokens signin.Tokens, err error) {
	t, err := f.target()
	if err != nil {
		return tokens, err
	}
	if f.signUp && t.mode == signin.Password {
		return tokens, &usageError{errSignUpMode}
	}
	return f.signIn(ctx, t, f.prompter(s, t))
}

func (f signInFlags) prompter(s streams, t target) *prompt.Prompter {
	return prompt.New(prompt.Options{In: s.in, Err: s.err, PasswordStdin: f.passwordStdin, User: f.user, Inbox: t.inbox,
		Reset: f.reset})
}

// signIn signs in to a pool with what the person answers.
func (f signInFlags) signIn(ctx context.Context, t target, p signin.Person) (tokens signin.Tokens, err error) {
	session := &signin.SignIn{API: t.client(), Person: p, PoolID: t.poolID, ClientID: t.clientID,
		Username: f.user, Mode: t.mode}
	if (f.remember || f.forget || f.reset) && t.mode == signin.Passwordless {
		return tokens, &usageError{errDeviceMode}
	}
	if f.reset && t.noReset != "" {
		return tokens, &signin.Refused{Sentence: "this pool resets no passwords by e-mail (PasswordRecovery); ask " +
			t.noReset + " for a new one"}
	}
	device := devicefile.Path(t.poolID, t.clientID, f.user)
	session.Device, session.Remember, session.Forget = devicefile.Read(device), f.remember, f.forget
	if f.signUp {
		session.Mode = signin.Passwordless
		err = session.SignUp(ctx)
	}
	if f.reset {
		session.Mode = signin.Password
		err = session.Recover(ctx)
	}
	if err == nil {
		tokens, err = session.Run(ctx)
	}
	if err == nil {
		err = devicefile.Keep(device, session.Device)
	}
	if err != nil {
		t.mode = session.Mode
		return tokens, advise(err, t)
	}
	return tokens, nil
}

// client calls the pool as an app in a browser does: without credentials, and without the AWS
// configuration of this machine.
func (t target) client() *cognito.Client {
	o := cognito.Options{Region: t.region, Credentials: aws.AnonymousCredentials{},
		HTTPClient: &http.Client{Timeout: requestTimeout}}
	if t.endpoint != "" {
		o.BaseEndpoint = &t.endpoint
	}
	if t.sandbox {
		o.Retryer = aws.NopRetryer{} // a sandbox needs no second attempt
	}
	return cognito.New(o)
}

// remedies are what to do about the refusals of the triggers.
var remedies = map[string]string{
	contract.RefusalUnavailable:          "a service behind the functions failed; their log has the cause",
	contract.RefusalMalformed:            "start again; the functions' log has the cause",
	contract.RefusalUnverifiedAddress:    "verify the user's address in the pool, or set MailUnverifiedAddresses",
	contract.RefusalNoAddress:            "give the user an address in the attribute email",
	contract.RefusalUndeliverableAddress: "change the user's address, or clear the mark of the bounce: docs/operations.md",
	contract.RefusalSignInAgain:          "sign in with the new password",
	contract.RefusalNotAllowed:           "start a sign-in of the pool's own mode",
	contract.RefusalSignUpAddress:        "use an address that can be mailed to, of a domain that the pool allows",
}

// advise adds what to do about a failure.
func advise(err error, t target) error {
	var gone *signin.Unavailable
	var refused *signin.Refused
	switch {
	case errors.As(err, &gone) && t.sandbox:
		return hint(err, "is the sandbox still running? its terminal shows the log of the triggers")
	case errors.As(err, &gone):
		return hint(err, "try again in a while")
	case !errors.As(err, &refused):
		return err
	case remedies[refused.ID] != "":
		return hint(err, remedies[refused.ID])
	case strings.Contains(refused.Sentence, "session is expired"):
		return hint(err, "the code took too long; start again")
	case refused.ID != "":
		return err
	case t.mode == signin.Password && strings.HasPrefix(refused.Sentence, "Incorrect username or password"):
		help := []string{"a wrong password and an unknown user look the same; start again"}
		switch {
		case t.noReset != "":
			help = append(help, "for a forgotten password, ask "+t.noReset)
		case t.sandbox:
			help = append(help, "for a forgotten password, start with --reset-password")
		}
		return hint(err, help...)
	}
	return hint(err, "start again")
}
