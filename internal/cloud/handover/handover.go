// Package handover puts the sign-in page's function together: the endpoints of package oauth with
// the services that they call.
package handover

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/codes"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/identity"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/secrets"
	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Options are what the function is made of.
type Options struct {
	Lookup cloud.Lookup
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	// Ahead opens connections at the first event.
	Ahead *cloud.Ahead
}

// New returns the function's handler. The error names everything that is wrong with the
// environment.
func New(o Options) (cloud.Handler, error) {
	page, errPage := settings.ParsePage(o.Lookup)
	pool, errPool := identity.New(page.UserPoolID, o.Lookup, o.Ahead.Connections(1))
	kept, errSecrets := secrets.New(o.Now, o.Lookup, o.Ahead.Connections(1))
	store, errStore := codes.New(page.CodesTable, o.Lookup, o.Ahead.Connections(1))
	if err := errors.Join(errPage, errPool, errSecrets, errStore); err != nil {
		return nil, err
	}
	region, _ := o.Lookup("AWS_REGION")
	server := &oauth.Server{
		Issuer: cmp.Or(page.Issuer, cloud.Issuer(region, page.UserPoolID)), KeysURL: page.KeysURL,
		Clients: page.Clients,
		Cognito: pool, Store: store, Secrets: kept, Now: o.Now, Random: o.Random, Origin: httpapi.Origin, Log: o.Log,
		Pool: page.UserPoolID,
	}
	return httpapi.Handler{Handler: httpapi.Guard(page.OriginSecret, kept, server.Fault, server)}, nil
}
