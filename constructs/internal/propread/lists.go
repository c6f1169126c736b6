package propread

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
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

// RedirectURIs reads a list of redirect URIs.
func (r *Reader) RedirectURIs(prop string, list *[]*string) []string {
	if list == nil {
		return nil
	}
	var all []string
	for _, u := range *list {
		switch text := *cmp.Or(u, new(string)); {
		case IsToken(text):
			r.Add("%s must be known when the app is synthesised: they are compared exactly (received: a token)", prop)
		case slices.Contains(all, text):
			r.Add("%s must have each address once (received: %q twice)", prop, text)
		default:
			if err := settings.CheckRedirectURI(text); err != nil {
				r.Add("%s: %s", prop, err)
			}
			all = append(all, text)
		}
	}
	return all
}
