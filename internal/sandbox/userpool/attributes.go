package userpool

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/srp"
)

// attributeRule is what the schema says of one attribute.
type attributeRule struct {
	kind     string
	mutable  bool
	required bool
	// standard attributes are OpenID Connect's; others are custom.
	standard bool
}

// standardAttributes are the names that every pool has.
func standardAttributes() []string {
	return []string{
		"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "locale",
		"middle_name", "name", "nickname", "phone_number", "phone_number_verified", "picture",
		"preferred_username", "profile", "sub", "updated_at", "website", "zoneinfo",
	}
}

// newSchema merges the template's schema into the standard one.
func newSchema(extra []SchemaAttribute) map[string]attributeRule {
	schema := map[string]attributeRule{}
	for _, name := range standardAttributes() {
		kind := "String"
		switch name {
		case "email_verified", "phone_number_verified":
			kind = "Boolean"
		case "updated_at":
			kind = "Number"
		}
		schema[name] = attributeRule{kind: kind, mutable: name != "sub", required: name == "sub", standard: true}
	}
	for _, a := range extra {
		rule, standard := schema[a.Name]
		name := a.Name
		if !standard {
			rule.kind = "String"
			if !strings.HasPrefix(name, "custom:") && !strings.HasPrefix(name, "dev:") {
				name = "custom:" + name
			}
		}
		if a.Type != "" {
			rule.kind = a.Type
		}
		rule.mutable, rule.required = a.Mutable && a.Name != "sub", a.Required
		schema[name] = rule
	}
	return schema
}

// list returns attributes in the API's form, sorted by name with sub in front.
func list(attributes map[string]string) []attribute {
	out := make([]attribute, 0, len(attributes))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		out = append(out, attribute{name, attributes[name]})
	}
	slices.SortStableFunc(out, func(a, b attribute) int {
		return strings.Compare(strconv.FormatBool(a.Name != "sub"), strconv.FormatBool(b.Name != "sub"))
	})
	return out
}

// mayRead reports whether the client reads the attribute. By default it reads
// the standard ones; sub it always does.
func (p *Pool) mayRead(client *Client, name string) bool {
	if name == "sub" {
		return true
	}
	if client.ReadAttributes == nil {
		return p.schema[name].standard
	}
	return slices.Contains(client.ReadAttributes, name)
}

// readable returns what the client may read of a user.
func (p *Pool) readable(client *Client, a *account) map[string]string {
	m := a.allAttributes()
	maps.DeleteFunc(m, func(name, _ string) bool { return !p.mayRead(client, name) })
	return m
}

// writable refuses attributes that the client may not write. What is verified
// and who somebody is, no client ever decides.
func (p *Pool) writable(client *Client, attributes []attribute) error {
	for _, a := range attributes {
		may := p.schema[a.Name].standard
		if client.WriteAttributes != nil {
			may = slices.Contains(client.WriteAttributes, a.Name)
		}
		_, known := p.schema[a.Name]
		switch a.Name {
		case "sub", "email_verified", "phone_number_verified":
			may = false
		}
		if known && !may {
			return notAuthorized("A client attempted to write unauthorized attribute")
		}
	}
	return nil
}

// judged checks attributes against the schema and returns them as a map. The
// account is nil for a user who is being created, when immutable attributes may
// still be set. An empty value stands for removal, which is refused where the
// attribute is required or a name to sign in by.
func (p *Pool) judged(attributes []attribute, of *account) (map[string]string, error) {
	out := make(map[string]string, len(attributes))
	var wrong []string
	for _, a := range attributes {
		rule, ok := p.schema[a.Name]
		switch {
		case !ok:
			wrong = append(wrong, a.Name+": Attribute does not exist in the schema.\n")
		case of == nil && a.Name == "sub" || of != nil && !rule.mutable:
			wrong = append(wrong, "user."+a.Name+": Attribute cannot be updated.\n")
		case !rule.accepts(a.Value):
			wrong = append(wrong, "user."+a.Name+": "+fmt.Sprintf("String does not match %s type.\n", rule.kind))
		}
		out[a.Name] = a.Value
	}
	if len(wrong) > 0 {
		return nil, invalidParameter("Attributes did not conform to the schema: %s", strings.Join(wrong, ""))
	}
	for _, a := range attributes {
		if out[a.Name] == "" && (p.schema[a.Name].required || slices.Contains(p.cfg.UsernameAttributes, a.Name)) {
			return nil, invalidParameter("user.%s: Attribute cannot be deleted.", a.Name)
		}
	}
	if email, ok := out["email"]; ok && email != "" && !isEmail(email) {
		return nil, invalidParameter("Invalid email address format.")
	}
	if phone, ok := out["phone_number"]; ok && phone != "" && !isPhone(phone) {
		return nil, invalidParameter("Invalid phone number format.")
	}
	return out, nil
}

func (r attributeRule) accepts(value string) bool {
	if value == "" {
		return true
	}
	switch r.kind {
	case "Number":
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case "Boolean":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case "DateTime":
		_, err := time.Parse(time.RFC3339, value)
		return err == nil
	}
	return true
}

// missingRequired lists the required attributes that aren't there.
func (p *Pool) missingRequired(attributes map[string]string) []string {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(p.schema)) {
		if p.schema[name].required && name != "sub" && attributes[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

func missingText(names []string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s: The attribute %s is required\n", name, name)
	}
	return b.String()
}

// putAttributes stores attributes that have been judged. An empty value removes
// the attribute. A changed address counts as unproven unless the same change
// says otherwise; of one that is gone nothing is said.
func (p *Pool) putAttributes(a *account, attributes map[string]string) {
	for _, name := range []string{"email", "phone_number"} {
		value, ok := attributes[name]
		_, said := attributes[name+"_verified"]
		if ok && !said && value != a.attributes[name] {
			a.attributes[name+"_verified"] = "false"
		}
	}
	for name, value := range attributes {
		switch {
		case value == "":
			delete(a.attributes, name)
		case p.schema[name].kind == "Boolean":
			a.attributes[name] = strings.ToLower(value)
		default:
			a.attributes[name] = value
		}
	}
	for _, name := range []string{"email", "phone_number"} {
		if value, ok := attributes[name]; ok && value == "" {
			delete(a.attributes, name+"_verified")
		}
	}
	a.modified = p.now()
}

// usePassword makes verifier the password for good.
func (a *account) usePassword(verifier srp.Verifier, now time.Time) {
	a.password, a.passwordExpires = verifier, time.Time{}
	a.status, a.modified = statusConfirmed, now
	a.lockout = lockout{}
}

// isEmail judges an address as loosely as the service does: something, one "@",
// a host name, no spaces.
func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && host != "" && len(s) <= 2048 && !strings.Contains(host, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) && !strings.HasPrefix(host, ".")
}

// isPhone judges a telephone number: "+" and up to 15 digits.
func isPhone(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
