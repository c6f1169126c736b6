// Package config describes a user pool and its app clients as a template does.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// Trigger is a key of a user pool's LambdaConfig.
type Trigger string

// The triggers that the sandbox runs.
const (
	DefineAuthChallenge         Trigger = "DefineAuthChallenge"
	CreateAuthChallenge         Trigger = "CreateAuthChallenge"
	VerifyAuthChallengeResponse Trigger = "VerifyAuthChallengeResponse"
	PreSignUp                   Trigger = "PreSignUp"
	PreTokenGeneration          Trigger = "PreTokenGeneration"
	PreAuthentication           Trigger = "PreAuthentication"
	PostAuthentication          Trigger = "PostAuthentication"
	PostConfirmation            Trigger = "PostConfirmation"
	CustomMessage               Trigger = "CustomMessage"
)

// Triggers lists every trigger that the sandbox runs.
func Triggers() []Trigger {
	return []Trigger{
		DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallengeResponse, PreSignUp,
		PreTokenGeneration, PreAuthentication, PostAuthentication, PostConfirmation,
		CustomMessage,
	}
}

// Pool is a user pool as a template describes it.
type Pool struct {
	// Region is the AWS region that the pool pretends to be in, such as "eu-west-1".
	Region string
	// Account is the AWS account id in the pool's ARN; empty means 123456789012.
	Account string
	// ID is the pool's id: the region, "_", and letters and digits, 55 characters at most.
	ID string
	// Name is the pool's name, as DescribeUserPool shows it.
	Name string
	// UsernameAttributes ("email", "phone_number") replace the username at sign-up; the username
	// itself is then a UUID equal to sub.
	UsernameAttributes []string
	// AliasAttributes ("email", "phone_number", "preferred_username") are further names to sign in
	// with; e-mail and telephone must be verified.
	AliasAttributes []string
	// AutoVerifiedAttributes get a verification code at sign-up and when they change.
	AutoVerifiedAttributes []string
	// UsernameCaseSensitive makes "A@example.com" another user than "a@example.com".
	UsernameCaseSensitive bool
	// MFAConfiguration is "OFF", "OPTIONAL", "ON" or empty. Native MFA isn't emulated.
	MFAConfiguration string
	// RecoveryMechanisms are the names in AccountRecoverySetting, in order of priority:
	// "verified_email", "verified_phone_number", "admin_only". Empty means a verified telephone,
	// then a verified address.
	RecoveryMechanisms []string
	// AdminCreateUserOnly refuses SignUp.
	AdminCreateUserOnly bool
	// AttributesRequireVerificationBeforeUpdate keep their old value until the new one is proven.
	AttributesRequireVerificationBeforeUpdate []string
	// PasswordPolicy is what a new password must hold.
	PasswordPolicy PasswordPolicy
	// TemporaryPasswordValidityDays is how many days a temporary password works; 0 means 7.
	TemporaryPasswordValidityDays int
	// MailsByOwnIdentity is true for EmailSendingAccount DEVELOPER. Cognito refuses mails of
	// CustomMessage otherwise.
	MailsByOwnIdentity bool
	// Schema lists custom attributes and changes to the standard ones.
	Schema []Attribute
	// Triggers is true for each trigger that the pool has.
	Triggers map[Trigger]bool
	// TriggerARNs are their functions, for DescribeUserPool alone; one that is absent has a name
	// that is made up.
	TriggerARNs map[Trigger]string
	// TokenVersion is the version of PreTokenGeneration's events: "V1_0", "V2_0" or "V3_0"; empty
	// means V1_0.
	TokenVersion string
	// Clients are the pool's app clients.
	Clients []Client
	// Description is DescribeUserPool's UserPool of a pool that no template creates; nil for one
	// that a template does.
	Description map[string]any
	// DeviceTracking is true where the template has a DeviceConfiguration. Devices aren't emulated.
	DeviceTracking bool
}

// PasswordPolicy is what a password must hold. MinimumLength 0 means 8.
type PasswordPolicy struct {
	MinimumLength    int
	RequireLowercase bool
	RequireUppercase bool
	RequireNumbers   bool
	RequireSymbols   bool
}

// DefaultPasswordPolicy is Cognito's own policy: eight characters of all four kinds.
func DefaultPasswordPolicy() PasswordPolicy {
	return PasswordPolicy{
		MinimumLength: defaultPasswordLength, RequireLowercase: true, RequireUppercase: true,
		RequireNumbers: true, RequireSymbols: true,
	}
}

// Attribute is one attribute of the schema. A Name that is no standard attribute gets the prefix
// "custom:" unless it has it.
type Attribute struct {
	Name string
	// Type is "String", "Number", "Boolean" or "DateTime"; empty means String.
	Type     string
	Mutable  bool
	Required bool
}

// Client is an app client of the pool.
type Client struct {
	// ID and Name identify the client.
	ID, Name string
	// Secret is the client's secret; empty for a public client.
	Secret string
	// ExplicitAuthFlows lists the sign-in flows; nil means SRP, custom and refresh.
	ExplicitAuthFlows []string
	// PreventUserExistenceErrors is true for ENABLED, false for LEGACY.
	PreventUserExistenceErrors bool
	// AuthSessionValidity is how long a Session string lives: 3 to 15 minutes, 0 means 3.
	AuthSessionValidity time.Duration
	// AccessTokenValidity and IDTokenValidity are 5 minutes to 1 day, 0 means 1 hour.
	AccessTokenValidity, IDTokenValidity time.Duration
	// RefreshTokenValidity is 1 hour to 10 years, 0 means 30 days.
	RefreshTokenValidity time.Duration
	// EnableTokenRevocation puts origin_jti into the tokens and allows RevokeToken.
	EnableTokenRevocation bool
	// ReadAttributes and WriteAttributes are what the client may read and write; nil means the
	// standard ones.
	ReadAttributes, WriteAttributes []string
	// Description are further members of DescribeUserPoolClient's UserPoolClient, all of them for a
	// client that no template creates, without a secret.
	Description map[string]any
	// RefreshTokenRotation is nil where refresh tokens don't rotate.
	RefreshTokenRotation *RefreshTokenRotation
}

// RefreshTokenRotation replaces a refresh token each time it is used.
type RefreshTokenRotation struct {
	// RetryGracePeriod is how long the replaced token still works, 0 to 60 seconds.
	RetryGracePeriod time.Duration
}

const (
	defaultAccount             = "123456789012"
	defaultAuthSessionValidity = 3 * time.Minute
	defaultTokenValidity       = time.Hour
	defaultRefreshValidity     = 30 * 24 * time.Hour
	defaultTemporaryDays       = 7
	defaultPasswordLength      = 8
)

// The patterns of ids in the service's API model.
var (
	PoolID   = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)
	ClientID = regexp.MustCompile(`^[\w+]+$`)
)

// WithDefaults returns a copy of cfg in which Cognito's defaults replace zero values.
func (cfg Pool) WithDefaults() Pool {
	cfg.Account = cmp.Or(cfg.Account, defaultAccount)
	cfg.PasswordPolicy.MinimumLength = cmp.Or(cfg.PasswordPolicy.MinimumLength, defaultPasswordLength)
	cfg.TemporaryPasswordValidityDays = cmp.Or(cfg.TemporaryPasswordValidityDays, defaultTemporaryDays)
	if len(cfg.RecoveryMechanisms) == 0 {
		cfg.RecoveryMechanisms = []string{"verified_phone_number", "verified_email"}
	}
	cfg.Clients = slices.Clone(cfg.Clients)
	for i := range cfg.Clients {
		c := &cfg.Clients[i]
		c.AuthSessionValidity = cmp.Or(c.AuthSessionValidity, defaultAuthSessionValidity)
		c.AccessTokenValidity = cmp.Or(c.AccessTokenValidity, defaultTokenValidity)
		c.IDTokenValidity = cmp.Or(c.IDTokenValidity, defaultTokenValidity)
		c.RefreshTokenValidity = cmp.Or(c.RefreshTokenValidity, defaultRefreshValidity)
	}
	return cfg
}

// Validate reports everything in cfg that no live pool has.
func (cfg Pool) Validate() error {
	var errs []error
	if cfg.Region == "" {
		errs = append(errs, errors.New("the user pool has no region; set Config.Region to one such as \"eu-west-1\""))
	}
	if len(cfg.ID) > 55 || !PoolID.MatchString(cfg.ID) {
		errs = append(errs, fmt.Errorf("user pool id %q is no pool id; use a region, \"_\" and letters and digits, "+
			"such as \"eu-west-1_TestPool1\"", cfg.ID))
	}
	if cfg.PasswordPolicy.MinimumLength < 6 || cfg.PasswordPolicy.MinimumLength > 99 {
		errs = append(errs, fmt.Errorf("password policy asks for at least %d characters; Cognito allows 6 to 99",
			cfg.PasswordPolicy.MinimumLength))
	}
	if v := cfg.TokenVersion; !slices.Contains([]string{"", "V1_0", "V2_0", "V3_0"}, v) {
		errs = append(errs, fmt.Errorf("PreTokenGeneration has the version %q; Cognito has V1_0, V2_0 and V3_0", v))
	}
	seen := map[string]bool{}
	for _, c := range cfg.Clients {
		if seen[c.ID] {
			errs = append(errs, fmt.Errorf("two app clients have the id %q; give each its own", c.ID))
		}
		seen[c.ID] = true
		errs = append(errs, c.validate()...)
	}
	return errors.Join(errs...)
}

func (c Client) validate() []error {
	var errs []error
	if len(c.ID) > 128 || !ClientID.MatchString(c.ID) {
		errs = append(errs, fmt.Errorf("app client id %q is no client id; use 1 to 128 letters, digits, \"_\" and \"+\"",
			c.ID))
	}
	within := func(name string, d, low, high time.Duration) {
		if d < low || d > high {
			errs = append(errs, fmt.Errorf("app client %q: %s is %v; Cognito allows %v to %v", c.ID, name, d, low, high))
		}
	}
	const day = 24 * time.Hour
	within("AuthSessionValidity", c.AuthSessionValidity, 3*time.Minute, 15*time.Minute)
	within("AccessTokenValidity", c.AccessTokenValidity, 5*time.Minute, day)
	within("IDTokenValidity", c.IDTokenValidity, 5*time.Minute, day)
	within("RefreshTokenValidity", c.RefreshTokenValidity, time.Hour, 3650*day)
	if c.RefreshTokenRotation != nil {
		within("RetryGracePeriod", c.RefreshTokenRotation.RetryGracePeriod, 0, time.Minute)
	}
	return errs
}

// ARN returns the pool's Amazon Resource Name.
func (cfg Pool) ARN() string {
	return "arn:" + partition.Name(cfg.Region) + ":cognito-idp:" + cfg.Region + ":" + cfg.Account + ":userpool/" + cfg.ID
}

// Validity returns how long tokens are valid by a number and its unit in TokenValidityUnits, or by
// Cognito's unit where that is empty; 0 for Cognito's default.
func Validity(number int, unit, preset string) time.Duration {
	n := time.Duration(number)
	switch cmp.Or(unit, preset) {
	case "seconds":
		return n * time.Second
	case "minutes":
		return n * time.Minute
	case "days":
		return n * 24 * time.Hour
	}
	return n * time.Hour
}

// Allows reports whether the client has a flow. A client without any ALLOW_ value is of the older
// kind: it has SRP, custom and refresh, unless CUSTOM_AUTH_FLOW_ONLY excludes SRP.
func (c *Client) Allows(flow string) bool {
	has := func(value string) bool { return slices.Contains(c.ExplicitAuthFlows, value) }
	isModern := slices.ContainsFunc(c.ExplicitAuthFlows, func(v string) bool { return strings.HasPrefix(v, "ALLOW_") })
	switch flow {
	case "CUSTOM_AUTH":
		return !isModern || has("ALLOW_CUSTOM_AUTH")
	case "USER_SRP_AUTH":
		return !isModern && !has("CUSTOM_AUTH_FLOW_ONLY") || has("ALLOW_USER_SRP_AUTH")
	case "REFRESH_TOKEN", "REFRESH_TOKEN_AUTH":
		// With rotation only GetTokensFromRefreshToken renews tokens.
		return c.RefreshTokenRotation == nil && (!isModern || has("ALLOW_REFRESH_TOKEN_AUTH"))
	case "USER_PASSWORD_AUTH":
		return has("USER_PASSWORD_AUTH") || has("ALLOW_USER_PASSWORD_AUTH")
	case "ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH":
		return has("ADMIN_NO_SRP_AUTH") || has("ALLOW_ADMIN_USER_PASSWORD_AUTH")
	}
	return false
}
