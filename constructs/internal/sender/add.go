package sender

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Resources are what Add creates, or the identity that was given.
type Resources struct {
	Identity         awsses.IEmailIdentity
	ConfigurationSet awsses.ConfigurationSet
	// Records are those that the domain needs and that must be created by hand.
	Records []Record
}

// Record is a DNS record.
type Record struct{ Type, Name, Value *string }

// Add creates the configuration set and, unless one was given, the identity.
func (s Config) Add(scope constructs.Construct, removal awscdk.RemovalPolicy) (added Resources) {
	added.ConfigurationSet = awsses.NewConfigurationSet(scope, jsii.String("ConfigurationSet"),
		&awsses.ConfigurationSetProps{
			TlsPolicy:          awsses.ConfigurationSetTlsPolicy_REQUIRE,
			ReputationMetrics:  jsii.Bool(true),
			SuppressionReasons: awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
		})
	added.ConfigurationSet.AddEventDestination(jsii.String("Events"), &awsses.ConfigurationSetEventDestinationOptions{
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
	if s.Kind == Identity {
		added.Identity = s.Identity
		return added
	}
	// The configuration set is not the identity's default: other mail of the domain keeps its own
	// rules. Identities of different kinds have ids of their own: a new kind of sender leaves the
	// old identity alone, which goes on sending until the new one is verified.
	props, id := &awsses.EmailIdentityProps{}, "DomainIdentity"
	switch s.Kind {
	case Address:
		props.Identity, id = awsses.Identity_Email(&s.Address), "EmailIdentity"
	case Domain:
		props.Identity = awsses.Identity_Domain(&s.Domain)
	case Zone:
		props.Identity = awsses.Identity_PublicHostedZone(s.Zone)
	}
	if s.MailFromDomain != "" {
		props.MailFromDomain = &s.MailFromDomain
		// A broken MX record must not stop sign-ins: SES falls back to its own domain.
		props.MailFromBehaviorOnMxFailure = awsses.MailFromBehaviorOnMxFailure_USE_DEFAULT_VALUE
	}
	identity := awsses.NewEmailIdentity(scope, &id, props)
	identity.ApplyRemovalPolicy(removal)
	added.Identity = identity
	switch {
	case s.Kind == Domain:
		added.Records = s.recordsToCreate(identity)
	case s.Kind == Zone && s.DmarcRecord != "":
		awsroute53.NewTxtRecord(scope, jsii.String("DmarcRecord"), &awsroute53.TxtRecordProps{
			Zone:       s.Zone,
			RecordName: jsii.String("_dmarc." + s.zoneName() + "."),
			Values:     jsii.Strings(s.DmarcRecord),
		})
	}
	return added
}

// recordsToCreate lists what the DNS of a domain without a zone needs.
func (s Config) recordsToCreate(identity awsses.EmailIdentity) []Record {
	var records []Record
	for _, r := range *identity.DkimRecords() {
		records = append(records, Record{jsii.String("CNAME"), r.Name, r.Value})
	}
	if from := s.MailFromDomain; from != "" {
		mx := awscdk.Fn_Join(jsii.String(""), jsii.Strings("10 feedback-smtp.", *identity.Stack().Region(), ".amazonses.com"))
		records = append(records,
			Record{jsii.String("MX"), jsii.String(from), mx},
			Record{jsii.String("TXT"), jsii.String(from), jsii.String(`"v=spf1 include:amazonses.com ~all"`)})
	}
	dmarc := jsii.String("_dmarc." + s.Domain)
	return append(records, Record{jsii.String("TXT"), dmarc, jsii.String(`"v=DMARC1; p=none"`)})
}

// ARNs returns the ARNs that the mailing function may send with: the identity's and the
// configuration set's. SES sends by an identity of the very address where the account has one, so
// that counts too.
func (s Config) ARNs(here awscdk.Stack, added Resources, hasSandboxRecipients bool) []*string {
	arns := []*string{added.Identity.EmailIdentityArn()}
	sesArn := func(resource, name string) *string {
		return here.FormatArn(&awscdk.ArnComponents{Service: jsii.String("ses"), Resource: &resource,
			ResourceName: &name})
	}
	switch {
	case hasSandboxRecipients:
		arns = append(arns, sesArn("identity", "*"))
	case s.Kind != Address && s.Owner(here) == "":
		arns = append(arns, sesArn("identity", s.From))
	}
	return append(arns, sesArn("configuration-set", *added.ConfigurationSet.ConfigurationSetName()))
}

// Owner returns the ARN of an identity that another account owns, which SES requires in
// every call; empty for the own account's.
func (s Config) Owner(here awscdk.Stack) string {
	if s.Kind != Identity {
		return ""
	}
	components := awscdk.Arn_Split(s.Identity.EmailIdentityArn(), awscdk.ArnFormat_SLASH_RESOURCE_NAME)
	if components.Account == nil || *components.Account == *here.Account() {
		return ""
	}
	return *s.Identity.EmailIdentityArn()
}
