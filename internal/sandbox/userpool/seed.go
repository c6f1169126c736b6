package userpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// User is a user of the pool for tests and operators.
type User struct {
	// Username is the internal name, a UUID where users sign up with an attribute.
	Username string
	// Sub is the user's identifier in tokens.
	Sub string
	// Attributes hold all attributes, sub included, as strings.
	Attributes map[string]string
	// Enabled is false after AdminDisableUser.
	Enabled bool
	// Status is UNCONFIRMED, CONFIRMED, FORCE_CHANGE_PASSWORD or RESET_REQUIRED.
	Status string
}

// UserSpec describes a user to create without any trigger, mail or policy.
type UserSpec struct {
	// Username is the name in a pool whose users don't sign up with an address; empty means Email.
	Username string
	// Email is the address; it becomes the attribute and the sign-in name.
	Email string
	// Password is the password; empty means a random one.
	Password string
	// Temporary leaves the user in FORCE_CHANGE_PASSWORD.
	Temporary bool
	// EmailVerified sets email_verified.
	EmailVerified bool
	// Attributes are further attributes.
	Attributes map[string]string
	// Unconfirmed leaves the user in UNCONFIRMED.
	Unconfirmed bool
}

// User returns the user with the given username, sub or alias.
func (p *Pool) User(usernameOrAlias string) (User, bool) {
	a, ok := p.users.Find(usernameOrAlias)
	if !ok {
		return User{}, false
	}
	return export(a), true
}

// Users returns every user in the order of creation.
func (p *Pool) Users() []User {
	all := p.users.All()
	out := make([]User, len(all))
	for i, a := range all {
		out[i] = export(a)
	}
	return out
}

// CreateUser adds a user without trigger, mail or password policy. A name that is taken is an
// error.
func (p *Pool) CreateUser(_ context.Context, spec UserSpec) (User, error) {
	if err := p.checkSpec(spec); err != nil {
		return User{}, err
	}
	attrs := map[string]string{}
	maps.Copy(attrs, spec.Attributes)
	if spec.Email != "" {
		attrs["email"] = spec.Email
		attrs["email_verified"] = fmt.Sprint(spec.EmailVerified)
	}
	a := p.users.NewAccount(cmp.Or(spec.Username, spec.Email), attrs)
	switch {
	case spec.Unconfirmed:
		a.Status = users.Unconfirmed
	case spec.Temporary:
		a.Status = users.ForceChange
		a.PasswordExpires = p.users.TemporaryExpiry()
	default:
		a.Status = users.Confirmed
	}
	a.Password = p.users.Verifier(a.Username, cmp.Or(spec.Password, random.Text(64)))
	stored, ok := p.users.Add(a, false)
	if !ok {
		return User{}, fmt.Errorf("a user with the name or address of this one exists already: %w", refusal.UsernameExists)
	}
	return export(stored), nil
}

func export(a *users.Account) User {
	return User{Username: a.Username, Sub: a.Sub, Attributes: a.AllAttributes(), Enabled: a.Enabled, Status: a.Status}
}

// checkSpec refuses a user without a name to sign in with, and one with an invalid address.
func (p *Pool) checkSpec(spec UserSpec) error {
	if spec.Email != "" && !users.IsEmail(spec.Email) {
		return fmt.Errorf("user with the email %q, which is no address; use one such as \"alice@example.com\"", spec.Email)
	}
	if spec.Email == "" && (spec.Username == "" || slices.Contains(p.cfg.UsernameAttributes, "email")) {
		return errors.New("user without a name to sign in by; set UserSpec.Email, or Username in a pool that signs users " +
			"in by name")
	}
	return nil
}
