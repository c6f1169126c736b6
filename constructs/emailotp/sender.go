package emailotp

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/jsii-runtime-go"
)

// Sender is the SES identity and the address that codes are mailed from. It is sealed:
// [SenderAddress], [SenderDomain], [SenderHostedZone] and [SenderIdentity] make one.
type Sender interface{ sender() *sender }

type senderKind int

const (
	addressSender senderKind = iota
	domainSender
	zoneSender
	identitySender
)

type sender struct {
	kind     senderKind
	address  string
	domain   string // domainSender
	zone     awsroute53.IPublicHostedZone
	identity awsses.IEmailIdentity
}

func (s *sender) sender() *sender { return s }

// SenderAddress verifies one address, such as "no-reply@example.com", by a mail that SES sends to
// it. It suits a trial. For production prefer a domain, whose mail is signed.
func SenderAddress(address string) Sender { return &sender{kind: addressSender, address: address} }

// SenderDomain verifies a domain by Easy DKIM and sends from localPart at it:
// SenderDomain("example.com", "no-reply") sends from no-reply@example.com. The records that the
// domain's DNS needs are the construct's DnsRecords.
func SenderDomain(domain, localPart string) Sender {
	return &sender{kind: domainSender, domain: domain, address: localPart + "@" + domain}
}

// SenderHostedZone verifies the domain of a Route 53 zone by Easy DKIM, creates the records for
// DKIM, MAIL FROM and DMARC in it, and sends from address, which belongs to the zone's domain or
// one below it.
func SenderHostedZone(zone awsroute53.IPublicHostedZone, address string) Sender {
	return &sender{kind: zoneSender, zone: zone, address: address}
}

// SenderIdentity sends from address by an identity that exists: of the same app, imported by name,
// or of another account by ARN, whose owner must have authorised this account.
func SenderIdentity(identity awsses.IEmailIdentity, address string) Sender {
	return &sender{kind: identitySender, identity: identity, address: address}
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

// zoneName returns the zone's domain, without the root's dot.
func (s *sender) zoneName() string { return strings.TrimSuffix(*s.zone.ZoneName(), ".") }

// addSender creates the configuration set and, unless one was given, the identity.
func (e *emailOTP) addSender() {
	e.configurationSet = awsses.NewConfigurationSet(e, jsii.String("ConfigurationSet"), &awsses.ConfigurationSetProps{
		TlsPolicy:          awsses.ConfigurationSetTlsPolicy_REQUIRE,
		ReputationMetrics:  jsii.Bool(true),
		SuppressionReasons: awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
	})
	e.configurationSet.AddEventDestination(jsii.String("Events"), &awsses.ConfigurationSetEventDestinationOptions{
		Destination: awsses.EventDestination_CloudWatchDimensions(&[]*awsses.CloudWatchDimension{{
			Source:       awsses.CloudWatchDimensionSource_MESSAGE_TAG,
			Name:         jsii.String("ses:configuration-set"),
			DefaultValue: jsii.String("none"),
		}}),
		Events: &[]awsses.EmailSendingEvent{
			awsses.EmailSendingEvent_BOUNCE, awsses.EmailSendingEvent_COMPLAINT,
			awsses.EmailSendingEvent_REJECT, awsses.EmailSendingEvent_DELIVERY_DELAY,
		},
	})
	s := e.config.sender
	if s.kind == identitySender {
		e.identity = s.identity
		return
	}
	// The configuration set is not the identity's default: other mail of the domain keeps its own
	// rules. Identities of different kinds have ids of their own: a new kind of sender leaves the
	// old identity alone, which goes on sending until the new one is verified.
	props, id := &awsses.EmailIdentityProps{}, "DomainIdentity"
	switch s.kind {
	case addressSender:
		props.Identity, id = awsses.Identity_Email(&s.address), "EmailIdentity"
	case domainSender:
		props.Identity = awsses.Identity_Domain(&s.domain)
	case zoneSender:
		props.Identity = awsses.Identity_PublicHostedZone(s.zone)
	}
	if e.config.mailFromDomain != "" {
		props.MailFromDomain = &e.config.mailFromDomain
		// A broken MX record must not stop sign-ins: SES falls back to its own domain.
		props.MailFromBehaviorOnMxFailure = awsses.MailFromBehaviorOnMxFailure_USE_DEFAULT_VALUE
	}
	identity := awsses.NewEmailIdentity(e, &id, props)
	identity.ApplyRemovalPolicy(e.config.removalPolicy(false))
	e.identity = identity
	switch {
	case s.kind == domainSender:
		e.dnsRecords = e.recordsToCreate(identity)
	case s.kind == zoneSender && e.config.dmarcRecord != "":
		awsroute53.NewTxtRecord(e, jsii.String("DmarcRecord"), &awsroute53.TxtRecordProps{
			Zone:       s.zone,
			RecordName: jsii.String("_dmarc." + s.zoneName() + "."),
			Values:     jsii.Strings(e.config.dmarcRecord),
		})
	}
}

// recordsToCreate lists what the DNS of a domain without a zone needs.
func (e *emailOTP) recordsToCreate(identity awsses.EmailIdentity) []DnsRecord {
	var records []DnsRecord
	for _, r := range *identity.DkimRecords() {
		records = append(records, DnsRecord{jsii.String("CNAME"), r.Name, r.Value})
	}
	if from := e.config.mailFromDomain; from != "" {
		mx := awscdk.Fn_Join(jsii.String(""), jsii.Strings("10 feedback-smtp.", *e.stack().Region(), ".amazonses.com"))
		records = append(records,
			DnsRecord{jsii.String("MX"), jsii.String(from), mx},
			DnsRecord{jsii.String("TXT"), jsii.String(from), jsii.String(`"v=spf1 include:amazonses.com ~all"`)})
	}
	dmarc := jsii.String("_dmarc." + e.config.sender.domain)
	return append(records, DnsRecord{jsii.String("TXT"), dmarc, jsii.String(`"v=DMARC1; p=none"`)})
}

// senders returns the ARNs that the mailing function may send with: the identity's and the
// configuration set's. SES sends by an identity of the very address where the account has one, so
// that counts too.
func (e *emailOTP) senders() []*string {
	arns := []*string{e.identity.EmailIdentityArn()}
	sesArn := func(resource, name string) *string {
		return e.stack().FormatArn(&awscdk.ArnComponents{Service: jsii.String("ses"), Resource: &resource,
			ResourceName: &name})
	}
	switch {
	case e.config.sandboxRecipients:
		arns = append(arns, sesArn("identity", "*"))
	case e.config.sender.kind != addressSender && e.identityOwner() == "":
		arns = append(arns, sesArn("identity", e.config.settings.From))
	}
	return append(arns, sesArn("configuration-set", *e.configurationSet.ConfigurationSetName()))
}

// identityOwner returns the ARN of an identity that another account owns, which SES requires in
// every call; empty for the own account's.
func (e *emailOTP) identityOwner() string {
	if e.config.sender.kind != identitySender {
		return ""
	}
	components := awscdk.Arn_Split(e.identity.EmailIdentityArn(), awscdk.ArnFormat_SLASH_RESOURCE_NAME)
	if components.Account == nil || *components.Account == *e.stack().Account() {
		return ""
	}
	return *e.identity.EmailIdentityArn()
}
