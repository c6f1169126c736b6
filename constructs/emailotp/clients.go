package emailotp

import (
	"fmt"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/userpool"
)

// ClientProps describe a further app client of the pool. All fields are optional.
type ClientProps struct {
	// CallbackURLs are the redirect URIs of an app that signs in by the sign-in page (see
	// constructs/signinpage): https, http on localhost, or an app's own scheme. A request must name
	// one of them exactly. They are not Cognito's callback URLs, which would open Cognito's own
	// pages. Default: none, and the client signs in by Cognito's API alone.
	CallbackURLs *[]*string
	// LogoutURLs are where the app may send users after a sign-out. Default: none.
	LogoutURLs *[]*string
	// GenerateSecret makes a secret in Secrets Manager, which the sign-in page's token endpoint
	// requires, for an app that runs on a server. It guards the redemption of codes; it is not
	// Cognito's client secret, which a browser could not use. Default: false.
	GenerateSecret *bool

	// UserPoolClientName is the client's name, 1 to 128 characters. Default: generated.
	UserPoolClientName *string
	// AccessTokenValidity is 5 minutes to 1 day. Default: 60 minutes.
	AccessTokenValidity awscdk.Duration
	// IdTokenValidity is 5 minutes to 1 day. Default: 60 minutes.
	IdTokenValidity awscdk.Duration
	// RefreshTokenValidity is 60 minutes to 10 years. Default: 30 days.
	RefreshTokenValidity awscdk.Duration
	// RefreshTokenRotationGracePeriod is 0 to 60 seconds and makes every refresh token valid once.
	// Default: no rotation.
	RefreshTokenRotationGracePeriod awscdk.Duration
	// ReadAttributes are the attributes that the client may read. Default: all.
	ReadAttributes awscognito.ClientAttributes
	// WriteAttributes are the attributes that the client may write; "email" only with
	// ClientsMayChangeEmail. Default: every standard attribute but email.
	WriteAttributes awscognito.ClientAttributes
}

// A Client is a further app client of the pool. [EmailOTP] creates one by AddClient.
type Client struct {
	// UserPoolClient is the client at Cognito. It allows custom authentication and refresh, nothing
	// else, and has no secret there.
	UserPoolClient awscognito.UserPoolClient
	// CallbackURLs and LogoutURLs are those of the props.
	CallbackURLs, LogoutURLs []string
	// Secret is the secret in Secrets Manager; nil without GenerateSecret.
	Secret awssecretsmanager.ISecret
}

func (e *emailOTP) AddClient(id *string, props *ClientProps) Client {
	if props == nil {
		props = &ClientProps{}
	}
	p := UserPoolClientProps{
		UserPoolClientName: props.UserPoolClientName, AccessTokenValidity: props.AccessTokenValidity,
		IdTokenValidity: props.IdTokenValidity, RefreshTokenValidity: props.RefreshTokenValidity,
		RefreshTokenRotationGracePeriod: props.RefreshTokenRotationGracePeriod,
		ReadAttributes:                  props.ReadAttributes, WriteAttributes: props.WriteAttributes,
	}
	r := &reader{}
	prefix := fmt.Sprintf("AddClient(%q): ", deref(id))
	if id == nil || *id == "" || e.Node().TryFindChild(id) != nil {
		r.Add("%sthe id must be a name that is not taken in the EmailOTP, such as \"Web\" (received: %q)",
			prefix, deref(id))
	}
	r.clientOf(prefix, p, e.config.clientsMayChangeEmail)
	c := Client{CallbackURLs: r.RedirectURIs(prefix+"CallbackURLs", props.CallbackURLs),
		LogoutURLs: r.RedirectURIs(prefix+"LogoutURLs", props.LogoutURLs)}
	if len(c.LogoutURLs) > 0 && len(c.CallbackURLs) == 0 {
		r.Add("%sLogoutURLs are for an app that signs in by redirect; set CallbackURLs too", prefix)
	}
	isSecret := propread.Flag(props.GenerateSecret, false)
	if isSecret && len(c.CallbackURLs) == 0 {
		r.Add("%sGenerateSecret is for the token endpoint of the sign-in page; set CallbackURLs too", prefix)
	}
	refuse(*e.Node().Path(), r.Problems)
	c.UserPoolClient = e.newClient(*id, p)
	if e.config.imported {
		c.UserPoolClient.Node().AddDependency(e.onDeploy)
	} else if e.onDeploy != nil {
		e.onDeploy.Node().AddDependency(c.UserPoolClient)
	}
	if isSecret {
		c.Secret = userpool.NewSecret(e, *id, e.config.removalPolicy(false))
	}
	e.clients = append(e.clients, c)
	for _, f := range e.onClient {
		f(c)
	}
	return c
}

func (e *emailOTP) EachClient(f func(Client)) {
	e.onClient = append(e.onClient, f)
	for _, c := range slices.Clone(e.clients) {
		f(c)
	}
}

func (e *emailOTP) Mode() Mode { return e.config.settings.Mode }

func (e *emailOTP) ProductName() *string { return jsii.String(e.config.settings.Product()) }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
