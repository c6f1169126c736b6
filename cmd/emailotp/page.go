package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// servePage serves the sign-in page for a running sandbox, on an origin of its own, and links the
// inbox to it. Its port is two after the API's if that one is free. In a checkout the page reloads
// after a change of its sources.
func (d *dev) servePage(ctx context.Context, sb *sandbox.Sandbox) (*loopback.Server, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return nil, err
	}
	c := sb.Config()
	environment, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return nil, err
	}
	page, err := signinpage.New(signinpage.Options{
		Settings: webbundle.Settings{
			UserPoolID: c.UserPoolID, UserPoolClientID: c.UserPoolClientID, Mode: string(c.Mode),
			Endpoint: c.Endpoint, InboxURL: c.InboxURL,
			SignUp: string(c.Mode) == signin.Passwordless && sb.SelfSignUp(), PasswordLength: sb.MinimumPasswordLength(),
			Product: environment["EMAILOTP_PRODUCT_NAME"],
		},
		CacheDir: cache, Source: pageSource(), Progress: d.progress,
	})
	if err != nil {
		return nil, err
	}
	l, err := loopback.Listen(ctx, d.portBehind(ctx, 2), "the sign-in page", "--port")
	if err != nil {
		return nil, err
	}
	server := loopback.Serve(l, loopback.Guard(page), slog.New(slog.DiscardHandler))
	sb.SetSignInURL(server.URL())
	// In parallel, so that the bundle is ready before a browser requests it.
	go func() { _ = page.Prepare(ctx) }()
	return server, nil
}

// pageSource returns the directory of the page's sources in a checkout of this module, and ""
// elsewhere.
func pageSource() string {
	if _, err := os.Stat(filepath.Join("web", "web.go")); err != nil {
		return ""
	}
	return "web"
}
