// Package accounts is what a person on call may look at and do about one user of a deployed pool:
// the user as Cognito lists it, and the item with the budgets in EmailOTP's table. The item's key,
// the arithmetic of the budgets and the writes are those of package guard, which the functions use.
//
// It lists users and never calls AdminGetUser: that makes a user billable for the month.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// Accounts are the users of a pool with an EmailOTP.
type Accounts struct {
	// API calls AWS, EmailOTP is what is deployed.
	API      *awsapi.Client
	EmailOTP *deployed.EmailOTP
	// Now is the clock; nil is the machine's.
	Now func() time.Time

	store dynamo.Operator
}

// New returns the users of an EmailOTP. The error names what of it could not be read.
func New(api *awsapi.Client, e *deployed.EmailOTP) (*Accounts, error) {
	if e.PoolID == "" || e.Settings.TableName == "" || e.Settings.KeyARN == "" {
		return nil, errors.Join(append([]error{fmt.Errorf("the settings of stack %s's functions could not be read", e.Stack)},
			append(e.Problems, failed(e)...)...)...)
	}
	return &Accounts{API: api, EmailOTP: e, Now: time.Now,
		store: dynamo.Operator{Store: dynamo.New(table{api}, e.Settings.TableName)}}, nil
}

func failed(e *deployed.EmailOTP) (all []error) {
	for _, f := range e.Functions {
		if f.Err != nil {
			all = append(all, f.Err)
		}
	}
	return all
}

// User is a user as Cognito lists it.
type User struct {
	// Username is the name for Cognito's operations, which may be an address; it is not shown.
	Username string `json:"-"`
	Sub      string `json:"sub"`
	// Email is not shown either: [mail.Mask] shortens it.
	Email    string `json:"-"`
	Verified bool   `json:"emailVerified"`
	// Status is Cognito's, such as "CONFIRMED"; Enabled is false after AdminDisableUser.
	Status  string    `json:"status"`
	Enabled bool      `json:"enabled"`
	Created time.Time `json:"created"`
}

// Account is a user with the item in the table.
type Account struct {
	User
	// Key is the item's key, Item what it holds.
	Key  string     `json:"-"`
	Item guard.Item `json:"-"`
}

var subPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// CheckName accepts an address or a sub. The error has neither.
func CheckName(name string) error {
	if subPattern.MatchString(name) {
		return nil
	}
	if _, err := signin.Address(name); err != nil {
		return errors.New("the user must be an e-mail address such as user@example.com, or a sub " +
			"such as 1f0c9d3e-7c1b-4a58-9a3e-2f6d4b8e5c70")
	}
	return nil
}

// Find returns the one user with an address or a sub, with the item in the table.
func (a *Accounts) Find(ctx context.Context, name string) (*Account, error) {
	u, err := a.user(ctx, name)
	if err != nil {
		return nil, err
	}
	account := &Account{User: *u, Key: guard.Key(a.EmailOTP.PoolID, u.Sub)}
	if account.Item, err = a.store.Read(ctx, account.Key); err != nil {
		return nil, fmt.Errorf("the account's item in table %s: %w", a.EmailOTP.Settings.TableName, err)
	}
	return account, nil
}

// user looks for a sub, or for an address as it was typed and then in lower case: Cognito compares
// attributes by case. Where user names of another case are other names, an address of another case
// may be another person's, so only the address as it was typed counts.
func (a *Accounts) user(ctx context.Context, name string) (*User, error) {
	if subPattern.MatchString(name) {
		return a.one(ctx, "sub", name)
	}
	address, err := signin.Address(name)
	if err != nil {
		return nil, err
	}
	u, err := a.one(ctx, "email", address)
	if a.EmailOTP.Settings.CaseSensitiveNames {
		if err == nil && u.Email != address {
			return nil, ErrNoUser
		}
		return u, err
	}
	if lower := strings.ToLower(address); errors.Is(err, ErrNoUser) && lower != address {
		return a.one(ctx, "email", lower)
	}
	return u, err
}

// ErrNoUser reports that the pool has no such user.
var ErrNoUser = errors.New("the user pool has no such user")

func (a *Accounts) one(ctx context.Context, attribute, value string) (*User, error) {
	var answer struct {
		Users []struct {
			Username, UserStatus string
			Enabled              bool
			UserCreateDate       float64
			Attributes           []struct{ Name, Value string }
		}
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	err := a.API.JSON(ctx, awsapi.Cognito, "ListUsers", map[string]any{"UserPoolId": a.EmailOTP.PoolID, "Limit": 10,
		"Filter": fmt.Sprintf(`%s = "%s"`, attribute, quoted)}, &answer)
	if err != nil {
		return nil, err
	}
	var subs []string
	var found User
	for _, u := range answer.Users {
		found = User{Username: u.Username, Status: u.UserStatus, Enabled: u.Enabled,
			Created: time.UnixMilli(int64(u.UserCreateDate * 1000)).UTC()}
		for _, at := range u.Attributes {
			switch at.Name {
			case "sub":
				found.Sub = at.Value
			case "email":
				found.Email = at.Value
			case "email_verified":
				found.Verified = at.Value == "true"
			}
		}
		subs = append(subs, found.Sub)
	}
	switch len(subs) {
	case 0:
		return nil, ErrNoUser
	case 1:
		return &found, nil
	}
	return nil, fmt.Errorf("%d users have this address; give the sub of one: %s", len(subs), strings.Join(subs, ", "))
}
