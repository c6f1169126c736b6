package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// servePage serves the sign-in page for a running sandbox and links the inbox to it: on the origin
// of the OAuth endpoints if there are any, else on an origin of its own. Its port is two after the
// API's if that one is free. In a checkout the page reloads after a change of its sources. The
// caller runs the returned function at the end.
func (d *dev) servePage(ctx context.Context, sb *sandbox.Sandbox) (func(), error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return nil, err
	}
	c := sb.Config()
	environment, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return nil, err
	}
	b, look := d.brand(sb)
	page, err := signinpage.New(signinpage.Options{
		Look: look,
		Settings: webbundle.Settings{
			UserPoolID: c.UserPoolID, UserPoolClientID: c.UserPoolClientID, Mode: string(c.Mode),
			Endpoint: c.Endpoint, InboxURL: c.InboxURL,
			SignUp: string(c.Mode) == signin.Passwordless && sb.SelfSignUp(), PasswordLength: sb.MinimumPasswordLength(),
			Product: environment["EMAILOTP_PRODUCT_NAME"], Support: environment["EMAILOTP_SUPPORT_ADDRESS"],
			RememberDevices: c.RememberDevices, Recovery: c.Recovery,
			Links: b.Links(), PasswordRules: sb.PasswordRules(), ChangeAddress: c.ChangeAddressURL != "",
		},
		CacheDir: cache, Source: pageSource(), Progress: d.display.Report,
	})
	if err != nil {
		return nil, err
	}
	// In parallel, so that the bundle is ready before a browser requests it.
	go func() { _ = page.Prepare(ctx) }()
	if c.OAuth != nil {
		sb.SetPage(page)
		sb.SetSignInURL(strings.TrimSuffix(c.OAuth.LogoutURL, "/logout"))
		return func() {}, nil
	}
	l, err := loopback.Listen(ctx, d.portBehind(ctx, 2), "the sign-in page", "--port")
	if err != nil {
		return nil, err
	}
	server := loopback.Serve(l, loopback.Guard(page), slog.New(slog.DiscardHandler))
	sb.SetSignInURL(server.URL())
	return func() { _ = server.Close() }, nil
}

// brand returns the assembly's brand and its look. The logos' paths are relative to the app's
// directory, so an assembly that was made elsewhere has the look without them.
func (d *dev) brand(sb *sandbox.Sandbox) (brand.Brand, brand.Look) {
	text := sb.Brand()
	if text == "" {
		return brand.Brand{}, brand.Look{}
	}
	b, err := brand.Parse([]byte(text))
	if err != nil {
		d.warn("the assembly's brand can't be read: %v", err)
		return brand.Brand{}, brand.Look{}
	}
	look, err := b.Look(".")
	if err != nil {
		d.warn("the sign-in page is without the brand's logo: %v", err)
		b.Logo, b.DarkLogo = "", ""
		look, _ = b.Look(".")
	}
	return b, look
}

// pageSource returns the directory of the page's sources in a checkout of this module, and ""
// elsewhere.
func pageSource() string {
	if _, err := os.Stat(filepath.Join("web", "web.go")); err != nil {
		return ""
	}
	return "web"
}
