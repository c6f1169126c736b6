package sandbox

import (
	"context"
	"fmt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// CreateUser puts a user into the pool as it is, without asking the triggers,
// the password policy or anybody's mailbox. A name that is taken is an error.
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
	return UserState(created), nil
}

// User finds a user by user name or alias.
func (s *Sandbox) User(name string) (UserState, bool) {
	u, ok := s.pool.User(name)
	return UserState(u), ok
}

// Users lists all users.
func (s *Sandbox) Users() []UserState {
	var all []UserState
	for _, u := range s.pool.Users() {
		all = append(all, UserState(u))
	}
	return all
}
