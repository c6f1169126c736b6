package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/sender"
)

// Sender is the SES identity and the address that codes are mailed from. It is sealed:
// [SenderAddress], [SenderDomain], [SenderHostedZone] and [SenderIdentity] make one.
type Sender interface{ sender() *sender.Sender }

type mailSender sender.Sender

func (s *mailSender) sender() *sender.Sender { return (*sender.Sender)(s) }

// SenderAddress verifies one address, such as "no-reply@example.com", by a mail that SES sends to
// it. It suits a trial. For production prefer a domain, whose mail is signed.
func SenderAddress(address string) Sender { return &mailSender{Kind: sender.Address, Address: address} }

// SenderDomain verifies a domain by Easy DKIM and sends from localPart at it:
// SenderDomain("example.com", "no-reply") sends from no-reply@example.com. The records that the
// domain's DNS needs are the construct's DnsRecords.
func SenderDomain(domain, localPart string) Sender {
	return &mailSender{Kind: sender.Domain, Domain: domain, Address: localPart + "@" + domain}
}

// SenderHostedZone verifies the domain of a Route 53 zone by Easy DKIM, creates the records for
// DKIM, MAIL FROM and DMARC in it, and sends from address, which belongs to the zone's domain or
// one below it.
func SenderHostedZone(zone awsroute53.IPublicHostedZone, address string) Sender {
	return &mailSender{Kind: sender.Zone, Zone: zone, Address: address}
}

// SenderIdentity sends from address by an identity that exists: of the same app, imported by name,
// or of another account by ARN, whose owner must have authorised this account.
func SenderIdentity(identity awsses.IEmailIdentity, address string) Sender {
	return &mailSender{Kind: sender.Identity, Identity: identity, Address: address}
}

// A DnsRecord is one that the sender's domain needs and the construct can't create. Its values are
// tokens until deployment: pass them to outputs.
type DnsRecord struct {
	// Type is CNAME, MX or TXT.
	Type *string
	// Name is the record's full name.
	Name *string
	// Value is the record's value; an MX record's begins with its priority.
	Value *string
}

// addSender creates the configuration set and, unless one was given, the identity.
func (e *emailOTP) addSender() {
	e.ses = e.config.sender.Add(e, e.config.removalPolicy(false))
	for _, r := range e.ses.Records {
		e.dnsRecords = append(e.dnsRecords, DnsRecord(r))
	}
}
