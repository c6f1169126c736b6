// Package sender reads the SES identity and the address that an EmailOTP mails from, and creates
// what SES needs for it.
package sender

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Kind is what SES verifies.
type Kind int

// The kinds: one address, a domain, the domain of a hosted zone, and an identity that exists.
const (
	Address Kind = iota
	Domain
	Zone
	Identity
)

// Sender is a sender as an app gives it.
type Sender struct {
	Kind    Kind
	Address string
	// Domain, Zone and Identity are those of their kinds.
	Domain   string
	Zone     awsroute53.IPublicHostedZone
	Identity awsses.IEmailIdentity
}

// Config is a sender that was read, with every default filled in.
type Config struct {
	Sender
	// From is the address that mails are from; empty for one that was refused.
	From string
	// MailFromDomain is the envelope sender's domain; empty for Amazon's own.
	MailFromDomain string
	// DmarcRecord is the record to create; empty for none.
	DmarcRecord string
}

// Read reads the sender and the props that belong to its domain. ok is false where it can't send.
func (s Sender) Read(r *propread.Reader, mailFromDomain, dmarcRecord *string) (c Config, ok bool) {
	c.Sender = s
	hint := ""
	if strings.ContainsAny(s.Address, "<>\" ") {
		hint = "; a display name goes into SenderName"
	}
	c.From = address(r, "Sender", s.Address, hint)
	if s.Kind == Identity && propread.IsNil(s.Identity) {
		r.Add("Sender has no identity; pass SenderIdentity an awsses.IEmailIdentity, or use SenderAddress")
		return c, false
	}
	if s.Kind == Zone && propread.IsNil(s.Zone) {
		r.Add("Sender has no hosted zone; pass SenderHostedZone an awsroute53.IPublicHostedZone, or use SenderDomain")
		return c, false
	}
	if c.From == "" {
		return c, false
	}
	_, domain, _ := strings.Cut(s.Address, "@")
	c.readDomain(r, domain, mailFromDomain, dmarcRecord)
	return c, true
}

// address reads one bare e-mail address.
func address(r *propread.Reader, prop, value, hint string) string {
	if propread.IsToken(value) {
		r.Add(propread.UnknownText, prop)
		return ""
	}
	if err := mail.ValidateAddress(value); err != nil {
		r.Add("%s must be one e-mail address like codes@example.com (received: %q, which %v)%s", prop, value, err, hint)
		return ""
	}
	return value
}

// readDomain checks that the identity can send for the address, and what belongs to its domain.
func (s *Config) readDomain(r *propread.Reader, domain string, mailFromDomain, dmarcRecord *string) {
	identity := ""
	switch s.Kind {
	case Domain:
		identity = s.Domain
	case Zone:
		if propread.IsToken(*s.Zone.ZoneName()) {
			r.Add("Sender's hosted zone has a name that is not known while the app is synthesised (received: a token); " +
				"import it by awsroute53.PublicHostedZone_FromPublicHostedZoneAttributes with its name")
			return
		}
		identity = s.zoneName()
	case Identity:
		if name := *s.Identity.EmailIdentityName(); !propread.IsToken(name) {
			identity = name
		}
	}
	if identity != "" && !strings.EqualFold(identity, s.Address) && !within(domain, identity) {
		r.Add("Sender must be an address of %s, the identity that it sends by (received: %q)", identity, s.Address)
	}
	owned := s.Kind == Domain || s.Kind == Zone
	if from := r.Text("MailFromDomain", mailFromDomain, 255); from != "" {
		switch {
		case !owned:
			r.Add("MailFromDomain goes with SenderDomain or SenderHostedZone alone; " +
				"leave it nil, or set it on the identity itself")
		case !within(from, identity) || strings.EqualFold(from, identity):
			r.Add("MailFromDomain must be a subdomain of %s (received: %q)", identity, from)
		case strings.EqualFold(from, domain):
			r.Add("MailFromDomain must not be the domain that mail is sent from (received: %q); a name such as %q will do",
				from, "mail."+identity)
		}
		s.MailFromDomain = from
	} else if s.Kind == Zone && mailFromDomain == nil {
		s.MailFromDomain = "mail." + identity
		if strings.EqualFold(s.MailFromDomain, domain) {
			s.MailFromDomain = "bounce." + identity
		}
	}
	s.readDmarc(r, dmarcRecord)
}

// readDmarc reads the record, which only a hosted zone can have.
func (s *Config) readDmarc(r *propread.Reader, given *string) {
	if given == nil {
		s.DmarcRecord = "v=DMARC1; p=none"
		return
	}
	switch record := *given; {
	case s.Kind != Zone:
		r.Add("DmarcRecord goes with SenderHostedZone alone; leave it nil, and create the record where the domain's DNS is")
	case propread.IsToken(record):
		r.Add(propread.UnknownText, "DmarcRecord")
	case record != "" && !strings.HasPrefix(record, "v=DMARC1;"):
		r.Add(`DmarcRecord must begin with "v=DMARC1;", or be empty for none (received: %q)`, record)
	default:
		s.DmarcRecord = record
	}
}

// within reports whether domain is parent or a subdomain of it.
func within(domain, parent string) bool {
	domain, parent = strings.ToLower(domain), strings.ToLower(parent)
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}

// zoneName returns the zone's domain, without the root's dot.
func (s Sender) zoneName() string { return strings.TrimSuffix(*s.Zone.ZoneName(), ".") }
