package userpool

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/srp"
)

// The states of a user, as UserStatus shows them.
const (
	statusUnconfirmed   = "UNCONFIRMED"
	statusConfirmed     = "CONFIRMED"
	statusForceChange   = "FORCE_CHANGE_PASSWORD"
	statusResetRequired = "RESET_REQUIRED"
)

// account is a user as the pool keeps it. The directory's lock guards it; what
// leaves the directory is a copy.
type account struct {
	seq        uint64
	username   string
	sub        string
	attributes map[string]string
	enabled    bool
	status     string
	created    time.Time
	modified   time.Time

	password srp.Verifier
	// passwordExpires is when a temporary password stops working; zero for others.
	passwordExpires time.Time
	lockout         lockout
	// codes are the pending verification codes by purpose.
	codes map[string]*pendingCode
	// pending are attribute values that wait for their code.
	pending map[string]string
}

func (a *account) clone() *account {
	c := *a
	c.attributes = maps.Clone(a.attributes)
	c.pending = maps.Clone(a.pending)
	c.codes = nil
	return &c
}

// allAttributes returns the attributes with sub.
func (a *account) allAttributes() map[string]string {
	m := maps.Clone(a.attributes)
	m["sub"] = a.sub
	return m
}

func (a *account) export() User {
	return User{Username: a.username, Sub: a.sub, Attributes: a.allAttributes(), Enabled: a.enabled, Status: a.status}
}

// directory is the pool's users, found in constant time by username, sub or alias.
type directory struct {
	cfg Config

	mu    sync.RWMutex
	next  uint64
	users map[string]*account
	// names maps every name a user answers to onto the username. A name is
	// prefixed with what kind it is, so that kinds can't meet.
	names map[string]string
}

func newDirectory(cfg Config) *directory {
	return &directory{cfg: cfg, users: map[string]*account{}, names: map[string]string{}}
}

// fold is how the pool compares a sign-in name.
func (d *directory) fold(name string) string {
	if d.cfg.UsernameCaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// keys lists what a leads to in names.
func (d *directory) keys(a *account) []string {
	keys := []string{"name:" + d.fold(a.username), "sub:" + a.sub}
	for _, attr := range d.cfg.UsernameAttributes {
		if v := a.attributes[attr]; v != "" {
			keys = append(keys, attr+":"+d.fold(v))
		}
	}
	for _, attr := range d.cfg.AliasAttributes {
		verified := attr == "preferred_username" || a.attributes[attr+"_verified"] == "true"
		if v := a.attributes[attr]; v != "" && verified {
			keys = append(keys, attr+":"+d.fold(v))
		}
	}
	return keys
}

// username finds the internal name behind a name. The caller holds the lock.
func (d *directory) username(name string) (string, bool) {
	folded := d.fold(name)
	for _, kind := range []string{"name", "sub", "email", "phone_number", "preferred_username"} {
		key := kind + ":" + folded
		if kind == "sub" {
			key = kind + ":" + name
		}
		if u, ok := d.names[key]; ok {
			return u, true
		}
	}
	return "", false
}

// find returns a copy of the user with the given username, sub or alias.
func (d *directory) find(name string) (*account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	u, ok := d.username(name)
	if !ok {
		return nil, false
	}
	return d.users[u].clone(), true
}

// taken returns the first of a's names that another user already has.
func (d *directory) taken(a *account) (string, bool) {
	for _, key := range d.keys(a) {
		if u, ok := d.names[key]; ok && u != a.username {
			return key, true
		}
	}
	return "", false
}

// add stores a new user, or returns false if one of the names is taken. With
// moveAliases an alias is taken away from whoever has it, as Cognito does when a
// new user's address counts as verified.
func (d *directory) add(a *account, moveAliases bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.names["name:"+d.fold(a.username)]; ok {
		return false
	}
	if moveAliases {
		d.dropAliases(a)
	}
	if _, ok := d.taken(a); ok {
		return false
	}
	d.next++
	a.seq = d.next
	d.users[a.username] = a
	for _, key := range d.keys(a) {
		d.names[key] = a.username
	}
	return true
}

// dropAliases makes the other owners of a's aliases unverified, which ends their
// claim to them. The caller holds the lock.
func (d *directory) dropAliases(a *account) {
	for _, attr := range d.cfg.AliasAttributes {
		key := attr + ":" + d.fold(a.attributes[attr])
		owner, ok := d.users[d.names[key]]
		if !ok || attr == "preferred_username" || a.attributes[attr+"_verified"] != "true" {
			continue
		}
		owner.attributes[attr+"_verified"] = "false"
		delete(d.names, key)
	}
}

// update runs change on the user under the lock and stores the result, unless
// change returns an error or a new alias belongs to somebody else. It returns a
// copy of the user afterwards. The change must not block.
func (d *directory) update(username string, change func(*account) error) (*account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.users[username]
	if !ok {
		return nil, errUserNotFound()
	}
	before, old := d.keys(a), a.clone()
	old.codes = maps.Clone(a.codes)
	err := change(a)
	if err == nil {
		if key, ok := d.taken(a); ok {
			err = errAliasExists(key)
		}
	}
	if err != nil {
		// A change that failed must leave nothing behind but the count of
		// wrong passwords and codes, which change keeps by pointer or value itself.
		lock := a.lockout
		*a = *old
		a.lockout = lock
		return nil, err
	}
	for _, key := range before {
		delete(d.names, key)
	}
	for _, key := range d.keys(a) {
		d.names[key] = a.username
	}
	return a.clone(), nil
}

// remove deletes a user and reports whether there was one.
func (d *directory) remove(username string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.users[username]
	if !ok {
		return false
	}
	for _, key := range d.keys(a) {
		delete(d.names, key)
	}
	delete(d.users, username)
	return true
}

// all returns copies of the users in the order of their creation.
func (d *directory) all() []*account {
	d.mu.RLock()
	out := make([]*account, 0, len(d.users))
	for _, a := range d.users {
		out = append(out, a.clone())
	}
	d.mu.RUnlock()
	slices.SortFunc(out, func(a, b *account) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// count returns the number of users.
func (d *directory) count() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.users)
}

// newAccount returns an account that isn't stored yet. Where users sign up with
// an attribute, or none was given, the username is a UUID equal to sub.
func (p *Pool) newAccount(username string, attrs map[string]string) *account {
	now := p.now()
	a := &account{sub: p.uuid(), username: username, attributes: attrs, enabled: true, created: now, modified: now}
	if len(p.cfg.UsernameAttributes) > 0 {
		a.username = a.sub
	}
	return a
}

// setPassword replaces the verifier. It costs some milliseconds, so it stays
// outside of the directory's lock where the account is stored already.
func (p *Pool) setPassword(a *account, password string) {
	a.password = p.verifier(a.username, password)
}

func (p *Pool) verifier(username, password string) srp.Verifier {
	return srp.DeriveVerifier(p.bytes(srp.SaltSize), p.srpName(), username, password)
}

// srpName is the part of the pool's id that SRP hashes.
func (p *Pool) srpName() string {
	_, name, _ := strings.Cut(p.cfg.ID, "_")
	return name
}

// unknownPassword is a password that nobody knows.
func (p *Pool) unknownPassword() string { return p.uuid() + p.uuid() }

func (p *Pool) temporaryExpiry() time.Time {
	return p.now().AddDate(0, 0, p.cfg.TemporaryPasswordValidityDays)
}
