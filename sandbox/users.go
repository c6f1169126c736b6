package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// User is a user to create in the pool.
type User struct {
	// Email is the address and, in a pool with e-mail sign-in, the user name.
	Email string
	// Password is the permanent password, or with Temporary the temporary one. Empty is a random
	// one.
	Password string
	// Temporary makes the user change Password at the first sign-in.
	Temporary bool
	// Unverified leaves email_verified false.
	Unverified bool
	// Unconfirmed leaves the user as SignUp without confirmation does.
	Unconfirmed bool
	// Attributes are further attributes, such as "locale" or "custom:team".
	Attributes map[string]string
}

func (u User) validate() error {
	a, err := mail.ParseAddress(u.Email)
	if err != nil || a.Address != u.Email {
		return fmt.Errorf("Email must be one address such as user@example.com (received: %q)", u.Email)
	}
	if u.Temporary && u.Password == "" {
		return errors.New("Temporary needs a Password that the user is to change")
	}
	return nil
}

// UserState is a user as the pool stores it. Username is the internal name, equal to Sub in a pool
// with e-mail sign-in. Sub is the unchanging id. Attributes are those of AdminGetUser, with sub.
// Enabled is false after AdminDisableUser. Status is Cognito's UserStatus, such as "CONFIRMED".
type UserState = userpool.User

// CreateUser adds a user to the pool without triggers, password policy or mail. A name that is
// taken is an error.
func (s *Sandbox) CreateUser(ctx context.Context, u User) (UserState, error) {
	if err := u.validate(); err != nil {
		return UserState{}, fmt.Errorf("creating a user: %w", err)
	}
	created, err := s.pool.CreateUser(ctx, userpool.UserSpec{
		Email: u.Email, Password: u.Password, Temporary: u.Temporary,
		EmailVerified: !u.Unverified, Unconfirmed: u.Unconfirmed, Attributes: u.Attributes,
	})
	if err != nil {
		return UserState{}, fmt.Errorf("creating a user: %w", err)
	}
	return created, nil
}

// User finds a user by user name or alias.
func (s *Sandbox) User(name string) (UserState, bool) { return s.pool.User(name) }

// Users lists all users in the order of their creation.
func (s *Sandbox) Users() []UserState { return s.pool.Users() }

// SelfSignUp reports whether the pool accepts SignUp.
func (s *Sandbox) SelfSignUp() bool { return !s.plan.Pool.AdminCreateUserOnly }

// PasswordRecovery returns the way back in for a user who forgot the password: "email" where the
// pool resets passwords by e-mail, otherwise "administrator".
func (s *Sandbox) PasswordRecovery() string {
	if slices.Contains(s.plan.Pool.RecoveryMechanisms, "verified_email") {
		return "email"
	}
	return "administrator"
}

// configureHelp sets whether clients offer to remember a device, and how users recover.
func (s *Sandbox) configureHelp() {
	for _, f := range s.plan.Functions {
		if f.Folder == string(settings.CreateAuthChallenge) {
			s.config.RememberDevices, _ = strconv.Atoi(f.Environment["EMAILOTP_REMEMBER_DEVICES"])
			s.config.SupportAddress = f.Environment["EMAILOTP_SUPPORT_ADDRESS"]
		}
	}
	if way := s.PasswordRecovery(); way == "email" && s.config.Mode == settings.Password {
		s.config.Recovery = way
	}
}

// PasswordRules returns the kinds of characters that the pool requires in a password, of "upper",
// "lower", "digit" and "symbol".
func (s *Sandbox) PasswordRules() []string {
	p := s.plan.Pool.PasswordPolicy
	rules := []string{}
	for _, r := range []struct {
		name     string
		required bool
	}{{"upper", p.RequireUppercase}, {"lower", p.RequireLowercase}, {"digit", p.RequireNumbers},
		{"symbol", p.RequireSymbols}} {
		if r.required {
			rules = append(rules, r.name)
		}
	}
	return rules
}

// MinimumPasswordLength returns the length of the pool's shortest password, in characters.
func (s *Sandbox) MinimumPasswordLength() int { return s.plan.Pool.PasswordPolicy.MinimumLength }
