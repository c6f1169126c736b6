// Package changeaddress puts the function together by which users change their address: package
// internal/changeaddress with the services that it calls.
package changeaddress

import (
	"cmp"
	"errors"

	"github.com/cognito-emailotp/cdk-emailotp/internal/changeaddress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/identity"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/page"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/secrets"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// New returns the function's handler. The error names everything that is wrong with the
// environment.
func New(o page.Options) (cloud.Handler, error) {
	s, err := settings.Parse(settings.ChangeAddress, o.Lookup)
	if err != nil {
		return nil, err
	}
	pool, errPool := identity.New(s.UserPoolID, o.Lookup, o.Ahead.Connections(1))
	users, errUsers := identity.NewAdmin(s.UserPoolID, o.Lookup, o.Ahead.Connections(1))
	kept, errSecrets := secrets.New(o.Now, o.Lookup, o.Ahead.Connections(1))
	store, errStore := table.New(s.TableName, o.Lookup, o.Ahead.Connections(1))
	keys, errKeys := macs.New(s.KeyARN, o.Lookup, o.Ahead.Connections(1))
	renderer, errMail := trigger.MailRenderer(s, o.Lookup)
	sender, errSender := email.New(s, o.Lookup)
	if err := errors.Join(errPool, errUsers, errSecrets, errStore, errKeys, errMail, errSender); err != nil {
		return nil, err
	}
	region, _ := o.Lookup("AWS_REGION")
	issuer, _ := o.Lookup(settings.IssuerVariable)
	server := &changeaddress.Server{Settings: s, Self: pool, Directory: users, Store: store, Keys: keys,
		Renderer: renderer, Sender: sender, Now: o.Now, Random: o.Random, Log: o.Log,
		Tokens: &oauth.Server{Issuer: cmp.Or(issuer, partition.Issuer(region, s.UserPoolID)), Cognito: pool, Now: o.Now}}
	return httpapi.Handler{Handler: httpapi.Guard(s.OriginSecret, kept, server.Fault, server)}, nil
}
