package webbundle

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// Settings is the content of [SettingsName], which the page fetches. The page reads the JSON names.
type Settings struct {
	UserPoolID       string `json:"userPoolId"`
	UserPoolClientID string `json:"userPoolClientId"`
	// Mode is "password" or "passwordless".
	Mode string `json:"mode"`
	// Endpoint is the user pool's API; empty means AWS's in the pool's region.
	Endpoint string `json:"endpoint,omitempty"`
	// SignUp allows users to create accounts, in passwordless mode.
	SignUp bool `json:"signUp,omitempty"`
	// Product is the name above the form; empty shows none.
	Product string `json:"product,omitempty"`
	// PasswordLength is the length of the shortest password that the pool accepts; 0 is Cognito's
	// 8.
	PasswordLength int `json:"passwordLength,omitempty"`
	// RememberDevices is how many days a password pool remembers a device; 0 is none.
	RememberDevices int `json:"rememberDevices,omitempty"`
	// Recovery is "email" where Cognito resets forgotten passwords by e-mail, and otherwise empty
	// or "administrator".
	Recovery string `json:"recovery,omitempty"`
	// Support is the address that the page names to a user who forgot the password; empty names
	// none.
	Support string `json:"support,omitempty"`
	// PasswordRules are the kinds of characters that the pool requires in a password: "upper",
	// "lower", "digit", "symbol"; nil for all of them, empty for none.
	PasswordRules []string `json:"passwordRules,omitzero"`
	// ChangeAddress is true where the page's origin has the function by which users change their
	// address, below account/email.
	ChangeAddress bool `json:"changeAddress,omitempty"`
	// Links are the page's links; nil for none.
	Links *brand.Links `json:"links,omitempty"`
	// InboxURL is the local mailbox; empty outside of a sandbox.
	InboxURL string `json:"inboxUrl,omitempty"`
	// Live makes the page reload itself after each new build.
	Live bool `json:"live,omitempty"`
}

// Validate reports everything that is wrong with s.
func (s Settings) Validate() error {
	var errs []error
	if s.UserPoolID == "" {
		errs = append(errs, errors.New("userPoolId is required"))
	}
	if s.UserPoolClientID == "" {
		errs = append(errs, errors.New("userPoolClientId is required"))
	}
	if s.Mode != "password" && s.Mode != "passwordless" {
		errs = append(errs, fmt.Errorf("mode must be password or passwordless (received: %q)", s.Mode))
	}
	for _, u := range []struct{ name, value string }{{"endpoint", s.Endpoint}, {"inboxUrl", s.InboxURL}} {
		parsed, err := url.Parse(u.value)
		if u.value != "" && (err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "") {
			errs = append(errs, fmt.Errorf("%s must be an http or https URL (received: %q)", u.name, u.value))
		}
	}
	if s.RememberDevices < 0 || s.RememberDevices > 90 {
		errs = append(errs, fmt.Errorf("rememberDevices must be 0 to 90 days (received: %d)", s.RememberDevices))
	}
	if s.Recovery != "" && s.Recovery != "email" && s.Recovery != "administrator" {
		errs = append(errs, fmt.Errorf("recovery must be email or administrator (received: %q)", s.Recovery))
	}
	if s.PasswordLength < 0 || s.PasswordLength > 99 {
		errs = append(errs, fmt.Errorf("passwordLength must be 0 to 99 (received: %d)", s.PasswordLength))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the sign-in page's settings: %w", err)
	}
	return nil
}

// API returns the origin of the user pool's API: s.Endpoint, or AWS's in the pool's Region.
func (s Settings) API() string {
	if s.Endpoint != "" {
		return s.Endpoint
	}
	region, _, _ := strings.Cut(s.UserPoolID, "_")
	return API(region)
}

// API returns the origin of AWS's API for the user pools of a Region.
func API(region string) string {
	return "https://" + partition.Host("cognito-idp", region, false) + "/"
}
