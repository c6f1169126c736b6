package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Config describes a running sandbox. It is the content of the ready file. The JSON names are a
// contract with scripts; later versions may add names.
type Config struct {
	// Endpoint is the user pool's API, without a trailing slash.
	Endpoint string `json:"endpoint"`
	// Region is the stack's.
	Region string `json:"region"`
	// UserPoolID, such as "eu-west-1_Ab3dEf9Gh", is the same at every start.
	UserPoolID string `json:"userPoolId"`
	// UserPoolClientID is the client that the construct made, the same at every start.
	UserPoolClientID string `json:"userPoolClientId"`
	// Mode is "password" or "passwordless".
	Mode Mode `json:"mode"`
	// RememberDevices is how many days a password pool remembers a device; 0 is none. Recovery is
	// "email" where the pool resets forgotten passwords by e-mail, and otherwise empty.
	RememberDevices int    `json:"rememberDevices,omitempty"`
	Recovery        string `json:"recovery,omitempty"`
	// SupportAddress is the address for users who need help; empty for none.
	SupportAddress string `json:"supportAddress,omitempty"`
	// InboxURL is the inbox's page; append "/api/messages" for its JSON.
	InboxURL string `json:"inboxUrl"`
	// SESEndpoint is the address to which the functions send mail.
	SESEndpoint string `json:"sesEndpoint"`
	// KMSEndpoint is the address at which the functions make and verify MACs.
	KMSEndpoint string `json:"kmsEndpoint"`
	// DynamoDBEndpoint is the address of the functions' tables; empty if the template has none.
	DynamoDBEndpoint string `json:"dynamodbEndpoint,omitempty"`
	// Stack is the stack's name.
	Stack string `json:"stack"`
	// Issuer is the iss of the pool's tokens.
	Issuer string `json:"issuer"`
	// SignInURL is the sign-in page; empty without one.
	SignInURL string `json:"signInUrl,omitempty"`
	// OAuth has the endpoints for apps that sign in by redirect; nil without a sign-in page,
	// without Options.CallbackURLs and without Options.ChangeAddress.
	OAuth *OAuth `json:"oauth,omitempty"`
	// ChangeAddressURL is where users change their address: docs/clients.md has the requests. Empty
	// where the sign-in page has no ChangeAddress.
	ChangeAddressURL string `json:"changeAddressUrl,omitempty"`
	// TLS has the same by https; nil unless Options.TLS is set.
	TLS *TLS `json:"tls,omitempty"`
}

// OAuth has the addresses of the endpoints, which are those of Cognito's managed login, and the
// clients.
type OAuth struct {
	// AuthorizeURL and LogoutURL are for the browser, TokenURL, UserInfoURL and RevokeURL for the
	// app; DiscoveryURL is the openid-configuration.
	AuthorizeURL string `json:"authorizeUrl"`
	TokenURL     string `json:"tokenUrl"`
	UserInfoURL  string `json:"userInfoUrl"`
	RevokeURL    string `json:"revokeUrl"`
	LogoutURL    string `json:"logoutUrl"`
	DiscoveryURL string `json:"discoveryUrl"`
	// Clients are the clients that may redirect.
	Clients []OAuthClient `json:"clients"`
}

// OAuthClient is an app client that signs in by redirect.
type OAuthClient struct {
	// ClientID is the app client's id.
	ClientID string `json:"clientId"`
	// CallbackURLs and LogoutURLs are where the client may send users after a sign-in and a
	// sign-out.
	CallbackURLs []string `json:"callbackUrls"`
	LogoutURLs   []string `json:"logoutUrls,omitempty"`
	// Public is true for a client without a secret.
	Public bool `json:"public"`
	// ClientSecret is the secret that the sandbox invented; empty for a public client.
	ClientSecret string `json:"clientSecret,omitempty"`
}

// TLS has the endpoints by https.
type TLS struct {
	OAuth
	// CertificateFile has the certificate to trust, in PEM: for NODE_EXTRA_CA_CERTS, SSL_CERT_FILE
	// or curl --cacert.
	CertificateFile string `json:"certificateFile"`
}

// WriteReadyFile writes the configuration as JSON, readable by the file's owner alone. The file
// appears complete or not at all; missing directories are made.
func (c Config) WriteReadyFile(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // created 0600
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("ready file: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// ReadReadyFile reads a file of [Config.WriteReadyFile]. The error for a missing file wraps
// [fs.ErrNotExist].
func ReadReadyFile(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("no sandbox is running, or it wrote its ready file elsewhere (looked for %s); "+
			"start one with `emailotp dev`, or name its file by --ready-file: %w", path, err)
	}
	if err != nil {
		return Config{}, fmt.Errorf("ready file: %w", err)
	}
	var c Config
	if err := json.Unmarshal(data, &c); err != nil {
		return Config{}, fmt.Errorf("ready file %s is not one that `emailotp dev` wrote: %w; start the sandbox again",
			path, err)
	}
	if c.Endpoint == "" || c.UserPoolID == "" || c.UserPoolClientID == "" {
		return Config{}, fmt.Errorf("ready file %s lacks endpoint, userPoolId or userPoolClientId; "+
			"start the sandbox again", path)
	}
	return c, nil
}
