package users

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// PasswordRule is what the API model demands of a password.
var PasswordRule = awsjson.Rule{
	Min: 1, Max: 256, Pattern: regexp.MustCompile(`^\S+.*\S+$|^\S$`), Shown: `^[\S]+.*[\S]+$`,
}

// symbols are the special characters of a password policy; a space inside a password is one.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

// CheckPassword returns an error that names the first rule of the policy that the password breaks.
func (d *Directory) CheckPassword(password string) error {
	policy := d.cfg.PasswordPolicy
	if err := PasswordRule.Check("InvalidParameterException", "password", password); err != nil {
		return err
	}
	if utf8.RuneCountInString(password) < policy.MinimumLength {
		return refusal.WeakPassword("Password not long enough")
	}
	for _, r := range []struct {
		isOn  bool
		among string
		what  string
	}{
		{policy.RequireUppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "uppercase"},
		{policy.RequireLowercase, "abcdefghijklmnopqrstuvwxyz", "lowercase"},
		{policy.RequireNumbers, "0123456789", "numeric"},
		{policy.RequireSymbols, symbols, "symbol"},
	} {
		if r.isOn && !strings.ContainsAny(password, r.among) {
			return refusal.WeakPassword("Password must have " + r.what + " characters")
		}
	}
	return nil
}

// GeneratePassword makes a password that satisfies every policy.
func (d *Directory) GeneratePassword() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	b := random.Bytes(max(d.cfg.PasswordPolicy.MinimumLength, 12) - 4)
	for i, c := range b {
		b[i] = letters[int(c)%len(letters)]
	}
	return string(b) + "aB3!"
}

// TemporaryExpiry returns when a temporary password that is set now stops working.
func (d *Directory) TemporaryExpiry() time.Time {
	return d.now().AddDate(0, 0, d.cfg.TemporaryPasswordValidityDays)
}

// Verifier returns the verifier of a password. It costs some milliseconds: make it outside of an
// update.
func (d *Directory) Verifier(username, password string) srp.Verifier {
	return srp.DeriveVerifier(random.Bytes(srp.SaltSize), d.SRPName(), username, password)
}

// SRPName is the part of the pool's id that SRP hashes.
func (d *Directory) SRPName() string {
	_, name, _ := strings.Cut(d.cfg.ID, "_")
	return name
}

// UsePassword makes v the permanent password, which confirms the user.
func (a *Account) UsePassword(v srp.Verifier, now time.Time) {
	a.Password, a.PasswordExpires = v, time.Time{}
	a.Status, a.Modified, a.lockout = Confirmed, now, lockout{}
}

// CheckPasswordOf counts an attempt, then checks it by isRight: of parallel guesses none is
// compared before it is counted. A right password that may not be used any more is an error too.
func (d *Directory) CheckPasswordOf(a *Account, isRight func(srp.Verifier) bool) error {
	now := d.now()
	if !d.withAccount(a.Username, func(a *Account) bool { return a.lockout.attempt(now) }) {
		return refusal.LockedOut
	}
	if !isRight(a.Password) {
		return refusal.WrongCredentials
	}
	d.withAccount(a.Username, func(a *Account) bool { a.lockout = lockout{}; return true })
	if a.Status == ForceChange && !a.PasswordExpires.IsZero() && now.After(a.PasswordExpires) {
		return refusal.TemporaryExpired
	}
	// Whether a live pool would call DefineAuthChallenge instead is not established.
	if a.Status == ResetRequired {
		return refusal.ResetRequired
	}
	return nil
}

// withAccount runs f on the stored account under the lock; it returns false for an unknown user.
func (d *Directory) withAccount(username string, f func(*Account) bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.users[username]
	return ok && f(a)
}
