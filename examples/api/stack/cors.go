package stack

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"
)

// The tokens that open the API.
const (
	// TokenID opens it by the ID token.
	TokenID = "id"
	// TokenAccess opens it by the access token.
	TokenAccess = "access"
)

// Props are the choices of the app. The zero value is an API for the ID token without browser apps.
type Props struct {
	// Origin is the origin of the browser app that may call the API, such as
	// https://app.example.com. Empty for none.
	Origin string
	// Token is TokenID or TokenAccess. Empty is TokenID.
	Token string
}

// FromContext reads the context keys origin and token.
func FromContext(app awscdk.App) (Props, error) {
	var p Props
	for key, value := range map[string]*string{"origin": &p.Origin, "token": &p.Token} {
		given := app.Node().TryGetContext(&key)
		text, isText := given.(string)
		if given != nil && !isText {
			return p, fmt.Errorf("context %s must be a string (received: %v)", key, given)
		}
		*value = text
	}
	return p, p.check()
}

// origin matches what browsers send in the header Origin. It has no quote, which would end the text
// in the responses' headers, and no wildcard.
var origin = regexp.MustCompile(`^(https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?|http://localhost)(:[0-9]{1,5})?$`)

func (p Props) check() error {
	if p.Origin != "" && !origin.MatchString(p.Origin) {
		return fmt.Errorf("context origin must be an origin without a path, https or http://localhost, "+
			"such as https://app.example.com (received: %q)", p.Origin)
	}
	if !slices.Contains([]string{"", TokenID, TokenAccess}, p.Token) {
		return fmt.Errorf("context token must be %s or %s (received: %q)", TokenID, TokenAccess, p.Token)
	}
	return nil
}

// allow lets the app's origin call the resource from a browser. The answers of API Gateway itself,
// as to an expired token, have the origin too: the browser would otherwise hide them from the app.
func (p Props) allow(api awsapigateway.RestApi, resource awsapigateway.Resource) {
	if p.Origin == "" {
		return
	}
	resource.AddCorsPreflight(&awsapigateway.CorsOptions{
		AllowOrigins: jsii.Strings(p.Origin), AllowMethods: jsii.Strings("GET"), AllowHeaders: jsii.Strings("Authorization"),
		MaxAge: awscdk.Duration_Minutes(jsii.Number(10)),
	})
	headers := &map[string]*string{"Access-Control-Allow-Origin": jsii.String("'" + p.Origin + "'")}
	api.AddGatewayResponse(jsii.String("Refusals"), &awsapigateway.GatewayResponseOptions{
		Type: awsapigateway.ResponseType_DEFAULT_4XX(), ResponseHeaders: headers})
	api.AddGatewayResponse(jsii.String("Failures"), &awsapigateway.GatewayResponseOptions{
		Type: awsapigateway.ResponseType_DEFAULT_5XX(), ResponseHeaders: headers})
}

// environment has the origin for the function, whose own answers need it.
func (p Props) environment() *map[string]*string {
	if p.Origin == "" {
		return nil
	}
	return &map[string]*string{"ALLOWED_ORIGIN": &p.Origin}
}

// scopes are those that the authorizer requires. With one it accepts access tokens and refuses ID
// tokens. Cognito gives this scope to every access token of a sign-in by its API.
func (p Props) scopes() *[]*string {
	if p.Token != TokenAccess {
		return nil
	}
	return jsii.Strings("aws.cognito.signin.user.admin")
}
