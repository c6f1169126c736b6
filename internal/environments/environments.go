// Package environments reads the environments that cdk.json describes: an object under the context
// key [ContextKey], with a key per deployment. It does not link the CDK, so that the command line
// reads the same environments as the app, by the same rules.
package environments

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// ContextKey is the key in cdk.json's context that holds the environments.
const ContextKey = "emailotp"

// The kinds of SES identity that an environment's sender can have.
const (
	IdentityAddress  = "address"
	IdentityDomain   = "domain"
	IdentityExisting = "existing"
)

// The ways back in for a user of a password pool who forgot the password.
const (
	RecoveryByAdministrator = "administrator"
	RecoveryByEmail         = "email"
)

// An Environment is one deployment: a stack of its own, with its own pool.
type Environment struct {
	// Name is the environment's key in the context; the stack is EmailOtp-<Name>.
	Name string
	// Region is the AWS Region. Required.
	Region string
	// Account is the AWS account id; empty for the current credentials'.
	Account string
	// Settings are the construct's props of the same names, with their defaults filled in. Mode and
	// From (the key "sender") are required.
	Settings settings.Settings
	// SenderIdentity is what SES verifies: "address" (the default), "domain", or "existing" for an
	// identity of the sender's domain or address that the account has already.
	SenderIdentity string
	// SandboxRecipients is the prop of the same name.
	SandboxRecipients bool
	// HostedZoneID is the Route 53 zone of the sender's domain, for its DNS records; empty for
	// none.
	HostedZoneID string
	// KeyGeneration is the prop of the same name, 1 or more.
	KeyGeneration int
	// PasswordRecovery is one of the ways back in; empty for RecoveryByAdministrator.
	PasswordRecovery string
	// SelfSignUp lets users sign up by themselves; nil for the mode's default.
	SelfSignUp *bool
	// MemorySize is the functions' memory in MiB.
	MemorySize int
	// LogRetentionDays is how long logs are kept, one of [LogRetentions]; 0 for the default.
	LogRetentionDays int
	// Destroy deletes pool, key, table and logs with the stack.
	Destroy bool
	// Brand is the prop of the same name; nil for none.
	Brand *brand.Brand
	// SignInPage hosts the sign-in page on S3 and CloudFront.
	SignInPage bool
	// ChangeAddress lets users change their address by a function behind the sign-in page's domain.
	ChangeAddress bool
	// SignInPageDomain is the page's domain, such as login.example.com; empty for CloudFront's own.
	// Below the sender's domain, and with its HostedZoneID, it gets its DNS records.
	SignInPageDomain string
	// SignInPageCertificateARN is the domain's certificate. CloudFront requires it in us-east-1.
	SignInPageCertificateARN string
	// Clients are further app clients, by their name, in the order of their names.
	Clients []Client
}

// Client is a further app client, with the props of the construct's AddClient.
type Client struct {
	Name                     string
	CallbackURLs, LogoutURLs []string
	GenerateSecret           bool
}

// Read reads what cdk.json has under [ContextKey]: an object of environments by name. With stage it
// returns that one alone; mode, if any, replaces the mode of those returned. Both come from the
// command line (-c stage=prod -c mode=passwordless).
//
// The error lists every problem of every environment, whether selected or not, each with its path,
// the value given and what is allowed.
func Read(context, stage, mode any) ([]Environment, error) {
	r := &reader{}
	environments := r.environments(context)
	selected := r.selected(environments, stage)
	r.override(selected, mode)
	if err := r.err(); err != nil {
		return nil, err
	}
	return selected, nil
}

// Context returns what a cdk.json has under [ContextKey]; nil for nothing.
func Context(file string) (any, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var cdk struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(data, &cdk); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return cdk.Context[ContextKey], nil
}

const example = `{"dev": {"region": "eu-west-1", "mode": "passwordless", "sender": "no-reply@example.com"}}`

func (r *reader) environments(context any) []Environment {
	if context == nil {
		r.add("cdk.json: context %q is missing; add an object of environments, such as %s", ContextKey, example)
		return nil
	}
	object, ok := context.(map[string]any)
	if !ok || len(object) == 0 {
		r.add("cdk.json: context %q must be an object of environments with at least one (received: %s)", ContextKey,
			shown(context))
		return nil
	}
	var environments []Environment
	for _, name := range sortedKeys(object) {
		environments = append(environments, r.environment(name, object[name]))
	}
	return environments
}

func (r *reader) selected(all []Environment, stage any) []Environment {
	if stage == nil || stage == "" {
		return all
	}
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name
		if e.Name == stage {
			return []Environment{e}
		}
	}
	if len(all) > 0 {
		r.add("-c stage=%v: no such environment%s; context %q has %s",
			stage, suggestion(fmt.Sprint(stage), names), ContextKey, strings.Join(names, ", "))
	}
	return nil
}

func (r *reader) override(selected []Environment, mode any) {
	if mode == nil || mode == "" {
		return
	}
	if !slices.Contains(modes, fmt.Sprint(mode)) {
		r.add("-c mode=%v: must be one of %s%s", mode, strings.Join(modes, ", "), suggestion(fmt.Sprint(mode), modes))
		return
	}
	for i := range selected {
		selected[i].Settings.Mode = settings.Mode(fmt.Sprint(mode))
	}
}

// err joins the problems, sorted.
func (r *reader) err() error {
	slices.SortFunc(r.problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(r.problems...)
}
