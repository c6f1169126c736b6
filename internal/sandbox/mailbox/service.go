package mailbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// simulator is the domain of SES's mailbox simulator.
const simulator = "simulator.amazonses.com"

// Identity is a verified domain or address.
type Identity struct {
	Name, ARN string
	// ConfigurationSet applies to mails that name none.
	ConfigurationSet string
}

// ConfigurationSet is an existing one.
type ConfigurationSet struct {
	Name, ARN       string
	SendingDisabled bool
	// BusEvents are the types of events, such as "BOUNCE", that it publishes on the event bus.
	BusEvents []string
}

// Config is the account's state in SES.
type Config struct {
	Region, Account, Partition string
	Identities                 []Identity
	ConfigurationSets          []ConfigurationSet
	// InSandbox is set for an account in the SES sandbox: it mails to verified identities and the
	// mailbox simulator alone.
	InSandbox bool
	// Publish receives the events about mails; nil drops them.
	Publish func(eventbus.Event)
}

// Service answers SESv2 calls and fills a Store.
type Service struct {
	cfg     Config
	callers gateway.Callers
	store   *Store

	mu         sync.Mutex
	simulated  map[string]int
	suppressed map[string]bool
	paused     bool // sending, for the whole account
}

// New returns the service of an account.
func New(cfg Config, callers gateway.Callers, store *Store) *Service {
	return &Service{cfg: cfg, callers: callers, store: store, simulated: map[string]int{}, suppressed: map[string]bool{}}
}

// Simulated counts mails to the mailbox simulator by scenario: "success", "bounce", "complaint",
// "suppressionlist" and "ooto" are SES's own.
func (s *Service) Simulated() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int, len(s.simulated))
	for k, v := range s.simulated {
		all[k] = v
	}
	return all
}

// Suppress puts an address on the account's suppression list: mails to it are accepted, never
// arrive and count as bounced.
func (s *Service) Suppress(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suppressed[strings.ToLower(address)] = true
}

// refusal is an error answer on its way up.
type refusal gateway.Answer

func refuse(status int, kind, format string, args ...any) *refusal {
	r := refusal(gateway.Error(gateway.SES, status, kind, fmt.Sprintf(format, args...)))
	return &r
}

func badRequest(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "BadRequestException", format, args...)
}

// ServeCall answers SendEmail and an operator's calls.
func (s *Service) ServeCall(_ context.Context, c gateway.Call) gateway.Answer {
	if c.Operation != "SendEmail" {
		return s.operator(c)
	}
	m, bad := parse(c.Body)
	if bad == nil {
		bad = s.checkMail(c.AccessKeyID, m)
	}
	if bad != nil {
		return gateway.Answer(*bad)
	}
	id := messageID(time.Now())
	s.deliver(id, m, s.callerName(c.AccessKeyID))
	return gateway.JSON(gateway.SES, http.StatusOK, map[string]string{"MessageId": id})
}

// callerName is the name of the caller's role, or "developer".
func (s *Service) callerName(accessKeyID string) string {
	if role := s.callers[accessKeyID].RoleARN; role != "" {
		return role[strings.LastIndexByte(role, '/')+1:]
	}
	return "developer"
}

// checkMail refuses what SES refuses, in SES's order: rights, configuration set, identities.
func (s *Service) checkMail(accessKeyID string, m *outgoing) *refusal {
	identity, verified := s.identityFor(m)
	arn := identity.ARN
	if !verified {
		arn = s.cfg.IdentityARN(m.fromAddress)
	}
	if m.configurationSet == "" {
		m.configurationSet = identity.ConfigurationSet
	}
	resources := []string{arn}
	set, exists := s.configurationSet(m.configurationSet)
	if m.configurationSet != "" {
		resources = append(resources,
			"arn:"+s.cfg.Partition+":ses:"+s.cfg.Region+":"+s.cfg.Account+":configuration-set/"+m.configurationSet)
	}
	resources = append(resources, s.recipientResources(m)...)
	for _, resource := range resources {
		call := iam.Request{Action: "ses:SendEmail", Resource: resource, Context: m.context()}
		if !s.callers.Allowed(accessKeyID, call) {
			r := refusal(s.callers.Denied(gateway.SES, accessKeyID, call))
			return &r
		}
	}
	s.mu.Lock()
	paused := s.paused
	s.mu.Unlock()
	failed := s.unverifiedRecipients(m)
	if !verified {
		failed = append([]string{m.fromAddress}, failed...)
	}
	switch {
	case m.configurationSet != "" && !exists:
		return refuse(http.StatusNotFound, "NotFoundException", "Configuration set <%s> does not exist.", m.configurationSet)
	case paused:
		return refuse(http.StatusBadRequest, "SendingPausedException", "Email sending is disabled for your account.")
	case set.SendingDisabled:
		return refuse(http.StatusBadRequest, "SendingPausedException", "Email sending is disabled for the "+
			"configuration set <%s>.", set.Name)
	case len(failed) > 0:
		return refuse(http.StatusBadRequest, "MessageRejected",
			"Email address is not verified. The following identities failed the check in region %s: %s",
			strings.ToUpper(s.cfg.Region), strings.Join(failed, ", "))
	}
	return nil
}

// identityFor finds the identity that a mail is sent with.
func (s *Service) identityFor(m *outgoing) (Identity, bool) {
	return s.identityOf(m.fromAddress, m.identityARN)
}

// identityOf finds the identity of an address: the one with the ARN unless that is empty, else the
// address itself, else its domain or the nearest one above.
func (s *Service) identityOf(address, identityARN string) (Identity, bool) {
	_, domain, _ := strings.Cut(address, "@")
	names := []string{address}
	for domain = strings.ToLower(domain); strings.Contains(domain, "."); _, domain, _ = strings.Cut(domain, ".") {
		names = append(names, domain)
	}
	for i, name := range names {
		for _, identity := range s.cfg.Identities {
			same := strings.EqualFold(identity.Name, name)
			if i == 0 {
				same = sameAddress(identity.Name, name)
			}
			if same && (identityARN == "" || identityARN == identity.ARN) {
				return identity, true
			}
		}
	}
	return Identity{}, false
}

// sameAddress compares as SES does: the local part by case, the domain without.
func sameAddress(a, b string) bool {
	la, da, _ := strings.Cut(a, "@")
	lb, db, _ := strings.Cut(b, "@")
	return la == lb && strings.EqualFold(da, db)
}

func (s *Service) configurationSet(name string) (ConfigurationSet, bool) {
	for _, set := range s.cfg.ConfigurationSets {
		if set.Name == name {
			return set, true
		}
	}
	return ConfigurationSet{}, false
}

// deliver puts a mail into the inbox unless all its recipients are simulated or
// suppressed, and publishes what becomes of it there.
func (s *Service) deliver(id string, m *outgoing, caller string) {
	var inbox []string
	returned := map[string]feedback{}
	s.mu.Lock()
	for _, to := range m.recipients {
		local, domain, _ := strings.Cut(strings.ToLower(to), "@")
		switch {
		case domain == simulator:
			scenario, _, _ := strings.Cut(local, "+") // labels are ignored
			if _, known := s.simulated[scenario]; known || len(s.simulated) < 100 {
				s.simulated[scenario]++
			}
			if f, speaks := scenarios[scenario]; speaks {
				returned[to] = f
			}
		case s.suppressed[strings.ToLower(to)]:
			returned[to] = onSuppressionList
		default:
			inbox = append(inbox, to)
		}
	}
	s.mu.Unlock()
	if len(inbox) > 0 {
		s.store.Add(m.message(id, s.cfg.Region, inbox, time.Now()))
	}
	for _, to := range slices.Sorted(maps.Keys(returned)) {
		s.publish(id, m, to, caller, returned[to])
	}
}

// messageID has SES's form: the time in milliseconds, random, a counter.
func messageID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return fmt.Sprintf("0102%012x-%s-%s-%s-%s-%s-000000", now.UnixMilli(), h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// Deliver puts a mail into the inbox that Cognito itself would send. Its body is HTML or text; of
// HTML alone the inbox makes a text, as mail programs do.
func (s *Service) Deliver(to, subject, text, html string) {
	if text == "" {
		text = textOf(html)
	}
	m := &outgoing{
		from: "no-reply@verificationemail.com", fromAddress: "no-reply@verificationemail.com",
		to: []string{to}, recipients: []string{to}, subject: subject, text: text, html: html,
	}
	s.deliver(messageID(time.Now()), m, "cognito-idp")
}
