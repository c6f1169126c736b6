package userpool

import (
	"strings"
	"unicode/utf8"
)

// symbols are the characters that count as special in a password policy; a
// space inside a password counts too.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

// check refuses a password that breaks the policy, naming the first rule.
func (pp PasswordPolicy) check(password string) error {
	if n := utf8.RuneCountInString(password); n > maxPassword || !passwordPattern.MatchString(password) {
		var c constraints
		c.password("password", text{password, true})
		return c.err()
	} else if n < pp.MinimumLength {
		return errWeakPassword("Password not long enough")
	}
	rules := []struct {
		on      bool
		among   string
		message string
	}{
		{pp.RequireUppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Password must have uppercase characters"},
		{pp.RequireLowercase, "abcdefghijklmnopqrstuvwxyz", "Password must have lowercase characters"},
		{pp.RequireNumbers, "0123456789", "Password must have numeric characters"},
		{pp.RequireSymbols, symbols, "Password must have symbol characters"},
	}
	for _, r := range rules {
		if r.on && !strings.ContainsAny(password, r.among) {
			return errWeakPassword(r.message)
		}
	}
	return nil
}

func errWeakPassword(why string) *apiError {
	return fail("InvalidPasswordException", "Password did not conform with policy: %s", why)
}

// generatePassword makes a password that satisfies the policy whatever it asks for.
func (p *Pool) generatePassword() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	n := max(p.cfg.PasswordPolicy.MinimumLength, 12)
	var b strings.Builder
	for _, c := range p.bytes(n) {
		b.WriteByte(letters[int(c)%len(letters)])
	}
	return b.String()[:n-4] + "aB3!"
}
