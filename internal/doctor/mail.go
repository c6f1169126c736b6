package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// ses reads one of SES's resources.
func (e *exam) ses(ctx context.Context, operation, path string, out any) error {
	return e.API.REST(ctx, awsapi.SES, operation, http.MethodGet, "/v2/email/"+path, out)
}

// account looks at the SES account: sandbox, sending, quota and rate against the pool's quotas.
func account(ctx context.Context, e *exam) {
	var a struct {
		ProductionAccessEnabled, SendingEnabled bool
		EnforcementStatus                       string
		SendQuota                               struct{ Max24HourSend, MaxSendRate, SentLast24Hours float64 }
	}
	if e.fails("mail", e.ses(ctx, "GetAccount", "account", &a)) {
		return
	}
	if !a.SendingEnabled {
		e.add(Finding{ID: "ses-paused", Level: Broken, Area: "mail",
			What:    "SES does not send for this account (SendingEnabled is false)",
			Remedy:  "find the cause in AWS's mail, then resume; docs/runbook.md, SES paused",
			Command: "aws sesv2 put-account-sending-attributes --sending-enabled"})
	}
	switch a.EnforcementStatus {
	case "PROBATION":
		e.add(Finding{ID: "ses-probation", Level: Doubtful, Area: "mail", What: "SES reviews this account (PROBATION)",
			Remedy: "lower bounces and complaints before the review's end; docs/runbook.md, A bounce wave"})
	case "SHUTDOWN":
		e.add(Finding{ID: "ses-shutdown", Level: Broken, Area: "mail", What: "SES has paused this account (SHUTDOWN)",
			Remedy: "answer AWS in the Support Center; docs/runbook.md, SES paused"})
	}
	if !a.ProductionAccessEnabled {
		e.add(Finding{ID: "ses-sandbox", Level: Broken, Area: "mail",
			What:    "the account is in the SES sandbox: SES mails to verified addresses alone",
			Remedy:  "request production access for this Region (SES console, Account dashboard)",
			Command: "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url …"})
	}
	e.quotas(a.SendQuota.Max24HourSend, a.SendQuota.MaxSendRate, a.SendQuota.SentLast24Hours)
}

// quotas compares what SES allows with what the pool's quotas allow, and proposes numbers.
func (e *exam) quotas(day, rate, sent float64) {
	s := e.EmailOTP.Settings
	pool := s.PoolMailsVerified + s.PoolMailsUnverified + s.PoolMailsUnknown
	if pool == 0 {
		return
	}
	if day >= 0 && sent >= 0.8*day {
		e.add(Finding{ID: "ses-day", Level: Doubtful, Area: "mail",
			What:   fmt.Sprintf("%.0f of the %.0f mails that SES allows in 24 hours are sent", sent, day),
			Remedy: "request a higher sending quota (Service Quotas, Amazon SES, Sending quota)"})
	}
	hour := rate * 3600
	if day >= 0 {
		hour = min(hour, day)
	}
	if float64(pool) <= hour {
		e.right("mail", "ses-quota", "SES allows %.0f mails a second and %s in 24 hours", rate,
			orText(number(day), "unlimited"))
		return
	}
	// The decoys get as much as the users now have in proportion, so that neither starves.
	share := hour / float64(pool)
	e.add(Finding{ID: "ses-quota", Level: Doubtful, Area: "mail",
		What: fmt.Sprintf("the pool's quotas allow %d mails an hour, and SES %.0f (%.0f a second, %s in 24 hours), so a "+
			"flood "+
			"stops mail to users before the pool's own quotas do", pool, hour, rate, orText(number(day), "unlimited")),
		Remedy: fmt.Sprintf("request a higher quota of SES, or set VerifiedMailsPerHour %d, UnverifiedMailsPerHour %d, "+
			"UnknownMailsPerHour %d",
			max(1, int(float64(s.PoolMailsVerified)*share)), max(1, int(float64(s.PoolMailsUnverified)*share)),
			max(1, int(float64(s.PoolMailsUnknown)*share)))})
}

func number(n float64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", n)
}

// identityName returns the stack's own identity; empty for none, where SES chooses the sender's
// address or its domain.
func (e *exam) identityName() string {
	for _, id := range e.EmailOTP.Find("AWS::SES::EmailIdentity") {
		return e.EmailOTP.Resources[id].PhysicalID
	}
	return ""
}

// identity looks at the sender's identity: verified, DKIM, MAIL FROM.
func identity(ctx context.Context, e *exam) {
	from := e.EmailOTP.Settings.From
	_, domainName, _ := strings.Cut(from, "@")
	if from == "" {
		return
	}
	if arn := e.EmailOTP.Settings.IdentityARN; arn != "" {
		e.add(Finding{ID: "identity-elsewhere", Level: Unseen, Area: "mail",
			What:    "another account owns the identity that sends: " + arn,
			Remedy:  "look at it there: verified, DKIM, and a policy that lets this account send",
			Command: "aws sesv2 get-email-identity --email-identity " + arn[strings.LastIndex(arn, "/")+1:]})
		return
	}
	var i struct {
		IdentityType             string
		VerifiedForSendingStatus bool
		DkimAttributes           struct {
			SigningEnabled bool
			Status         string
		}
		MailFromAttributes struct{ MailFromDomain, MailFromDomainStatus string }
	}
	names := []string{e.identityName(), from, domainName}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
	var err error
	name := ""
	for _, name = range names {
		if err = e.ses(ctx, "GetEmailIdentity", "identities/"+url.PathEscape(name), &i); !awsapi.IsNotFound(err) {
			break
		}
	}
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "identity-missing", Level: Broken, Area: "mail", What: "SES has no identity for the sender " + from,
			Remedy: "create and verify it", Command: "aws sesv2 create-email-identity --email-identity " + domainName})
		return
	}
	if e.fails("mail", err) {
		return
	}
	show := "aws sesv2 get-email-identity --email-identity " + name
	if !i.VerifiedForSendingStatus {
		e.add(Finding{ID: "identity-unverified", Level: Broken, Area: "mail",
			What:   "the identity " + name + " is not verified, so SES refuses every mail",
			Remedy: "set the DNS records that it names, or follow the link in SES's mail", Command: show})
	} else {
		e.right("mail", "identity", "the identity %s is verified", name)
	}
	if i.IdentityType == "EMAIL_ADDRESS" {
		e.add(Finding{ID: "identity-address", Level: Advice, Area: "mail",
			What:   "the sender is a single verified address, whose mails have no DKIM signature of its domain",
			Remedy: "send by the domain: SenderDomain or SenderHostedZone; docs/operations.md has the two steps"})
	} else if !i.DkimAttributes.SigningEnabled || i.DkimAttributes.Status != "SUCCESS" {
		e.add(Finding{ID: "dkim", Level: Doubtful, Area: "mail",
			What: fmt.Sprintf("mails of %s are not signed (DKIM: %s), so many land in spam", name,
				orText(i.DkimAttributes.Status, "off")),
			Remedy: "set the three CNAME records of the identity", Command: show})
	}
	if m := i.MailFromAttributes; m.MailFromDomain != "" && m.MailFromDomainStatus != "SUCCESS" {
		e.add(Finding{ID: "mail-from", Level: Doubtful, Area: "mail",
			What:   fmt.Sprintf("the MAIL FROM domain %s is %s", m.MailFromDomain, m.MailFromDomainStatus),
			Remedy: "set its MX and TXT records", Command: show})
	}
	e.mailFrom(ctx, i.MailFromAttributes.MailFromDomain)
}

// configurationSet looks whether the set sends, and publishes bounces and complaints.
func configurationSet(ctx context.Context, e *exam) {
	name := e.EmailOTP.Settings.ConfigurationSet
	if name == "" {
		return
	}
	path := "configuration-sets/" + url.PathEscape(name)
	var set struct {
		SendingOptions struct{ SendingEnabled *bool }
	}
	err := e.ses(ctx, "GetConfigurationSet", path, &set)
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "set-missing", Level: Broken, Area: "mail",
			What: "SES has no configuration set " + name + ", so it refuses every mail", Remedy: "deploy the stack again",
			Command: e.EmailOTP.Deploy()})
		return
	}
	if e.fails("mail", err) {
		return
	}
	if s := set.SendingOptions.SendingEnabled; s != nil && !*s {
		e.add(Finding{ID: "set-paused", Level: Broken, Area: "mail", What: "sending by the configuration set is paused",
			Remedy:  "resume it once the cause is mended",
			Command: "aws sesv2 put-configuration-set-sending-options --configuration-set-name " + name + " --sending-enabled"})
	}
	var answer struct {
		EventDestinations []struct {
			Enabled                bool
			MatchingEventTypes     []string
			EventBridgeDestination *struct{ EventBusArn string }
		}
	}
	if e.fails("mail", e.ses(ctx, "GetConfigurationSetEventDestinations", path+"/event-destinations", &answer)) {
		return
	}
	for _, d := range answer.EventDestinations {
		if d.Enabled && d.EventBridgeDestination != nil && slices.Contains(d.MatchingEventTypes, "BOUNCE") &&
			slices.Contains(d.MatchingEventTypes, "COMPLAINT") {
			e.right("mail", "destinations", "the configuration set publishes bounces and complaints")
			return
		}
	}
	e.add(Finding{ID: "destinations", Level: Broken, Area: "mail",
		What: "the configuration set does not publish bounces and complaints on EventBridge, so mail goes to addresses " +
			"that bounce",
		Remedy: "deploy the stack again", Command: e.EmailOTP.Deploy()})
}

// suppression looks for the sender, and for the given address, on SES's suppression list.
func suppression(ctx context.Context, e *exam) {
	for _, address := range []string{e.EmailOTP.Settings.From, e.Address} {
		if address == "" {
			continue
		}
		who, level := "the sender", Doubtful
		if address == e.Address {
			who, level = "the address that you gave", Broken
		}
		var answer struct{ SuppressedDestination struct{ Reason string } }
		err := e.ses(ctx, "GetSuppressedDestination", "suppression/addresses/"+url.PathEscape(address), &answer)
		switch {
		case awsapi.IsNotFound(err):
			e.right("mail", "suppression", "%s is not on SES's suppression list", who)
		case e.fails("mail", err):
			return
		default:
			e.add(Finding{ID: "suppressed", Level: level, Area: "mail",
				What: who + " is on SES's suppression list (" + cmp.Or(answer.SuppressedDestination.Reason, "unknown reason") +
					")",
				Remedy: "take it off the list, once it is known to work: emailotp users unmark does that and removes EmailOTP's " +
					"own mark",
				Command: "aws sesv2 delete-suppressed-destination --email-address …"})
		}
	}
}
