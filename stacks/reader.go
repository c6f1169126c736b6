package stacks

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

var (
	modes      = []string{string(emailotp.ModePassword), string(emailotp.ModePasswordless)}
	regions    = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`)
	accounts   = regexp.MustCompile(`^\d{12}$`)
	names      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	domains    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
	certs      = regexp.MustCompile(`^arn:aws:acm:us-east-1:\d{12}:certificate/[0-9A-Za-z-]+$`)
	zoneIDs    = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)
	identities = []string{"address", "domain"}
	policies   = []string{"destroy", "retain"}
)

// A reader turns the context into environments and collects what is wrong with it.
type reader struct{ problems []error }

func (r *reader) add(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// A section reads the keys of one environment and remembers which it knows.
type section struct {
	*reader
	name   string
	values map[string]any
	known  []string
}

func (r *reader) environment(name string, value any) Environment {
	s := &section{reader: r, name: name}
	e := Environment{Name: name}
	if !names.MatchString(name) {
		s.problem("the name must be a letter, then up to 63 letters, digits and hyphens, for it becomes part of a stack's name (received: %q)", name)
	}
	values, ok := value.(map[string]any)
	if !ok {
		s.problem("must be an object (received: %s)", shown(value))
		return e
	}
	s.values = values
	s.read(&e)
	for _, key := range sortedKeys(values) {
		if !slices.Contains(s.known, key) {
			s.problem("unknown key %q%s; the keys are %s", key, suggestion(key, s.known), strings.Join(slices.Sorted(slices.Values(s.known)), ", "))
		}
	}
	return e
}

// read reads every key that an environment may have.
func (s *section) read(e *Environment) {
	e.Region = s.matching("region", regions, "an AWS Region like eu-west-1", true)
	e.Account = s.matching("account", accounts, "an AWS account id of 12 digits, in quotes; leave it out for the current credentials' account", false)
	e.Mode = emailotp.Mode(s.oneOf("mode", modes, true))
	e.Sender = s.text("sender", "an e-mail address like no-reply@example.com", true)
	e.SenderIdentity = s.oneOf("senderIdentity", identities, false)
	e.HostedZoneID = s.matching("hostedZoneId", zoneIDs, "the id of a Route 53 zone like Z0123456789ABC", false)
	e.SenderName = s.optional("senderName")
	e.ReplyTo = s.optional("replyTo")
	e.ProductName = s.optional("productName")
	e.SupportAddress = s.optional("supportAddress")
	e.DefaultLocale = s.optional("defaultLocale")
	e.CodeLength = s.whole("codeLength", 6, 10)
	e.CodeTTL = s.seconds("codeTtlSeconds", 60, 480)
	e.MaxAttempts = s.whole("maxAttempts", 1, 5)
	e.GuessBurst = s.whole("guessBurst", 3, 100)
	e.GuessRefill = s.seconds("guessRefillSeconds", 60, 86_400)
	e.VerifiedMailsPerHour = s.whole("verifiedMailsPerHour", 1, 3_600_000)
	e.UnverifiedMailsPerHour = s.whole("unverifiedMailsPerHour", 1, 3_600_000)
	e.UnknownMailsPerHour = s.whole("unknownMailsPerHour", 1, 3_600_000)
	e.MailUnverifiedAddresses = s.flag("mailUnverifiedAddresses")
	e.SelfSignUp = s.flag("selfSignUp")
	e.MemorySize = s.whole("memorySize", 128, 10_240)
	if days := s.whole("logRetentionDays", 1, 3653); days != nil {
		e.LogRetentionDays = int(*days)
		if _, ok := retentions[e.LogRetentionDays]; !ok {
			s.wrong("logRetentionDays", "one of "+retentionList(), *days)
		}
	}
	e.RemovalPolicy = s.oneOf("removalPolicy", policies, false)
	s.readPage(e)
	if e.HostedZoneID != "" && e.SenderIdentity == "address" {
		s.problem("hostedZoneId goes with senderIdentity %q alone, for a single address needs no DNS records (received: %q)", "domain", "address")
	}
}

func (s *section) readPage(e *Environment) {
	page := s.flag("signInPage")
	e.SignInPage = page != nil && *page
	e.SignInPageDomain = s.matching("signInPageDomain", domains, "a domain name in small letters like login.example.com", false)
	e.SignInPageCertificateARN = s.matching("signInPageCertificateArn", certs, "the ARN of an ACM certificate in us-east-1, where CloudFront looks for it", false)
	if (e.SignInPageDomain == "") != (e.SignInPageCertificateARN == "") {
		s.problem("signInPageDomain and signInPageCertificateArn go together (received: %q and %q)", e.SignInPageDomain, e.SignInPageCertificateARN)
	}
	if e.SignInPageDomain != "" && !e.SignInPage {
		s.problem("signInPageDomain goes with signInPage true alone (received: %q)", e.SignInPageDomain)
	}
}

func (s *section) problem(format string, args ...any) {
	s.add("cdk.json: context %q: environment %q: %w", ContextKey, s.name, fmt.Errorf(format, args...))
}

func (s *section) wrong(key, allowed string, value any) {
	s.problem("%s must be %s (received: %s)", key, allowed, shown(value))
}

// value returns a key's value and notes that the key is known.
func (s *section) value(key string) (any, bool) {
	s.known = append(s.known, key)
	v, ok := s.values[key]
	return v, ok
}

func (s *section) text(key, what string, required bool) string {
	v, ok := s.value(key)
	if !ok {
		if required {
			s.problem("%s is missing; give %s", key, what)
		}
		return ""
	}
	text, ok := v.(string)
	if !ok || strings.TrimSpace(text) == "" {
		s.wrong(key, what, v)
		return ""
	}
	return text
}

func (s *section) optional(key string) *string {
	if _, ok := s.values[key]; !ok {
		s.known = append(s.known, key)
		return nil
	}
	text := s.text(key, "a text that is not empty", false)
	return &text
}

func (s *section) matching(key string, pattern *regexp.Regexp, what string, required bool) string {
	text := s.text(key, what, required)
	if text != "" && !pattern.MatchString(text) {
		s.wrong(key, what, text)
	}
	return text
}

func (s *section) oneOf(key string, allowed []string, required bool) string {
	what := "one of " + strings.Join(allowed, ", ")
	text := s.text(key, what, required)
	if text != "" && !slices.Contains(allowed, text) {
		s.problem("%s must be %s (received: %q%s)", key, what, text, suggestion(text, allowed))
		return ""
	}
	return text
}

func (s *section) whole(key string, least, most float64) *float64 {
	v, ok := s.value(key)
	if !ok {
		return nil
	}
	n, ok := v.(float64)
	if !ok || n != math.Trunc(n) || n < least || n > most {
		s.wrong(key, fmt.Sprintf("a whole number from %.0f to %.0f", least, most), v)
		return nil
	}
	return &n
}

func (s *section) seconds(key string, least, most float64) time.Duration {
	if n := s.whole(key, least, most); n != nil {
		return time.Duration(*n) * time.Second
	}
	return 0
}

func (s *section) flag(key string) *bool {
	v, ok := s.value(key)
	if !ok {
		return nil
	}
	b, ok := v.(bool)
	if !ok {
		s.wrong(key, "true or false, without quotes", v)
	}
	return &b
}

// shown writes a value as cdk.json has it.
func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
