package userpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// User is a user of the pool, as a test or an operator sees it.
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
	// Username is the name in a pool whose users don't sign up with an address;
	// empty means Email.
	Username string
	// Email is the address; it becomes the attribute and the sign-in name.
	Email string
	// Password is the password; empty means one that nobody knows.
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
	a, ok := p.users.find(usernameOrAlias)
	if !ok {
		return User{}, false
	}
	return a.export(), true
}

// Users returns every user in the order of creation.
func (p *Pool) Users() []User {
	all := p.users.all()
	out := make([]User, len(all))
	for i, a := range all {
		out[i] = a.export()
	}
	return out
}

// CreateUser puts a user into the pool as it is, without trigger, mail or
// password policy: for seeding. The error says which name is taken.
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
	a := p.newAccount(cmp.Or(spec.Username, spec.Email), attrs)
	switch {
	case spec.Unconfirmed:
		a.status = statusUnconfirmed
	case spec.Temporary:
		a.status = statusForceChange
		a.passwordExpires = p.temporaryExpiry()
	default:
		a.status = statusConfirmed
	}
	p.setPassword(a, cmp.Or(spec.Password, p.unknownPassword()))
	u := a.export()
	if !p.users.add(a, false) {
		return User{}, fmt.Errorf("a user with the name or address of this one exists already: %w", errUsernameExists())
	}
	return u, nil
}

// checkSpec refuses a user whom nobody could name, or whose address is none.
func (p *Pool) checkSpec(spec UserSpec) error {
	if spec.Email != "" && !isEmail(spec.Email) {
		return fmt.Errorf("user with the email %q, which is no address; use one such as \"alice@example.com\"", spec.Email)
	}
	if spec.Email == "" && (spec.Username == "" || slices.Contains(p.cfg.UsernameAttributes, "email")) {
		return errors.New("user without a name to sign in by; set UserSpec.Email, or Username in a pool that signs users in by name")
	}
	return nil
}
