package doctor

import (
	"context"
	"errors"
	"net"
	"strings"
)

// Resolver asks the DNS. An answer without records is no error.
type Resolver interface {
	// TXT returns the text records of a name.
	TXT(ctx context.Context, name string) ([]string, error)
}

// systemDNS is this machine's resolver.
type systemDNS struct{}

func (systemDNS) TXT(ctx context.Context, name string) ([]string, error) {
	records, err := net.DefaultResolver.LookupTXT(ctx, name)
	if failed := (*net.DNSError)(nil); errors.As(err, &failed) && failed.IsNotFound {
		return nil, nil
	}
	return records, err
}

// txt returns the first record of a name that begins with a tag.
func (e *exam) txt(ctx context.Context, name, tag string) (record string, failed bool) {
	records, err := e.DNS.TXT(ctx, name)
	if err != nil {
		e.add(Finding{ID: "dns", Level: Unseen, Area: "mail", What: "the DNS did not answer for " + name,
			Remedy: "try again where names are resolved"})
		return "", true
	}
	for _, r := range records {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r)), tag) {
			return r, false
		}
	}
	return "", false
}

// domain looks at the sender's DMARC policy, its own or the one of a domain above.
func domain(ctx context.Context, e *exam) {
	_, name, _ := strings.Cut(e.EmailOTP.Settings.From, "@")
	if name == "" {
		return
	}
	if e.API.IsSandbox() {
		return // the sandbox's sender is made up, and its mail goes nowhere
	}
	for parent := name; strings.Contains(parent, "."); _, parent, _ = strings.Cut(parent, ".") {
		record, failed := e.txt(ctx, "_dmarc."+parent, "v=dmarc1")
		if failed {
			return
		}
		if record != "" {
			e.right("mail", "dmarc", "the domain %s has a DMARC policy: %s", parent, record)
			return
		}
	}
	e.add(Finding{ID: "dmarc", Level: Doubtful, Area: "mail",
		What:   "the sender's domain " + name + " has no DMARC policy, which large mailbox providers require of senders",
		Remedy: `create the TXT record _dmarc.` + name + ` with "v=DMARC1; p=none", and tighten it later`})
}

// mailFrom looks at the SPF record of the envelope sender's domain. Without one SES uses its own,
// which has a record.
func (e *exam) mailFrom(ctx context.Context, name string) {
	if name == "" || e.API.IsSandbox() {
		return
	}
	record, failed := e.txt(ctx, name, "v=spf1")
	switch {
	case failed:
	case strings.Contains(record, "include:amazonses.com"):
		e.right("mail", "spf", "the MAIL FROM domain %s allows SES (SPF)", name)
	default:
		e.add(Finding{ID: "spf", Level: Doubtful, Area: "mail",
			What:   "the MAIL FROM domain " + name + " does not allow SES by SPF",
			Remedy: `create the TXT record ` + name + ` with "v=spf1 include:amazonses.com ~all"`})
	}
}
