package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/exampleapp"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// findExample opens the listener of --example and makes its addresses a client's, before the
// sandbox starts. The port is four after the API's if that one is free.
func (d *dev) findExample(ctx context.Context) error {
	if !d.flags.example {
		return nil
	}
	l, err := loopback.Listen(ctx, d.portBehind(ctx, 4), "the example app", "--port")
	if err != nil {
		return err
	}
	d.exampleListener = l
	own, err := d.ownCallback(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	d.flags.callbacks = append(d.flags.callbacks, d.exampleURL()+exampleapp.CallbackPath, own)
	d.flags.logouts = append(d.flags.logouts, d.exampleURL()+"/")
	return nil
}

// ownCallback returns a callback for `emailotp sign-in --browser`. Its port is five after the API's
// if that one is free; that command opens it later.
func (d *dev) ownCallback(ctx context.Context) (string, error) {
	l, err := loopback.Listen(ctx, d.portBehind(ctx, 5), "the callback of emailotp sign-in --browser", "--port")
	if err != nil {
		return "", err
	}
	return "http://" + l.Addr().String() + exampleapp.CallbackPath, l.Close()
}

// exampleURL is the example app's origin. It is a name and no number, because an app on localhost
// and a page on 127.0.0.1 are two sites to a browser, as an app and its page are in the cloud.
func (d *dev) exampleURL() string {
	_, port, _ := net.SplitHostPort(d.exampleListener.Addr().String())
	return "http://localhost:" + port
}

// closeExample closes the listener, and with it whatever is served on it.
func (d *dev) closeExample() {
	if d.exampleListener != nil {
		_ = d.exampleListener.Close()
	}
}

// serveExample serves the example app until its listener is closed.
func (d *dev) serveExample(ctx context.Context, sb *sandbox.Sandbox) error {
	if d.exampleListener == nil {
		return nil
	}
	cache, err := cachedir.Dir()
	if err != nil {
		return err
	}
	c := sb.Config()
	i := slices.IndexFunc(c.OAuth.Clients, func(client sandbox.OAuthClient) bool {
		return slices.Contains(client.CallbackURLs, d.exampleURL()+exampleapp.CallbackPath)
	})
	app := exampleapp.New(exampleapp.Options{
		Config: exampleapp.Config{Issuer: c.Issuer, DiscoveryURL: c.OAuth.DiscoveryURL,
			ClientID: c.OAuth.Clients[i].ClientID, APIURL: d.exampleURL() + "/api"},
		Keys: c.Endpoint + "/" + c.UserPoolID + "/.well-known/jwks.json", Now: sb.Now,
		CacheDir: cache, Progress: d.display.Report,
	})
	go func() { _ = app.Prepare(ctx) }()
	loopback.Serve(d.exampleListener, loopback.Guard(app), slog.New(slog.DiscardHandler))
	return nil
}
