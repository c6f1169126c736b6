package propread

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Domains reads a list of domain names and returns them in lower case.
func (r *Reader) Domains(prop string, values *[]*string) []string {
	if values == nil {
		return nil
	}
	if len(*values) == 0 {
		r.Add("%s must have at least one domain; leave it nil for every domain", prop)
	}
	var domains []string
	for i, value := range *values {
		name := r.Known(fmt.Sprintf("%s[%d]", prop, i), cmp.Or(value, new(string)))
		if name == "" {
			continue
		}
		if err := mail.ValidateAddress("x@" + name); err != nil {
			r.Add("%s must be domain names like example.com (received: %q, which %v)", prop, name, err)
		}
		domains = append(domains, strings.ToLower(name))
	}
	return domains
}
