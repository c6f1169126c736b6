package environments

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

var (
	modes      = []string{string(settings.Password), string(settings.Passwordless)}
	regions    = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`)
	accounts   = regexp.MustCompile(`^\d{12}$`)
	names      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	domains    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
	certs      = regexp.MustCompile(`^arn:aws:acm:us-east-1:\d{12}:certificate/[0-9A-Za-z-]+$`)
	zoneIDs    = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)
	identities = []string{IdentityAddress, IdentityDomain, IdentityExisting}
	recoveries = []string{RecoveryByAdministrator, RecoveryByEmail}
	policies   = []string{"destroy", "retain"}
)

// LogRetentions returns the periods that CloudWatch Logs accepts, in days, ascending.
func LogRetentions() []int {
	return []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

// A reader turns the context into environments and collects the problems.
type reader struct{ problems []error }

func (r *reader) add(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// A section reads the keys of one environment and collects the names of all keys that exist.
type section struct {
	*reader
	name   string
	within string // of a part of the environment, such as "clients.Web: "; else empty
	values map[string]any
	known  []string
}

func (r *reader) environment(name string, value any) Environment {
	s := &section{reader: r, name: name}
	e := Environment{Name: name}
	if !names.MatchString(name) {
		s.problem("the name must be a letter, then up to 63 letters, digits and hyphens, "+
			"for it becomes part of a stack's name (received: %q)", name)
	}
	values, ok := value.(map[string]any)
	if !ok {
		s.problem("must be an object (received: %s)", shown(value))
		return e
	}
	s.values = values
	s.read(&e)
	s.refuseOthers()
	return e
}

// refuseOthers reports every key that does not exist.
func (s *section) refuseOthers() {
	for _, key := range sortedKeys(s.values) {
		if !slices.Contains(s.known, key) {
			s.problem("unknown key %q%s; the keys are %s",
				key, suggestion(key, s.known), strings.Join(slices.Sorted(slices.Values(s.known)), ", "))
		}
	}
}

// read reads every key that an environment may have.
func (s *section) read(e *Environment) {
	e.Region = s.matching("region", regions, "an AWS Region like eu-west-1", true)
	e.Account = s.matching("account", accounts,
		"an AWS account id of 12 digits, in quotes; leave it out for the current credentials' account", false)
	e.Settings = s.settings()
	e.SenderIdentity = s.oneOf("senderIdentity", identities, false)
	e.SandboxRecipients = isTrue(s.flag("sandboxRecipients"))
	e.HostedZoneID = s.matching("hostedZoneId", zoneIDs, "the id of a Route 53 zone like Z0123456789ABC", false)
	e.KeyGeneration = s.whole("keyGeneration", 1, settings.MaxKeyGeneration, 1)
	e.PasswordRecovery = s.oneOf("passwordRecovery", recoveries, false)
	e.SelfSignUp = s.flag("selfSignUp")
	e.MemorySize = s.whole("memorySize", settings.MinMemorySize, settings.MaxMemorySize, settings.DefaultMemorySize)
	e.LogRetentionDays = s.whole("logRetentionDays", 1, slices.Max(LogRetentions()), 0)
	if e.LogRetentionDays != 0 && !slices.Contains(LogRetentions(), e.LogRetentionDays) {
		days := strings.Trim(strings.ReplaceAll(fmt.Sprint(LogRetentions()), " ", ", "), "[]")
		s.wrong("logRetentionDays", "one of "+days, e.LogRetentionDays)
	}
	e.Destroy = s.oneOf("removalPolicy", policies, false) == "destroy"
	e.Brand = s.brand()
	s.readPage(e)
	s.readClients(e)
	if e.HostedZoneID != "" && (e.SenderIdentity == IdentityAddress || e.SenderIdentity == IdentityExisting) {
		s.problem("hostedZoneId goes with senderIdentity %q alone, for which it creates DNS records (received: %q)",
			IdentityDomain, e.SenderIdentity)
	}
}

// settings reads the keys of the settings that functions receive, starting from their defaults.
func (s *section) settings() settings.Settings {
	set := settings.Defaults("")
	for _, f := range settings.Fields() {
		if f.Key == "" {
			continue // the construct's own, such as the key's ARN
		}
		switch p := f.Of(&set).(type) {
		case *settings.Mode:
			*p = settings.Mode(s.oneOf(f.Key, modes, true))
		case *string:
			if f.Key == "sender" {
				*p = s.text(f.Key, "an e-mail address like no-reply@example.com", true)
			} else {
				*p = cmp.Or(s.text(f.Key, "a text that is not empty", false), *p)
			}
		case *int:
			*p = s.whole(f.Key, f.Least, f.Most, *p)
		case *time.Duration:
			*p = time.Duration(s.whole(f.Key, f.Least, f.Most, int(*p/time.Second))) * time.Second
		case *bool:
			*p = isTrue(s.flag(f.Key))
		case *[]string:
			*p = s.list(f.Key)
		}
	}
	return set
}

// brand reads the object "brand", whose keys are those of [brand.Brand].
func (s *section) brand() *brand.Brand {
	s.known = append(s.known, "brand")
	value, ok := s.values["brand"]
	if !ok {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		s.problem("brand: %w", err)
		return nil
	}
	b, err := brand.Parse(text)
	if err == nil {
		err = b.Validate()
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			s.problem("brand: %s", strings.TrimRight(line, "\n"))
		}
		return nil
	}
	return &b
}

func (s *section) readPage(e *Environment) {
	e.SignInPage = isTrue(s.flag("signInPage"))
	if e.ChangeAddress = isTrue(s.flag("changeAddress")); e.ChangeAddress && !e.SignInPage {
		s.problem("changeAddress goes with signInPage true alone: its function is behind the page's domain")
	}
	e.SignInPageDomain = s.matching("signInPageDomain", domains, "a domain name in small letters like login.example.com",
		false)
	e.SignInPageCertificateARN = s.matching("signInPageCertificateArn", certs,
		"the ARN of an ACM certificate in us-east-1, where CloudFront looks for it", false)
	if (e.SignInPageDomain == "") != (e.SignInPageCertificateARN == "") {
		s.problem("signInPageDomain and signInPageCertificateArn go together (received: %q and %q)",
			e.SignInPageDomain, e.SignInPageCertificateARN)
	}
	if e.SignInPageDomain != "" && !e.SignInPage {
		s.problem("signInPageDomain goes with signInPage true alone (received: %q)", e.SignInPageDomain)
	}
}

// readClients reads the further app clients.
func (s *section) readClients(e *Environment) {
	v, ok := s.value("clients")
	if !ok {
		return
	}
	all, ok := v.(map[string]any)
	if !ok {
		s.wrong("clients", `an object of clients by name, such as {"Web": {"callbackUrls": ["https://app.example.com/callback"]}}`, v)
		return
	}
	for _, name := range sortedKeys(all) {
		c := &section{reader: s.reader, name: s.name, within: "clients." + name + ": "}
		if !names.MatchString(name) {
			c.problem("the name must be a letter, then up to 63 letters, digits and hyphens (received: %q)", name)
		}
		if c.values, ok = all[name].(map[string]any); !ok {
			c.problem("must be an object (received: %s)", shown(all[name]))
			continue
		}
		client := Client{Name: name, CallbackURLs: c.list("callbackUrls"), LogoutURLs: c.list("logoutUrls"),
			GenerateSecret: isTrue(c.flag("generateSecret"))}
		for _, u := range slices.Concat(client.CallbackURLs, client.LogoutURLs) {
			if err := settings.CheckRedirectURI(u); err != nil {
				c.problem("%w", err)
			}
		}
		c.refuseOthers()
		e.Clients = append(e.Clients, client)
	}
	if !e.SignInPage && slices.ContainsFunc(e.Clients, func(c Client) bool { return len(c.CallbackURLs) > 0 }) {
		s.problem("clients with callbackUrls sign in by the sign-in page; set signInPage true as well")
	}
}

func (s *section) problem(format string, args ...any) {
	s.add("cdk.json: context %q: environment %q: %s%w", ContextKey, s.name, s.within, fmt.Errorf(format, args...))
}

func (s *section) wrong(key, allowed string, value any) {
	s.problem("%s must be %s (received: %s)", key, allowed, shown(value))
}

// value returns a key's value and adds the key to those that exist.
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

// whole reads a whole number; preset where the key is absent or wrong.
func (s *section) whole(key string, least, most, preset int) int {
	v, ok := s.value(key)
	if !ok {
		return preset
	}
	n, ok := v.(float64)
	if !ok || n != math.Trunc(n) || n < float64(least) || n > float64(most) {
		s.wrong(key, fmt.Sprintf("a whole number from %d to %d", least, most), v)
		return preset
	}
	return int(n)
}

// flag reads a boolean; nil where the key is absent.
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

func isTrue(b *bool) bool { return b != nil && *b }

// list reads an array of texts.
func (s *section) list(key string) []string {
	v, ok := s.value(key)
	if !ok {
		return nil
	}
	items, ok := v.([]any)
	var texts []string
	for _, item := range items {
		if text, isText := item.(string); isText && strings.TrimSpace(text) != "" {
			texts = append(texts, text)
		}
	}
	if !ok || len(texts) == 0 || len(texts) != len(items) {
		s.wrong(key, "an array of texts with at least one", v)
	}
	return texts
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
