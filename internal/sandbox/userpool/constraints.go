package userpool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// constraints collects what a request breaks of the API model.
type constraints []string

func (c *constraints) add(path, rule string) {
	*c = append(*c, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must %s", path, rule))
}

// err returns the violations as one InvalidParameterException, or nil.
func (c constraints) err() error {
	switch len(c) {
	case 0:
		return nil
	case 1:
		return invalidParameter("1 validation error detected: %s", c[0])
	default:
		return invalidParameter("%d validation errors detected: %s", len(c), strings.Join(c, "; "))
	}
}

// length checks a string that was given.
func (c *constraints) length(path string, t text, low, high int) {
	if !t.set {
		return
	}
	n := utf8.RuneCountInString(t.value)
	if n < low {
		c.add(path, fmt.Sprintf("have length greater than or equal to %d", low))
	}
	if n > high {
		c.add(path, fmt.Sprintf("have length less than or equal to %d", high))
	}
}

// required checks a string that must be there.
func (c *constraints) required(path string, t text, low, high int) {
	if !t.set {
		c.add(path, "not be null")
		return
	}
	c.length(path, t, low, high)
}

func (c *constraints) pattern(path string, t text, re *regexp.Regexp, shown string) {
	if t.set && t.value != "" && !re.MatchString(t.value) {
		c.add(path, "satisfy regular expression pattern: "+shown)
	}
}

func (c *constraints) enum(path string, t text, allowed ...string) {
	if t.set && !slices.Contains(allowed, t.value) {
		c.add(path, "satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

// Limits of the API model.
const (
	maxUsername      = 128
	maxMapText       = 131072
	minSession       = 20
	maxSession       = 2048
	maxPassword      = 256
	maxCode          = 2048
	maxRefreshTokens = 10
	maxListUsers     = 60
)

var (
	passwordPattern = regexp.MustCompile(`^\S+.*\S+$|^\S$`)
	tokenPattern    = regexp.MustCompile(`^[A-Za-z0-9\-_=.]+$`)
	usernamePattern = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`)
	codePattern     = regexp.MustCompile(`^\S+$`)
)

func (c *constraints) clientID(t text) {
	c.required("clientId", t, 1, 128)
	c.pattern("clientId", t, clientIDPattern, `[\w+]+`)
}

func (c *constraints) username(t text) {
	c.required("username", t, 1, maxUsername)
	c.pattern("username", t, usernamePattern, `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`)
}

func (c *constraints) poolID(t text) {
	c.required("userPoolId", t, 1, 55)
	c.pattern("userPoolId", t, poolIDPattern, `[\w-]+_[0-9a-zA-Z]+`)
}

func (c *constraints) accessToken(t text) {
	if !t.set {
		c.add("accessToken", "not be null")
	}
	c.pattern("accessToken", t, tokenPattern, `[A-Za-z0-9-_=.]+`)
}

func (c *constraints) password(path string, t text) {
	c.required(path, t, 1, maxPassword)
	c.pattern(path, t, passwordPattern, `^[\S]+.*[\S]+$`)
}

func (c *constraints) code(t text) {
	c.required("confirmationCode", t, 1, maxCode)
	c.pattern("confirmationCode", t, codePattern, `[\S]+`)
}

func (c *constraints) session(t text) { c.length("session", t, minSession, maxSession) }

// texts checks the keys and values of a map such as ClientMetadata.
func (c *constraints) texts(path string, m stringMap) {
	for k, v := range m {
		if utf8.RuneCountInString(k) > maxMapText || utf8.RuneCountInString(v) > maxMapText {
			c.add(path, fmt.Sprintf("satisfy constraint: [Member must have length less than or equal to %d]", maxMapText))
			return
		}
	}
}

func (c *constraints) attributes(path string, list []attribute) {
	for i, a := range list {
		member := fmt.Sprintf("%s.%d.member.name", path, i+1)
		c.length(member, text{a.Name, true}, 1, 32)
		c.length(fmt.Sprintf("%s.%d.member.value", path, i+1), text{a.Value, true}, 0, 2048)
	}
}
