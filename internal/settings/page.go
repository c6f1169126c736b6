package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// HandOver is the function of the sign-in page: it speaks OAuth 2.0 with the apps. It belongs to no
// mode and reads [Page].
const HandOver Function = "hand-over"

// ChangeAddress is the function behind the sign-in page's domain by which users change their
// address. It belongs to no mode.
const ChangeAddress Function = "change-address"

// ChangeAddressPaths are the paths of [ChangeAddress], as [HandOverPaths] has its own.
func ChangeAddressPaths() []string { return []string{"/account/email", "/account/email/{proxy+}"} }

// ChangeAddressPoolActions are what [ChangeAddress] may do with the user pool.
func ChangeAddressPoolActions() []string {
	return []string{"cognito-idp:AdminGetUser", "cognito-idp:AdminUpdateUserAttributes",
		"cognito-idp:AdminUserGlobalSignOut"}
}

// The environment variables of [Page].
const (
	PoolVariable         = "EMAILOTP_USER_POOL_ID"
	ClientsVariable      = "EMAILOTP_CLIENTS"
	CodesVariable        = "EMAILOTP_CODES_TABLE"
	OriginSecretVariable = "EMAILOTP_ORIGIN_SECRET"
	// ClientIDsVariable has the ids of the app clients of [ChangeAddress], with commas between.
	ClientIDsVariable = "EMAILOTP_CLIENT_IDS"
	// IssuerVariable overrides the iss of the pool's tokens. The construct never sets it: a sandbox
	// does whose tokens have another issuer than AWS's.
	IssuerVariable = "EMAILOTP_ISSUER"
	// KeysVariable overrides the address of the pool's keys in the discovery document, likewise.
	KeysVariable = "EMAILOTP_KEYS_URL"
)

// HandOverPaths are the paths below the page's domain that [HandOver] answers, as routes of an HTTP
// API have them. CloudFront's patterns have "*" in place of "{proxy+}".
func HandOverPaths() []string {
	return []string{"/oauth2/{proxy+}", "/login", "/signup", "/logout", "/.well-known/{proxy+}"}
}

// HandOverTableActions are what [HandOver] may do with the table of codes.
func HandOverTableActions() []string {
	return []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
}

// MaxClients is the longest list of clients, as JSON, in bytes. With the other variables it stays
// below [MaxEnvironment].
const MaxClients = 3 << 10

// MaxRedirectURI is the longest redirect URI, in bytes: Cognito's limit.
const MaxRedirectURI = 1024

// Client is an app client that signs in by redirect.
type Client struct {
	// ID is the app client's id at Cognito.
	ID string `json:"id"`
	// CallbackURLs are the redirect URIs of the app; a request must have one of them exactly.
	CallbackURLs []string `json:"callbacks,omitempty"`
	// LogoutURLs are where the app may send users after a sign-out.
	LogoutURLs []string `json:"logouts,omitempty"`
	// Secret is the ARN of the client's secret; empty for a public client.
	Secret string `json:"secret,omitempty"`
}

// IsPublic reports whether the client has no secret.
func (c Client) IsPublic() bool { return c.Secret == "" }

// Page is what the construct hands to the functions of the sign-in page.
type Page struct {
	// UserPoolID is the user pool, whose tokens are handed over.
	UserPoolID string
	// Clients are the app clients with an address to return to.
	Clients []Client
	// CodesTable is the name of the table of authorization codes.
	CodesTable string
	// OriginSecret is the ARN of the secret that the distribution sends with each request.
	OriginSecret string
	// Issuer is the value of [IssuerVariable]; empty for AWS's issuer.
	Issuer string
	// KeysURL is the value of [KeysVariable]; empty for the address below the issuer.
	KeysURL string
}

// Environment returns the environment variables.
func (p Page) Environment() map[string]string {
	return map[string]string{PoolVariable: p.UserPoolID, ClientsVariable: EncodeClients(p.Clients),
		CodesVariable: p.CodesTable, OriginSecretVariable: p.OriginSecret}
}

// EncodeClients returns the text of [ClientsVariable]. It leaves the CDK's tokens whole.
func EncodeClients(all []Client) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(all); err != nil { // texts and lists of texts
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ParsePage reads the environment, usually by [os.LookupEnv]. It reports every problem at once.
func ParsePage(lookup func(string) (string, bool)) (Page, error) {
	var problems []error
	get := func(name string) string {
		value, _ := lookup(name)
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is not set; redeploy the function by the construct", name))
		}
		return value
	}
	p := Page{UserPoolID: get(PoolVariable), CodesTable: get(CodesVariable), OriginSecret: get(OriginSecretVariable)}
	p.Issuer, _ = lookup(IssuerVariable)
	p.KeysURL, _ = lookup(KeysVariable)
	if list := get(ClientsVariable); list != "" {
		if err := json.Unmarshal([]byte(list), &p.Clients); err != nil {
			problems = append(problems, fmt.Errorf("%s must be a JSON list of clients: %w", ClientsVariable, err))
		}
	}
	for _, c := range p.Clients {
		for _, u := range slices.Concat(c.CallbackURLs, c.LogoutURLs) {
			if err := CheckRedirectURI(u); err != nil {
				problems = append(problems, fmt.Errorf("%s: client %s: %w", ClientsVariable, c.ID, err))
			}
		}
	}
	return p, errors.Join(problems...)
}

// forbiddenSchemes run scripts, read files or have no app behind them.
var forbiddenSchemes = []string{"about", "blob", "chrome", "data", "file", "filesystem", "ftp", "javascript",
	"mailto", "tel", "vbscript", "view-source", "ws", "wss"}

// CheckRedirectURI reports why a client can't have the redirect URI: it must be absolute, without
// fragment, user name or wildcard; https, or http on this machine (localhost, 127.0.0.1, [::1]), or
// an app's own scheme such as myapp. These are Cognito's rules for callback URLs.
func CheckRedirectURI(s string) error {
	wrong := func(why string) error { return fmt.Errorf("%s (received: %q)", why, shorten(s)) }
	if len(s) > MaxRedirectURI {
		return wrong(fmt.Sprintf("a redirect URI must have at most %d bytes", MaxRedirectURI))
	}
	if i := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{|}*", r)
	}); i >= 0 {
		return wrong("a redirect URI must have neither spaces, control characters, wildcards nor letters beyond ASCII; " +
			"encode them")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "" || u.Opaque != "" && u.Scheme != strings.ToLower(u.Scheme):
		return wrong("a redirect URI must be an absolute URL such as https://app.example.com/callback")
	case strings.Contains(s, "#"):
		return wrong("a redirect URI must have no fragment")
	case u.User != nil:
		return wrong("a redirect URI must have no user name")
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()):
		return nil
	case u.Scheme == "http":
		return wrong("a redirect URI may have http on localhost, 127.0.0.1 and [::1] alone; use https")
	case u.Scheme == "https" || slices.Contains(forbiddenSchemes, u.Scheme):
		return wrong("a redirect URI must be https, http on localhost, or an app's own scheme")
	}
	return nil
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
