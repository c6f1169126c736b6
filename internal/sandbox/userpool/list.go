package userpool

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

type listUsersInput struct {
	AttributesToGet []string
	Filter          string `rule:"filter"`
	Limit           *int32 `rule:"limit"`
	PaginationToken string `rule:"page"`
}

type listUsersOutput struct {
	Users           []*userType
	PaginationToken string `json:",omitempty"`
}

// listUsers returns users in the order of creation, a page at a time.
func (p *Pool) listUsers(_ *call, in *listUsersInput) (any, error) {
	keep, err := parseFilter(in.Filter)
	if err != nil {
		return nil, err
	}
	after, err := parsePage(in.PaginationToken)
	if err != nil {
		return nil, err
	}
	limit := maxListed
	if in.Limit != nil && *in.Limit > 0 {
		limit = int(*in.Limit)
	}
	out := &listUsersOutput{Users: []*userType{}}
	var last uint64
	for _, a := range p.users.All() {
		if a.Seq <= after || !keep(a) {
			continue
		}
		if len(out.Users) == limit {
			out.PaginationToken = page(last)
			break
		}
		out.Users, last = append(out.Users, in.shown(a)), a.Seq
	}
	return out, nil
}

// shown is a user with the attributes in AttributesToGet.
func (in *listUsersInput) shown(a *users.Account) *userType {
	u := userTypeOf(a)
	if in.AttributesToGet != nil {
		u.Attributes = slices.DeleteFunc(u.Attributes, func(at users.Attribute) bool {
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
		return 0, refusal.InvalidParameter("Invalid pagination token.")
	}
	return n, nil
}

var filterPattern = regexp.MustCompile(`^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

// parseFilter reads a Filter such as `email = "a@example.com"` or `name ^= "A"`.
func parseFilter(filter string) (func(*users.Account) bool, error) {
	if strings.TrimSpace(filter) == "" {
		return func(*users.Account) bool { return true }, nil
	}
	m := filterPattern.FindStringSubmatch(filter)
	if m == nil {
		return nil, refusal.InvalidParameter("Error while parsing filter: %s", filter)
	}
	name, prefix := m[1], m[2] == "^="
	want := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[3])
	get, fold := filtered(name)
	if get == nil {
		return nil, refusal.InvalidParameter("Invalid search attribute: %s", name)
	}
	if fold {
		want = strings.ToLower(want)
	}
	return func(a *users.Account) bool {
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

// filtered returns a getter for the attribute of a filter, and whether to ignore case.
func filtered(name string) (get func(*users.Account) string, fold bool) {
	switch name {
	case "username":
		return func(a *users.Account) string { return a.Username }, false
	case "sub":
		return func(a *users.Account) string { return a.Sub }, false
	case "cognito:user_status":
		return func(a *users.Account) string { return a.Status }, true
	case "status":
		return func(a *users.Account) string {
			if a.Enabled {
				return "Enabled"
			}
			return "Disabled"
		}, false
	case "email", "phone_number", "name", "given_name", "family_name", "preferred_username":
		return func(a *users.Account) string { return a.Attributes[name] }, true
	}
	return nil, false
}
