package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The user that a newcomer signs in as. The password guards nothing: the pool is
// on a loopback address and gone with the process. It meets the construct's
// password policy.
const (
	defaultUser     = "user@example.com"
	defaultPassword = "Sandbox-password-1"
)

// seeded is a user with the password that is to be shown.
type seeded struct {
	Email     string `json:"email"`
	Password  string `json:"password,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`
}

// parseUser reads EMAIL[:PASSWORD[:temporary]]. A password may hold colons.
func parseUser(arg string) (seeded, error) {
	email, password, given := strings.Cut(arg, ":")
	u := seeded{Email: email}
	u.Password, u.Temporary = strings.CutSuffix(password, ":temporary")
	a, err := mail.ParseAddress(email)
	switch {
	case err != nil || a.Address != email:
		return seeded{}, fmt.Errorf("--user must be EMAIL[:PASSWORD[:temporary]] with an address like user@example.com (received: %q)", redact(email, given))
	case given && u.Password == "":
		return seeded{}, fmt.Errorf("--user %s: there is no password behind the colon; leave the colon out for the default one", email)
	case u.Password == "temporary" && !u.Temporary:
		return seeded{}, fmt.Errorf("--user %s:temporary has no password; write %s:PASSWORD:temporary", email, email)
	}
	return u, nil
}

// redact keeps a password that follows a wrong address out of an error.
func redact(email string, password bool) string {
	if password {
		return email + ":..."
	}
	return email
}

// createUsers puts the users of the flags into the pool, or the default one.
func (d *dev) createUsers(ctx context.Context, sb *sandbox.Sandbox) ([]seeded, error) {
	password := sb.Config().Mode == "password"
	if len(d.flags.users) == 0 {
		u := seeded{Email: defaultUser}
		if password {
			u.Password = defaultPassword
		}
		if err := create(ctx, sb, u); err != nil {
			// The app's own password policy is no reason not to start.
			d.warn("%v; name users of your own by --user EMAIL:PASSWORD", err)
			return nil, nil
		}
		return []seeded{u}, nil
	}
	var all []seeded
	for _, arg := range d.flags.users {
		u, err := parseUser(arg)
		if err != nil {
			return nil, err
		}
		if password && u.Password == "" {
			u.Password = defaultPassword
		}
		if err := create(ctx, sb, u); err != nil {
			return nil, fmt.Errorf("--user %s: %w", u.Email, err)
		}
		all = append(all, u)
	}
	return all, nil
}

func create(ctx context.Context, sb *sandbox.Sandbox, u seeded) error {
	_, err := sb.CreateUser(ctx, sandbox.User{Email: u.Email, Password: u.Password, Temporary: u.Temporary})
	return err
}
