// Package users keeps the users of a user pool: their names, attributes, passwords and codes.
package users

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// The values of UserStatus.
const (
	Unconfirmed   = "UNCONFIRMED"
	Confirmed     = "CONFIRMED"
	ForceChange   = "FORCE_CHANGE_PASSWORD"
	ResetRequired = "RESET_REQUIRED"
)

// Account is a user. Only [Directory.Update] changes a stored account; other methods return copies.
type Account struct {
	// Seq numbers accounts in the order of their creation.
	Seq               uint64
	Username, Sub     string
	Attributes        map[string]string // without sub
	Enabled           bool
	Status            string
	Created, Modified time.Time

	Password srp.Verifier
	// PasswordExpires is when a temporary password stops working; zero for others.
	PasswordExpires time.Time
	// Pending are attribute values that wait for their code.
	Pending map[string]string

	lockout lockout
	codes   map[string]*pendingCode // by purpose
}

func (a *Account) clone() *Account {
	c := *a
	c.Attributes, c.Pending, c.codes = maps.Clone(a.Attributes), maps.Clone(a.Pending), nil
	return &c
}

// AllAttributes returns the attributes with sub.
func (a *Account) AllAttributes() map[string]string {
	m := maps.Clone(a.Attributes)
	m["sub"] = a.Sub
	return m
}

// CanChoosePassword reports whether the user has to choose a new password.
func (a *Account) CanChoosePassword() bool {
	return a.Status == ForceChange || a.Status == ResetRequired
}

// CheckUsable returns an error if the user may not sign in.
func (a *Account) CheckUsable() error {
	switch {
	case !a.Enabled:
		return refusal.UserDisabled
	case a.Status == Unconfirmed:
		return refusal.UserNotConfirmed
	}
	return nil
}

// Directory finds users in constant time by username, sub or alias. Its methods may be called from
// several goroutines at once.
type Directory struct {
	cfg    config.Pool
	schema map[string]attributeRule
	now    func() time.Time

	mu    sync.RWMutex
	next  uint64
	users map[string]*Account
	// names maps every name of a user to the username. A name starts with its kind, so that names
	// of different kinds cannot collide.
	names map[string]string
}

// New returns an empty directory.
func New(cfg config.Pool, now func() time.Time) *Directory {
	return &Directory{
		cfg: cfg, now: now, schema: newSchema(cfg.Schema), users: map[string]*Account{}, names: map[string]string{},
	}
}

// Fold returns a sign-in name in the form in which names are compared.
func (d *Directory) Fold(name string) string {
	if d.cfg.UsernameCaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

func (d *Directory) keys(a *Account) []string {
	keys := []string{"name:" + d.Fold(a.Username), "sub:" + a.Sub}
	for _, attr := range d.cfg.UsernameAttributes {
		if v := a.Attributes[attr]; v != "" {
			keys = append(keys, attr+":"+d.Fold(v))
		}
	}
	for _, attr := range d.cfg.AliasAttributes {
		isProven := attr == "preferred_username" || a.Attributes[attr+"_verified"] == "true"
		if v := a.Attributes[attr]; v != "" && isProven {
			keys = append(keys, attr+":"+d.Fold(v))
		}
	}
	return keys
}

// username returns the username behind any name. The caller holds the lock.
func (d *Directory) username(name string) (string, bool) {
	folded := d.Fold(name)
	for _, key := range []string{"name:" + folded, "sub:" + name, "email:" + folded,
		"phone_number:" + folded, "preferred_username:" + folded} {
		if u, ok := d.names[key]; ok {
			return u, true
		}
	}
	return "", false
}

// Find returns a copy of the user with the given username, sub or alias.
func (d *Directory) Find(name string) (*Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	u, ok := d.username(name)
	if !ok {
		return nil, false
	}
	return d.users[u].clone(), true
}

// taken returns the first key of the account that leads to another user.
func (d *Directory) taken(a *Account) (string, bool) {
	for _, key := range d.keys(a) {
		if u, ok := d.names[key]; ok && u != a.Username {
			return key, true
		}
	}
	return "", false
}

// NewAccount returns an account that is not stored yet. Where users sign up with an attribute the
// username is a UUID equal to sub.
func (d *Directory) NewAccount(username string, attributes map[string]string) *Account {
	now := d.now()
	a := &Account{Sub: random.UUID(), Username: username, Attributes: attributes, Enabled: true,
		Created: now, Modified: now}
	if len(d.cfg.UsernameAttributes) > 0 {
		a.Username = a.Sub
	}
	return a
}

// Add stores a new user and returns a copy, or returns false if another user has one of the names.
// With moveAliases an alias leaves its owner, as in Cognito when a new user's address counts as
// verified.
func (d *Directory) Add(a *Account, moveAliases bool) (*Account, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.names["name:"+d.Fold(a.Username)]; ok {
		return nil, false
	}
	if moveAliases {
		d.dropAliases(a)
	}
	if _, ok := d.taken(a); ok {
		return nil, false
	}
	d.next++
	a.Seq = d.next
	d.users[a.Username] = a
	for _, key := range d.keys(a) {
		d.names[key] = a.Username
	}
	return a.clone(), true
}

// dropAliases makes the aliases of a unverified at their owners. The caller holds the lock.
func (d *Directory) dropAliases(a *Account) {
	for _, attr := range d.cfg.AliasAttributes {
		key := attr + ":" + d.Fold(a.Attributes[attr])
		owner, ok := d.users[d.names[key]]
		if !ok || attr == "preferred_username" || a.Attributes[attr+"_verified"] != "true" {
			continue
		}
		owner.Attributes[attr+"_verified"] = "false"
		delete(d.names, key)
	}
}

// Update runs change on the user under the lock and returns a copy of the result. It stores nothing
// if change returns an error, or if another user has a new alias. The change must not block.
func (d *Directory) Update(username string, change func(*Account) error) (*Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.users[username]
	if !ok {
		return nil, refusal.UserNotFound
	}
	before, old := d.keys(a), a.clone()
	old.codes = maps.Clone(a.codes)
	err := change(a)
	if err == nil {
		if key, ok := d.taken(a); ok {
			kind, _, _ := strings.Cut(key, ":")
			err = refusal.AliasExists(kind)
		}
	}
	if err != nil {
		*a = *old // wrong answers stay counted: the codes are the same pointers
		return nil, err
	}
	for _, key := range before {
		delete(d.names, key)
	}
	for _, key := range d.keys(a) {
		d.names[key] = a.Username
	}
	return a.clone(), nil
}

// Remove deletes a user.
func (d *Directory) Remove(username string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.users[username]; ok {
		for _, key := range d.keys(a) {
			delete(d.names, key)
		}
		delete(d.users, username)
	}
}

// All returns copies of the users in the order of their creation.
func (d *Directory) All() []*Account {
	d.mu.RLock()
	out := make([]*Account, 0, len(d.users))
	for _, a := range d.users {
		out = append(out, a.clone())
	}
	d.mu.RUnlock()
	slices.SortFunc(out, func(a, b *Account) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// Count returns the number of users.
func (d *Directory) Count() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.users)
}
