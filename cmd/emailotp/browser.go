package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/readyfile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/browser"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// checkBrowser reports the flags that do not go with --browser, or only with it.
func (f *signInFlags) checkBrowser() error {
	var errs []error
	if !f.browser && (f.noOpen || f.callback+f.page != "") {
		errs = append(errs, errors.New("--no-open, --callback and --page go with --browser"))
	}
	if !f.browser && f.from != "" && f.poolID+f.clientID != "" {
		errs = append(errs, errors.New("--from and --pool-id with --client-id exclude each other; give one"))
	}
	if f.browser && (f.mode != "" || f.passwordStdin || f.remember || f.forget || f.reset) {
		errs = append(errs, errors.New("--mode, --password-stdin, --remember, --forget and --reset-password do not go with "+
			"--browser: the page asks for what the pool requires"))
	}
	if f.browser && f.poolID != "" {
		errs = append(errs, errors.New("--pool-id does not go with --browser; name the page by --page or --from"))
	}
	if isLoopback, _ := browser.IsLoopback(f.callback); f.callback != "" && !isLoopback {
		errs = append(errs, fmt.Errorf("--callback must be http on 127.0.0.1, [::1] or localhost (received: %q)", f.callback))
	}
	return errors.Join(append(errs, f.checkPage()...)...)
}

const redirectHint = "start the sandbox with a callback for this command: " +
	"emailotp dev --callback http://127.0.0.1:9315/callback (--example has one)"

// runBrowser signs in by redirect, on a deployed page or with the first client of the sandbox that
// can return here.
func (f signInFlags) runBrowser(ctx context.Context, s streams) (signin.Tokens, error) {
	if f.page+f.from != "" {
		return f.runDeployed(ctx, s)
	}
	c, err := f.sandbox()
	if err != nil {
		return signin.Tokens{}, err
	}
	if f.signUp && string(c.Mode) == signin.Password {
		return signin.Tokens{}, &usageError{errSignUpMode}
	}
	returns, err := f.returns(c)
	if err != nil {
		return signin.Tokens{}, hint(err, redirectHint)
	}
	// A page that does not answer is reported here and not by the browser.
	var discovery struct{}
	if err := readyfile.GetJSON(ctx, c.OAuth.DiscoveryURL, &discovery); err != nil {
		gone := &signin.Unavailable{Sentence: "the sandbox of the ready file " + f.readyFile + " does not answer: " +
			err.Error()}
		return signin.Tokens{}, advise(gone, target{sandbox: true})
	}
	var tokens signin.Tokens
	for _, to := range returns {
		session := &browser.SignIn{AuthorizeURL: c.OAuth.AuthorizeURL, TokenURL: c.OAuth.TokenURL, Issuer: c.Issuer,
			ClientID: to.client, Callback: to.callback, User: f.user, IsSignUp: f.signUp,
			Show: func(address string) { f.show(s, address, c.InboxURL) }}
		if tokens, err = session.Run(ctx); !errors.Is(err, browser.ErrPortInUse) {
			break
		}
	}
	if errors.Is(err, browser.ErrPortInUse) {
		return tokens, hint(err, redirectHint)
	}
	return tokens, advise(err, target{sandbox: true})
}

// way is a client with one of its callbacks.
type way struct{ client, callback string }

// returns lists the callbacks of public clients at which this process can listen, those with an IP
// address first. With --callback it is that one.
func (f signInFlags) returns(c sandbox.Config) ([]way, error) {
	if c.OAuth == nil {
		return nil, errors.New("the sandbox has no sign-in by redirect")
	}
	var byIP, byName []way
	var registered []string
	for _, client := range c.OAuth.Clients {
		for _, callback := range client.CallbackURLs {
			registered = append(registered, callback)
			isLoopback, isIP := browser.IsLoopback(callback)
			switch w := (way{client.ClientID, callback}); {
			case !client.Public || !isLoopback || f.callback != "" && f.callback != callback:
			case isIP:
				byIP = append(byIP, w)
			default:
				byName = append(byName, w)
			}
		}
	}
	all := slices.Concat(byIP, byName)
	wanted := "http on 127.0.0.1, [::1] or localhost"
	if f.callback != "" {
		wanted = f.callback + ", letter by letter"
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the callback must be one of a public client, and be %s (registered: %s)", wanted,
			strings.Join(registered, ", "))
	}
	return all, nil
}

// show prints the address and opens it.
func (f signInFlags) show(s streams, address, inbox string) {
	fmt.Fprintf(s.err, "Sign in at this address:\n  %s\n", address)
	if !f.noOpen {
		if err := browser.Open(address); err != nil {
			fmt.Fprintf(s.err, "It could not be opened here (%v); open it yourself.\n", err)
		}
	}
	if inbox != "" {
		fmt.Fprintf(s.err, "The mail with the code is in %s. ", inbox)
	}
	fmt.Fprintln(s.err, "Waiting for the browser; Ctrl-C ends.")
}
