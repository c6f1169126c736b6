package users

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// Attribute is an AttributeType of the API.
type Attribute struct {
	Name  string `rule:"attributeName"`
	Value string `json:",omitempty" rule:"attributeValue"`
}

// List returns attributes sorted by name, with sub in front.
func List(attributes map[string]string) []Attribute {
	out := make([]Attribute, 0, len(attributes))
	if sub, ok := attributes["sub"]; ok {
		out = append(out, Attribute{"sub", sub})
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if name != "sub" {
			out = append(out, Attribute{name, attributes[name]})
		}
	}
	return out
}

// attributeRule is an attribute's entry in the schema. Standard attributes are OpenID Connect's.
type attributeRule struct {
	kind                          string
	mutable, required, isStandard bool
}

// newSchema merges the template's schema into the standard one.
func newSchema(extra []config.Attribute) map[string]attributeRule {
	schema := map[string]attributeRule{}
	for _, name := range []string{
		"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "locale",
		"middle_name", "name", "nickname", "phone_number", "phone_number_verified", "picture",
		"preferred_username", "profile", "sub", "updated_at", "website", "zoneinfo",
	} {
		kind := "String"
		switch name {
		case "email_verified", "phone_number_verified":
			kind = "Boolean"
		case "updated_at":
			kind = "Number"
		}
		schema[name] = attributeRule{kind: kind, mutable: name != "sub", required: name == "sub", isStandard: true}
	}
	for _, a := range extra {
		rule, isStandard := schema[a.Name]
		name := a.Name
		if !isStandard {
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

// DescribeSchema returns the schema as DescribeUserPool lists it.
func (d *Directory) DescribeSchema() []map[string]any {
	var out []map[string]any
	for _, name := range slices.Sorted(maps.Keys(d.schema)) {
		rule := d.schema[name]
		out = append(out, map[string]any{
			"Name": name, "AttributeDataType": rule.kind, "Mutable": rule.mutable, "Required": rule.required,
			"DeveloperOnlyAttribute": false,
		})
	}
	return out
}

// Readable returns the attributes that the client may read: its read attributes, by default the
// standard ones, and always sub.
func (d *Directory) Readable(client *config.Client, a *Account) map[string]string {
	m := a.AllAttributes()
	maps.DeleteFunc(m, func(name, _ string) bool {
		if client.ReadAttributes == nil {
			return !d.schema[name].isStandard
		}
		return name != "sub" && !slices.Contains(client.ReadAttributes, name)
	})
	return m
}

// Claim returns the value that an attribute has in an ID token.
func (d *Directory) Claim(name, value string) any {
	switch rule := d.schema[name]; {
	case rule.isStandard && rule.kind == "Boolean":
		return value == "true"
	case name == "updated_at":
		n, _ := strconv.ParseInt(value, 10, 64)
		return n
	case name == "address":
		return map[string]string{"formatted": value}
	}
	return value
}

// CheckWritable returns an error if the client may not write one of the attributes. No client may
// write sub or whether an address is verified.
func (d *Directory) CheckWritable(client *config.Client, attributes []Attribute) error {
	for _, a := range attributes {
		rule, isKnown := d.schema[a.Name]
		may := rule.isStandard
		if client.WriteAttributes != nil {
			may = slices.Contains(client.WriteAttributes, a.Name)
		}
		if isKnown && (!may || slices.Contains([]string{"sub", "email_verified", "phone_number_verified"}, a.Name)) {
			return refusal.NotAuthorized("A client attempted to write unauthorized attribute")
		}
	}
	return nil
}

// CheckAttributes checks attributes against the schema and returns them as a map. The account is
// nil for a new user, whose immutable attributes may be set. An empty value stands for removal,
// which is refused for required attributes and for names to sign in with.
func (d *Directory) CheckAttributes(attributes []Attribute, of *Account) (map[string]string, error) {
	out := make(map[string]string, len(attributes))
	var wrong []string
	for _, a := range attributes {
		rule, ok := d.schema[a.Name]
		switch {
		case !ok:
			wrong = append(wrong, a.Name+": Attribute does not exist in the schema.\n")
		case of == nil && a.Name == "sub" || of != nil && !rule.mutable:
			wrong = append(wrong, "user."+a.Name+": Attribute cannot be updated.\n")
		case !rule.accepts(a.Value):
			wrong = append(wrong, fmt.Sprintf("user.%s: String does not match %s type.\n", a.Name, rule.kind))
		}
		out[a.Name] = a.Value
	}
	if len(wrong) > 0 {
		return nil, refusal.SchemaViolation(wrong)
	}
	for _, a := range attributes {
		if out[a.Name] == "" && (d.schema[a.Name].required || slices.Contains(d.cfg.UsernameAttributes, a.Name)) {
			return nil, refusal.InvalidParameter("user.%s: Attribute cannot be deleted.", a.Name)
		}
	}
	if email := out["email"]; email != "" && !IsEmail(email) {
		return nil, refusal.InvalidParameter("Invalid email address format.")
	}
	if phone := out["phone_number"]; phone != "" && !IsPhone(phone) {
		return nil, refusal.InvalidParameter("Invalid phone number format.")
	}
	return out, nil
}

func (r attributeRule) accepts(value string) bool {
	var err error
	switch {
	case value == "":
	case r.kind == "Number":
		_, err = strconv.ParseInt(value, 10, 64)
	case r.kind == "Boolean":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case r.kind == "DateTime":
		_, err = time.Parse(time.RFC3339, value)
	}
	return err == nil
}

// Missing returns the names of the required attributes that are absent.
func (d *Directory) Missing(attributes map[string]string) []string {
	missing := []string{}
	for _, name := range slices.Sorted(maps.Keys(d.schema)) {
		if d.schema[name].required && name != "sub" && attributes[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// CheckComplete returns an error if a required attribute is absent.
func (d *Directory) CheckComplete(attributes map[string]string) error {
	var lines []string
	for _, name := range d.Missing(attributes) {
		lines = append(lines, name+": The attribute "+name+" is required\n")
	}
	if lines == nil {
		return nil
	}
	return refusal.SchemaViolation(lines)
}

// CheckVerified returns an error if changes set that an address is verified, where neither they nor
// the stored attributes have one.
func CheckVerified(changes, stored map[string]string) error {
	for name, text := range map[string]string{"email": "Email is required to verify/un-verify an email",
		"phone_number": "Phone Number is required to verify/un-verify a phone number"} {
		_, sets := changes[name+"_verified"]
		if _, ok := changes[name]; sets && !ok && stored[name] == "" {
			return refusal.InvalidParameter("%s", text)
		}
	}
	return nil
}

// Put changes attributes of an account that [Directory.CheckAttributes] has accepted. An empty
// value removes the attribute, and with an address whether it is verified. A changed address is
// unverified unless the same change sets that it is verified.
func (d *Directory) Put(a *Account, attributes map[string]string) {
	for _, name := range []string{"email", "phone_number"} {
		value, ok := attributes[name]
		_, setsVerified := attributes[name+"_verified"]
		if ok && !setsVerified && value != a.Attributes[name] {
			a.Attributes[name+"_verified"] = "false"
		}
	}
	for name, value := range attributes {
		switch {
		case value == "":
			delete(a.Attributes, name)
		case d.schema[name].kind == "Boolean":
			a.Attributes[name] = strings.ToLower(value)
		default:
			a.Attributes[name] = value
		}
	}
	for _, name := range []string{"email", "phone_number"} {
		if value, ok := attributes[name]; ok && value == "" {
			delete(a.Attributes, name+"_verified")
		}
	}
	a.Modified = d.now()
}

// IsEmail reports whether Cognito accepts an address: a local part, one "@", a host name, no
// spaces.
func IsEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && host != "" && len(s) <= 2048 && !strings.Contains(host, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) && !strings.HasPrefix(host, ".")
}

// IsPhone reports whether s is "+" and up to 15 digits.
func IsPhone(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
