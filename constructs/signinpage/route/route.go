// Package route is for the program of a function behind a path of the sign-in page, which
// [signinpage.SignInPage] adds by AddRoute:
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /account/orders", orders)
//	lambda.StartHandler(route.Handler(route.Guard(secret, fault, mux)))
//
// The page's HTTP API has an address of its own. A request to that address passes neither the
// distribution nor its web ACL, and has whatever headers its sender chose. So the function must
// compare the secret that the distribution adds before it believes anything of a request: [Guard]
// does. A program in another language compares the header [SecretHeader] with the text of the
// page's OriginSecret, in constant time, and answers 403 where they differ or the text is empty.
//
// The package links neither the CDK nor an AWS SDK.
//
// [signinpage.SignInPage]: https://pkg.go.dev/github.com/cognito-emailotp/cdk-emailotp/constructs/signinpage#SignInPage
package route

import (
	"context"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
)

// The headers that the distribution sets, in place of any that a viewer sent.
const (
	// OriginHeader has the page's own origin, such as "https://login.example.com".
	OriginHeader = httpapi.OriginHeader
	// SecretHeader has the secret that the distribution and the functions share.
	SecretHeader = httpapi.SecretHeader
)

// Origin returns the page's own origin, such as "https://login.example.com". It may be believed behind
// [Guard] alone.
func Origin(r *http.Request) string { return httpapi.Origin(r) }

// Secret returns the text of the page's OriginSecret by GetSecretValue of Secrets Manager, which
// AddRoute permits. It may keep the text for some minutes. Guard sets fresh after a header that
// did not match the text. It should then read anew, but once a minute at most: any caller can cause
// this.
type Secret func(ctx context.Context, fresh bool) (string, error)

// Secret calls the function.
func (s Secret) Secret(ctx context.Context, _ string, fresh bool) (string, error) {
	return s(ctx, fresh)
}

// Guard passes on requests that came through the page's distribution, without the secret, and
// answers others with 403. An error of secret goes to fault, which may log it, and is answered with
// 503.
func Guard(secret Secret, fault func(error), next http.Handler) http.Handler {
	return httpapi.Guard("", secret, fault, next)
}

// Invoker is a Lambda function's handler: aws-lambda-go's lambda.Handler.
type Invoker interface {
	// Invoke answers one event. An event that is none of an HTTP API with payload format 2.0 is an
	// error.
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Handler returns a Lambda function's handler that passes the HTTP API's events to h, for
// lambda.StartHandler. Several values of one response header are joined by commas, so h can set one
// cookie at most.
func Handler(h http.Handler) Invoker { return httpapi.Handler{Handler: h} }
