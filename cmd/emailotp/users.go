package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The user that `dev` creates without --user. The password protects nothing: the pool listens on a
// loopback address and ends with the process. It meets the construct's password policy.
const (
	defaultUser     = "user@example.com"
	defaultPassword = "Sandbox-password-1"
)

// seeded is a user whom `dev` creates, with the password that it prints.
type seeded struct {
	Email     string `json:"email"`
	Password  string `json:"password,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`
}

// parseUser reads EMAIL[:PASSWORD[:temporary]]. A password may hold colons.
func parseUser(arg string) (seeded, error) {
	email, password, given := strings.Cut(arg, ":")
	address, err := signin.Address(email)
	u := seeded{Email: address}
	u.Password, u.Temporary = strings.CutSuffix(password, ":temporary")
	switch {
	case err != nil:
		return seeded{}, fmt.Errorf("--user must be EMAIL[:PASSWORD[:temporary]] with an address like user@example.com "+
			"(received: %q)", redact(email, given))
	case given && u.Password == "":
		return seeded{}, fmt.Errorf("--user %s: there is no password behind the colon; "+
			"leave the colon out for the default one", email)
	case u.Password == "temporary" && !u.Temporary:
		return seeded{}, fmt.Errorf("--user %s:temporary has no password; write %s:PASSWORD:temporary", email, email)
	}
	return u, nil
}

// redact returns what an error may show of a wrong address and the password behind it.
func redact(email string, password bool) string {
	if password {
		return email + ":..."
	}
	return email
}

// createUsers creates the users of the flags in the pool, or the default one.
func (d *dev) createUsers(ctx context.Context, sb *sandbox.Sandbox) ([]seeded, error) {
	password := string(sb.Config().Mode) == signin.Password
	if len(d.flags.users) == 0 {
		u := seeded{Email: defaultUser}
		if password {
			u.Password = defaultPassword
		}
		if err := create(ctx, sb, u); err != nil {
			// The app's own password policy may refuse the default password.
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
