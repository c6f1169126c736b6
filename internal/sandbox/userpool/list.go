package userpool

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type listUsersInput struct {
	UserPoolId      text
	AttributesToGet []string
	Filter          text
	Limit           *int32
	PaginationToken text
}

func (in *listUsersInput) pool() text { return in.UserPoolId }

func (in *listUsersInput) check(c *constraints) {
	c.length("filter", in.Filter, 0, 256)
	c.length("paginationToken", in.PaginationToken, 1, 131072)
	if in.Limit != nil && *in.Limit < 0 {
		c.add("limit", "have value greater than or equal to 0")
	}
	if in.Limit != nil && *in.Limit > maxListUsers {
		c.add("limit", "have value less than or equal to "+strconv.Itoa(maxListUsers))
	}
}

type listUsersOutput struct {
	Users           []*userType
	PaginationToken string `json:",omitempty"`
}

// listUsers returns users in the order of creation, a page at a time.
func (p *Pool) listUsers(_ *call, in *listUsersInput) (any, error) {
	keep, err := parseFilter(in.Filter.value)
	if err != nil {
		return nil, err
	}
	after, err := parsePage(in.PaginationToken.value)
	if err != nil {
		return nil, err
	}
	limit := maxListUsers
	if in.Limit != nil && *in.Limit > 0 {
		limit = int(*in.Limit)
	}
	out := &listUsersOutput{Users: []*userType{}}
	var last uint64
	for _, a := range p.users.all() {
		if a.seq <= after || !keep(a) {
			continue
		}
		if len(out.Users) == limit {
			out.PaginationToken = page(last)
			break
		}
		out.Users, last = append(out.Users, in.shown(a)), a.seq
	}
	return out, nil
}

// shown is the user with no more attributes than were asked for.
func (in *listUsersInput) shown(a *account) *userType {
	u := a.userType()
	if in.AttributesToGet != nil {
		u.Attributes = slices.DeleteFunc(u.Attributes, func(at attribute) bool {
			return !slices.Contains(in.AttributesToGet, at.Name)
		})
	}
	return u
}

// A page token holds the sequence number of the last user shown.

func page(last uint64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after " + strconv.FormatUint(last, 10)))
}

func parsePage(token string) (uint64, error) {
	if token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	digits, ok := strings.CutPrefix(string(raw), "after ")
	n, err2 := strconv.ParseUint(digits, 10, 64)
	if err != nil || !ok || err2 != nil {
		return 0, invalidParameter("Invalid pagination token.")
	}
	return n, nil
}

var filterPattern = regexp.MustCompile(`^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

// parseFilter reads a Filter such as `email = "a@example.com"` or `name ^= "A"`.
func parseFilter(filter string) (func(*account) bool, error) {
	if strings.TrimSpace(filter) == "" {
		return func(*account) bool { return true }, nil
	}
	m := filterPattern.FindStringSubmatch(filter)
	if m == nil {
		return nil, invalidParameter("Error while parsing filter: %s", filter)
	}
	name, prefix := m[1], m[2] == "^="
	want := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[3])
	get, fold := filtered(name)
	if get == nil {
		return nil, invalidParameter("Invalid search attribute: %s", name)
	}
	if fold {
		want = strings.ToLower(want)
	}
	return func(a *account) bool {
		have := get(a)
		if fold {
			have = strings.ToLower(have)
		}
		if prefix {
			return strings.HasPrefix(have, want)
		}
		return have == want
	}, nil
}

// filtered returns how to read what a filter names, and whether case matters.
func filtered(name string) (get func(*account) string, fold bool) {
	switch name {
	case "username":
		return func(a *account) string { return a.username }, false
	case "sub":
		return func(a *account) string { return a.sub }, false
	case "cognito:user_status":
		return func(a *account) string { return a.status }, true
	case "status":
		return func(a *account) string {
			if a.enabled {
				return "Enabled"
			}
			return "Disabled"
		}, false
	case "email", "phone_number", "name", "given_name", "family_name", "preferred_username":
		return func(a *account) string { return a.attributes[name] }, true
	}
	return nil, false
}
