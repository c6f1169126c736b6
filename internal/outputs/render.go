package outputs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
)

// The formats of [Client.Render].
const (
	// Amplify is an amplify_outputs.json. A sandbox's endpoint stands under custom.emailotp, since
	// the file's format has no key for one.
	Amplify = "amplify"
	// Env is a line NAME=value each, for shells and .env files.
	Env = "env"
	// JSON is an object with the names of [Client].
	JSON = "json"
	// Settings is the settings.json of a sign-in page of your own. Where the file names a sign-in
	// page, [Fetch] returns what that page reads.
	Settings = "settings"
)

// Formats returns the formats, the default first.
func Formats() []string { return []string{Amplify, Env, JSON, Settings} }

// Fetch returns the settings.json that the page at c.SignInURL reads, byte for byte.
func (c Client) Fetch(ctx context.Context) ([]byte, error) {
	address := strings.TrimSuffix(c.SignInURL, "/") + "/" + webbundle.SettingsName
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the sign-in page does not answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the sign-in page's settings: %s answers %s", address, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<20))
}

// DefaultPrefix begins the names of variables where no other prefix is wanted.
const DefaultPrefix = "EMAILOTP_"

// endpointVariable is the variable by which the AWS CLI and the SDKs find a sandbox's user pool.
const endpointVariable = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"

var prefixes = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)?$`)

// Render writes c in a format. Prefix begins the names of variables, such as "VITE_" for a bundler
// that lets only such ones into a page; [Env] alone uses it.
func (c Client) Render(format, prefix string) ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	switch format {
	case Amplify:
		return c.amplify()
	case Env:
		return c.env(prefix)
	case JSON:
		return indented(c)
	case Settings:
		s := webbundle.Settings{UserPoolID: c.UserPoolID, UserPoolClientID: c.UserPoolClientID, Mode: c.Mode,
			Endpoint: c.Endpoint, RememberDevices: c.RememberDevices, Recovery: c.Recovery}
		if c.Mode == "password" {
			s.Support = c.SupportAddress
		}
		return json.Marshal(s)
	}
	return nil, fmt.Errorf("the format must be one of %s (received: %q)", strings.Join(Formats(), ", "), format)
}

func (c Client) amplify() ([]byte, error) {
	type auth struct {
		Region             string   `json:"aws_region"`
		UserPoolID         string   `json:"user_pool_id"`
		UserPoolClientID   string   `json:"user_pool_client_id"`
		UsernameAttributes []string `json:"username_attributes"`
		VerificationTypes  []string `json:"user_verification_types"`
	}
	type emailOTP struct {
		Mode     string `json:"mode"`
		Endpoint string `json:"userPoolEndpoint,omitempty"`
	}
	return indented(struct {
		Version string              `json:"version"`
		Auth    auth                `json:"auth"`
		Custom  map[string]emailOTP `json:"custom"`
	}{
		Version: "1",
		Auth:    auth{c.Region, c.UserPoolID, c.UserPoolClientID, []string{"email"}, []string{"email"}},
		Custom:  map[string]emailOTP{"emailotp": {c.Mode, c.Endpoint}},
	})
}

func (c Client) env(prefix string) ([]byte, error) {
	if !prefixes.MatchString(prefix) {
		return nil, fmt.Errorf("the prefix must be letters, digits and underscores, "+
			"and not begin with a digit (received: %q)", prefix)
	}
	var b strings.Builder
	for _, v := range [...]struct{ name, value string }{
		{"REGION", c.Region}, {"USER_POOL_ID", c.UserPoolID}, {"USER_POOL_CLIENT_ID", c.UserPoolClientID}, {"MODE", c.Mode},
	} {
		fmt.Fprintf(&b, "%s%s=%s\n", prefix, v.name, v.value)
	}
	if c.RememberDevices > 0 {
		fmt.Fprintf(&b, "%sREMEMBER_DEVICES=%d\n", prefix, c.RememberDevices)
	}
	if c.Recovery != "" {
		fmt.Fprintf(&b, "%sRECOVERY=%s\n", prefix, c.Recovery)
	}
	if c.Endpoint != "" {
		fmt.Fprintf(&b, "%sENDPOINT=%s\n%s=%s\n", prefix, c.Endpoint, endpointVariable, c.Endpoint)
	}
	return []byte(b.String()), nil
}

func indented(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}
