package stacks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// ContextKey is the key in cdk.json's context that holds the environments.
const ContextKey = "emailotp"

// An Environment is one deployment: a stack of its own, with its own pool.
type Environment struct {
	// Name is the environment's key in the context; the stack is EmailOtp-<Name>.
	Name string
	// Region is the AWS Region. Required.
	Region string
	// Account is the AWS account id; empty for the current credentials'.
	Account string
	// Mode is how people sign in. Required.
	Mode emailotp.Mode
	// Sender is the address that mails the codes. Required.
	Sender string
	// SenderIdentity is what SES verifies: "address" (the default) or "domain".
	SenderIdentity string
	// HostedZoneID is the Route 53 zone of the sender's domain, for its DNS records; empty for none.
	HostedZoneID string
	// SenderName, ReplyTo, ProductName, SupportAddress and DefaultLocale are the props of the same
	// names; nil for their defaults.
	SenderName, ReplyTo, ProductName, SupportAddress, DefaultLocale *string
	// CodeLength, MaxAttempts and GuessBurst are the props of the same names; nil for their defaults.
	CodeLength, MaxAttempts, GuessBurst *float64
	// CodeTTL and GuessRefill are the props of the same names, whole seconds; zero for their defaults.
	CodeTTL, GuessRefill time.Duration
	// VerifiedMailsPerHour, UnverifiedMailsPerHour and UnknownMailsPerHour are the props of the same
	// names; nil for their defaults.
	VerifiedMailsPerHour, UnverifiedMailsPerHour, UnknownMailsPerHour *float64
	// MailUnverifiedAddresses is the prop of the same name.
	MailUnverifiedAddresses *bool
	// SelfSignUp lets people sign up by themselves; nil for the mode's default.
	SelfSignUp *bool
	// MemorySize is the functions' memory in MiB; nil for the default.
	MemorySize *float64
	// LogRetentionDays is how long logs are kept; zero for the default.
	LogRetentionDays int
	// RemovalPolicy is "retain" (the default) or "destroy".
	RemovalPolicy string
	// SignInPage hosts the sign-in page on S3 and CloudFront.
	SignInPage bool
	// SignInPageDomain is the page's domain, such as login.example.com; empty for CloudFront's own. Below
	// the sender's domain, and with its HostedZoneID, it gets its DNS records.
	SignInPageDomain string
	// SignInPageCertificateARN is the domain's certificate, which CloudFront wants in us-east-1.
	SignInPageCertificateARN string
}

// Environments reads what cdk.json says under [ContextKey]: an object of environments by name. With
// stage it returns that one alone; mode, if any, replaces the mode of those returned. Both come
// from the command line (-c stage=prod -c mode=passwordless).
//
// The error lists every problem of every environment, whether selected or not, each with its path,
// the value given and what is allowed.
func Environments(context, stage, mode any) ([]Environment, error) {
	r := &reader{}
	environments := r.environments(context)
	selected := r.selected(environments, stage)
	r.override(selected, mode)
	if err := r.err(); err != nil {
		return nil, err
	}
	return selected, nil
}

func (r *reader) environments(context any) []Environment {
	if context == nil {
		r.add("cdk.json: context %q is missing; add an object of environments, such as {\"dev\": {\"region\": \"eu-west-1\", \"mode\": \"passwordless\", \"sender\": \"no-reply@example.com\"}}", ContextKey)
		return nil
	}
	object, ok := context.(map[string]any)
	if !ok || len(object) == 0 {
		r.add("cdk.json: context %q must be an object of environments with at least one (received: %s)", ContextKey, shown(context))
		return nil
	}
	var environments []Environment
	for _, name := range sortedKeys(object) {
		environments = append(environments, r.environment(name, object[name]))
	}
	return environments
}

// selected returns the environment called stage, or all.
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
		r.add("-c stage=%v: no such environment%s; context %q has %s", stage, suggestion(fmt.Sprint(stage), names), ContextKey, strings.Join(names, ", "))
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
		selected[i].Mode = emailotp.Mode(fmt.Sprint(mode))
	}
}

// err joins the problems, sorted.
func (r *reader) err() error {
	slices.SortFunc(r.problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(r.problems...)
}
