package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// requestTimeout is more than a pool takes for the triggers of one call, three attempts of 5 s.
const requestTimeout = 30 * time.Second

// signInFlags are the command's flags.
type signInFlags struct {
	user, mode, readyFile              string
	poolID, clientID, region, endpoint string
	passwordStdin, signUp, json        bool
}

func newSignIn(s streams) *cobra.Command {
	var f signInFlags
	cmd := &cobra.Command{
		Use:   "sign-in",
		Short: "Sign in to the running sandbox, or to a pool on AWS",
		Long: `Signs in as a client does: by a password (proven by SRP, never sent) where the pool
wants one, and by the mailed code. By default it signs in to the sandbox that
` + "`emailotp dev`" + ` runs; --pool-id, --client-id and --region name a pool on AWS.

Prompts go to stderr. Where stdin is no terminal, codes are read from it, a line
each; with --password-stdin the first line is the password. A line with r asks for
the mail again.

Exit codes: 0 signed in, 1 error, 2 wrong use, 3 refused, 4 the pool does not answer,
130 interrupted.`,
		Example: `  emailotp sign-in --user user@example.com
  emailotp sign-in --user new@example.com --sign-up
  emailotp sign-in --user user@example.com --pool-id eu-west-1_Ab3dEf9Gh --client-id 3n4b5urk1ft4fl3mg5e62d9ado --region eu-west-1
  emailotp sign-in --user user@example.com --password-stdin --json <answers`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usage(cmd, err)
			}
			return f.run(cmd.Context(), s)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.user, "user", "", "e-mail address to sign in with (required)")
	flags.StringVar(&f.mode, "mode", "", "password or passwordless; by default the ready file's, or found out by trying")
	flags.BoolVar(&f.signUp, "sign-up", false, "create the account first (passwordless pools)")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the first line of stdin")
	flags.BoolVar(&f.json, "json", false, "print the tokens as JSON")
	flags.StringVar(&f.readyFile, "ready-file", defaultReadyFile, "ready file of the sandbox")
	flags.StringVar(&f.poolID, "pool-id", "", "user pool id, for a pool that is no sandbox")
	flags.StringVar(&f.clientID, "client-id", "", "app client id")
	flags.StringVar(&f.region, "region", "", "AWS Region of the pool; by default that of its id")
	flags.StringVar(&f.endpoint, "endpoint", "", "URL of the API, instead of AWS's")
	return cmd
}

// check reports every wrong flag at once.
func (f *signInFlags) check() error {
	var errs []error
	if f.user == "" {
		errs = append(errs, errors.New("--user must be the e-mail address to sign in with (received: none)"))
	}
	if f.mode != "" && f.mode != signin.Password && f.mode != signin.Passwordless {
		errs = append(errs, fmt.Errorf("--mode must be password or passwordless (received: %q)", f.mode))
	}
	if (f.poolID == "") != (f.clientID == "") {
		errs = append(errs, errors.New("--pool-id and --client-id go together; give both or neither"))
	}
	region, name, _ := strings.Cut(f.poolID, "_")
	if f.poolID != "" && (region == "" || name == "") {
		errs = append(errs, fmt.Errorf("--pool-id must look like eu-west-1_Ab3dEf9Gh (received: %q)", f.poolID))
	}
	if f.poolID == "" && (f.region != "" || f.endpoint != "") {
		errs = append(errs, errors.New("--region and --endpoint go with --pool-id and --client-id"))
	}
	if f.region == "" {
		f.region = region
	}
	if f.signUp && f.mode == signin.Password {
		errs = append(errs, errSignUpMode)
	}
	return errors.Join(errs...)
}

var errSignUpMode = errors.New("--sign-up is for passwordless pools; in a password pool an administrator creates the accounts")

// target is the pool to sign in to.
type target struct {
	poolID, clientID, region, endpoint, mode string
	// sandbox says that the pool is one; inbox is where its mail is.
	sandbox bool
	inbox   string
}

func (f signInFlags) target() (target, error) {
	if f.poolID != "" {
		return target{poolID: f.poolID, clientID: f.clientID, region: f.region, endpoint: f.endpoint, mode: f.mode}, nil
	}
	c, err := sandbox.ReadReadyFile(f.readyFile)
	if err != nil {
		return target{}, &signin.Unavailable{Sentence: err.Error()}
	}
	t := target{poolID: c.UserPoolID, clientID: c.UserPoolClientID, region: c.Region, endpoint: c.Endpoint, mode: string(c.Mode), sandbox: true, inbox: c.InboxURL}
	if f.mode != "" {
		t.mode = f.mode
	}
	return t, nil
}

func (f signInFlags) run(ctx context.Context, s streams) error {
	t, err := f.target()
	if err != nil {
		return err
	}
	if f.signUp && t.mode == signin.Password {
		return &usageError{errSignUpMode}
	}
	p := newPrompter(s, f.passwordStdin, f.user, t.inbox)
	session := &signin.SignIn{API: t.client(), Person: p, PoolID: t.poolID, ClientID: t.clientID, Username: f.user, Mode: t.mode}
	if f.signUp {
		session.Mode = signin.Passwordless
		err = session.SignUp(ctx)
	}
	var tokens signin.Tokens
	if err == nil {
		tokens, err = session.Run(ctx)
	}
	if err != nil {
		return advise(err, t)
	}
	if f.json {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(tokens)
	}
	return summarize(s.out, tokens)
}

// client calls the pool as an app in a browser does: without credentials, and
// without a look at the AWS configuration of whoever runs this.
func (t target) client() *cognito.Client {
	o := cognito.Options{Region: t.region, Credentials: aws.AnonymousCredentials{}, HTTPClient: &http.Client{Timeout: requestTimeout}}
	if t.endpoint != "" {
		o.BaseEndpoint = &t.endpoint
	}
	if t.sandbox {
		o.Retryer = aws.NopRetryer{} // it is there or it isn't
	}
	return cognito.New(o)
}

// advise adds what to do about a failure.
func advise(err error, t target) error {
	var gone *signin.Unavailable
	var refused *signin.Refused
	switch {
	case errors.As(err, &gone) && t.sandbox:
		return hint(err, "is the sandbox still running? its terminal shows what the triggers said")
	case errors.As(err, &gone):
		return hint(err, "try again in a while")
	case errors.As(err, &refused) && strings.Contains(refused.Sentence, "session is expired"):
		return hint(err, "the code took too long; start again")
	case errors.As(err, &refused) && refused.ID == "" && t.mode != signin.Passwordless:
		return hint(err, "wrong passwords, wrong codes and unknown users look the same; start again")
	case errors.As(err, &refused) && refused.ID == "":
		return hint(err, "no try is left in this sign-in; start again for another")
	}
	return err
}
