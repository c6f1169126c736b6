package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/announce"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// defaultPassword protects nothing: the pool listens on a loopback address and ends with the
// process. It meets the construct's password policy.
const defaultPassword = "Sandbox-password-1"

// parseUser reads EMAIL[:PASSWORD[:temporary]]. A password may hold colons.
func parseUser(arg string) (announce.User, error) {
	email, password, given := strings.Cut(arg, ":")
	address, err := signin.Address(email)
	u := announce.User{Email: address}
	u.Password, u.Temporary = strings.CutSuffix(password, ":temporary")
	switch {
	case err != nil:
		return announce.User{}, fmt.Errorf("--user must be EMAIL[:PASSWORD[:temporary]] with an address like "+
			"user@example.com (received: %q)", redact(email, given))
	case given && u.Password == "":
		return announce.User{}, fmt.Errorf("--user %s: there is no password behind the colon; "+
			"leave the colon out for the default one", email)
	case u.Password == "temporary" && !u.Temporary:
		return announce.User{}, fmt.Errorf("--user %s:temporary has no password; write %s:PASSWORD:temporary", email, email)
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
func (d *dev) createUsers(ctx context.Context, sb *sandbox.Sandbox) ([]announce.User, error) {
	password := string(sb.Config().Mode) == signin.Password
	if len(d.flags.users) == 0 {
		u := announce.User{Email: announce.DefaultUser}
		if password {
			u.Password = defaultPassword
		}
		if err := create(ctx, sb, u); err != nil {
			// The app's own password policy may refuse the default password.
			d.warn("%v; name users of your own by --user EMAIL:PASSWORD", err)
			return nil, nil
		}
		return []announce.User{u}, nil
	}
	var all []announce.User
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

func create(ctx context.Context, sb *sandbox.Sandbox, u announce.User) error {
	_, err := sb.CreateUser(ctx, sandbox.User{Email: u.Email, Password: u.Password, Temporary: u.Temporary})
	return err
}
