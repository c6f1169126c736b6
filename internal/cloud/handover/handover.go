// Package handover puts the sign-in page's function together: the endpoints of package oauth with
// the services that they call.
package handover

import (
	"cmp"
	"errors"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/codes"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/identity"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/page"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/secrets"
	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// New returns the function's handler. The error names everything that is wrong with the
// environment.
func New(o page.Options) (cloud.Handler, error) {
	s, errPage := settings.ParsePage(o.Lookup)
	pool, errPool := identity.New(s.UserPoolID, o.Lookup, o.Ahead.Connections(1))
	kept, errSecrets := secrets.New(o.Now, o.Lookup, o.Ahead.Connections(1))
	store, errStore := codes.New(s.CodesTable, o.Lookup, o.Ahead.Connections(1))
	if err := errors.Join(errPage, errPool, errSecrets, errStore); err != nil {
		return nil, err
	}
	region, _ := o.Lookup("AWS_REGION")
	server := &oauth.Server{
		Issuer: cmp.Or(s.Issuer, partition.Issuer(region, s.UserPoolID)), KeysURL: s.KeysURL,
		Clients: s.Clients,
		Cognito: pool, Store: store, Secrets: kept, Now: o.Now, Random: o.Random, Origin: httpapi.Origin, Log: o.Log,
		Pool: s.UserPoolID,
	}
	return httpapi.Handler{Handler: httpapi.Guard(s.OriginSecret, kept, server.Fault, server)}, nil
}
