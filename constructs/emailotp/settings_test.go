//go:build !race

package emailotp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// ofTheTemplate are the props that shape the template and that no function reads.
var ofTheTemplate = []string{
	"Brand", "Mail", "MailFromDomain", "DmarcRecord", "SandboxRecipients", "UserPool", "UserPoolProps",
	"UserPoolClientProps", "PreSignUp", "PreTokenGeneration", "PreTokenGenerationVersion",
	"ClientsMayChangeEmail", "Architecture", "MemorySize", "LogRetention", "RemovalPolicy", "KeyGeneration",
	"DefineAuthChallengeCode", "CreateAuthChallengeCode", "VerifyAuthChallengeCode", "PreSignUpCode",
	"PreTokenGenerationCode", "MailEventsCode", "AttachUserPoolCode", "CheckOnDeploy", "AttachUserPoolStatements",
	"CaseSensitiveUserNames", "LogGroup", "EncryptionKey", "ReservedConcurrentExecutions", "Tracing", "VpcConfig",
	"CodeSigningConfig", "PasswordRecovery", "CustomMessage", "PostConfirmation",
}

// Every prop is in one of two lists: settings.Fields, which leads it to the functions, or
// ofTheTemplate.
func TestEveryPropIsASettingOrShapesTheTemplate(t *testing.T) {
	all := reflect.TypeFor[props]()
	settingOf := map[string]bool{}
	for _, f := range settings.Fields() {
		settingOf[f.Prop] = true
		if _, ok := all.FieldByName(f.Prop); f.Prop != "" && !ok {
			t.Errorf("the setting %s has no prop %s", f.Variable, f.Prop)
		}
	}
	for i := range all.NumField() {
		name := all.Field(i).Name
		ofTemplate := slices.Contains(ofTheTemplate, name) || strings.HasPrefix(name, "Acknowledged")
		if settingOf[name] == ofTemplate {
			t.Errorf("%s is a setting: %t, and shapes the template alone: %t; it must be one of the two", name, settingOf[name],
				ofTemplate)
		}
	}
}

// another returns a prop's value that is not the default, and the setting that a function must
// read.
func another(f settings.Field) (prop, setting any) {
	var s settings.Settings
	switch f.Of(&s).(type) {
	case *settings.Mode:
		return emailotp.ModePasswordless, settings.Passwordless
	case *int:
		return number(float64(f.Least + 1)), f.Least + 1
	case *time.Duration:
		return seconds(float64(f.Most - 1)), time.Duration(f.Most-1) * time.Second
	case *bool:
		return yes, true
	case *[]string:
		return jsii.Strings("Example.com", "example.net"), []string{"example.com", "example.net"}
	}
	switch {
	case f.Prop == "Sender":
		return emailotp.SenderAddress("codes@example.net"), "codes@example.net"
	case strings.HasSuffix(f.Prop, "To"), strings.HasSuffix(f.Prop, "Address"):
		return text("other@example.com"), "other@example.com"
	case f.Prop == "DefaultLocale":
		return text("de"), "de"
	}
	return text("Another"), "Another"
}

func TestEverySettingGoesFromItsPropToTheFunctionsThatReadIt(t *testing.T) {
	for _, f := range settings.Fields() {
		if f.Prop == "" {
			continue
		}
		t.Run(f.Prop, func(t *testing.T) {
			prop, want := another(f)
			p := valid(emailotp.ModePasswordless)
			if slices.Contains([]string{"MailUnverifiedAddresses", "RememberDevices", "InvitationByMail"}, f.Prop) {
				p.Mode = emailotp.ModePassword
			}
			reflect.ValueOf(p).Elem().FieldByName(f.Prop).Set(reflect.ValueOf(prop))
			environments, _, err := emailotp.Environments(p)
			if err != nil {
				t.Fatal(err)
			}
			readers := 0
			for function, env := range environments {
				if _, has := env[f.Variable]; has != f.ReadBy(function) {
					t.Errorf("%s has %s: %t, reads it: %t", function, f.Variable, has, f.ReadBy(function))
				}
				if !f.ReadBy(function) {
					continue
				}
				readers++
				s, err := settings.Parse(function, lookup(env))
				if err != nil {
					t.Fatalf("%s: %v", function, err)
				}
				if got := reflect.ValueOf(f.Of(&s)).Elem().Interface(); !reflect.DeepEqual(got, want) {
					t.Errorf("%s reads %v, want %v", function, got, want)
				}
			}
			if readers == 0 {
				t.Error("no function reads it")
			}
		})
	}
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// docs/props.md lists the props and says their defaults and ranges; so do the comments in props.go.
func TestPropsRangesAndDefaultsAreDocumented(t *testing.T) {
	table, source := read(t, "../../docs/props.md"), read(t, "props.go")
	all := reflect.TypeFor[props]()
	for i := range all.NumField() {
		if name := all.Field(i).Name; !strings.Contains(table, "`"+name+"`") && !strings.HasSuffix(name, "Code") &&
			!strings.HasPrefix(name, "Acknowledged") {
			t.Errorf("docs/props.md does not list the prop %s", name)
		}
	}
	s := settings.Defaults(emailotp.ModePassword)
	for prop, want := range map[string][]string{
		"CodeTTL": {fmt.Sprintf("%.0f to %.0f minutes", settings.MinCodeTTL.Minutes(), settings.MaxCodeTTL.Minutes()),
			fmt.Sprintf("Default: %.0f minutes.", s.CodeTTL.Minutes())},
		"GuessRefill": {fmt.Sprintf("%.0f minute to %.0f day", settings.MinGuessRefill.Minutes(),
			settings.MaxGuessRefill.Hours()/24),
			fmt.Sprintf("Default: %.0f hour.", s.GuessRefill.Hours())},
		"MemorySize": {fmt.Sprintf("%d to %s", settings.MinMemorySize, thousands(settings.MaxMemorySize)),
			fmt.Sprintf("Default: %d,", settings.DefaultMemorySize)},
		"KeyGeneration": {"1 to " + thousands(settings.MaxKeyGeneration)},
	} {
		contains(t, commentOf(t, source, prop), want...)
	}
	for _, f := range settings.Fields() {
		preset, isNumber := f.Of(&s).(*int)
		if !isNumber {
			continue
		}
		comment := commentOf(t, source, f.Prop)
		for _, want := range []string{fmt.Sprintf("%s to %s", thousands(f.Least), thousands(f.Most)),
			"Default: " + thousands(*preset) + "."} {
			if !strings.Contains(comment, want) {
				t.Errorf("the comment of %s lacks %q: %s", f.Prop, want, comment)
			}
		}
		if row := rowOf(table, f.Prop); !strings.Contains(row, thousands(*preset)) ||
			!strings.Contains(row, thousands(f.Most)) {
			t.Errorf("docs/props.md's row of %s lacks its default %s or its maximum %s: %s", f.Prop, thousands(*preset),
				thousands(f.Most), row)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// commentOf returns the comment above a field, as one line.
func commentOf(t *testing.T, source, field string) string {
	t.Helper()
	_, comment, found := strings.Cut(source, "\t// "+field+" ")
	if !found {
		t.Errorf("%s has no comment that begins with its name", field)
	}
	comment, _, _ = strings.Cut(comment, "\n\t"+field+" ")
	return strings.ReplaceAll(comment, "\n\t// ", " ")
}

// rowOf returns the line of a table that names the prop.
func rowOf(table, prop string) string {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| `") && strings.Contains(line, "`"+prop+"`") {
			return line
		}
	}
	return ""
}

func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// start starts each function's settings, and the mail of the one that mails, from the environment
// that the construct gives it.
func start(t *testing.T, environments map[settings.Function]map[string]string, mailFile []byte) {
	t.Helper()
	for function, env := range environments {
		s, err := settings.Parse(function, lookup(env))
		if err != nil {
			t.Errorf("%s does not start: %v", function, err)
		}
		size := 0
		for name, value := range env {
			size += len(name) + len(value)
		}
		if size > settings.MaxEnvironment-512 {
			t.Errorf("%s has an environment of %d bytes without the ARNs", function, size)
		}
		if function != settings.CreateAuthChallenge {
			continue
		}
		root := t.TempDir()
		if mailFile != nil {
			if err := os.WriteFile(filepath.Join(root, contract.MailFile), mailFile, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := trigger.MailRenderer(s, lookup(map[string]string{"LAMBDA_TASK_ROOT": root})); err != nil {
			t.Errorf("%s has no mail: %v", function, err)
		}
	}
}

// Whatever Validate accepts, the functions must start with.
func FuzzProps(f *testing.F) {
	f.Add(true, "no-reply@example.com", "Name", "reply@example.com", "Product", "help@example.com", "de", "example.com",
		"Hello", "#123456", 8.0, 300.0, 200.0)
	f.Add(false, "a@b.example.com", "", "", " x", "", "xx", "", "{code}", "red", 6.0, 60.0, 1e300)
	f.Add(true, "a@"+strings.Repeat("long.", 20)+"example.com", "=?x", "a\n@b.c", strings.Repeat("x", 64), "\x00",
		"en-GB", "example.com,example.net", "${Token[X.1]}", "#fff", -1.0, 60.5, 0.0)
	f.Fuzz(func(t *testing.T, passwordless bool, sender, name, replyTo, product, support, locale, domain, heading,
		color string, length, ttl, mails float64) {
		optional := func(s string) *string {
			if s == "" {
				return nil
			}
			return &s
		}
		p := &props{
			Mode: emailotp.ModePassword, Sender: emailotp.SenderAddress(sender), SenderName: optional(name),
			ReplyTo:     optional(replyTo),
			ProductName: optional(product), SupportAddress: optional(support), DefaultLocale: optional(locale),
			CodeLength: &length, UnverifiedMailsPerHour: &mails, UnverifiedMailsPerDay: &mails,
		}
		if ttl > 0 && ttl < 1e6 {
			p.CodeTTL = awscdk.Duration_Millis(number(float64(int(ttl * 1000))))
		}
		if passwordless {
			p.Mode = emailotp.ModePasswordless
			if domain != "" {
				p.AllowedSignUpDomains = &[]*string{&domain}
			}
		}
		if heading != "" || color != "" {
			p.Mail = &emailotp.MailProps{AccentColor: optional(color),
				Languages: map[string]emailotp.MailStrings{"de": {Heading: heading}}}
		}
		environments, mailFile, err := emailotp.Environments(p)
		if err != nil {
			return
		}
		start(t, environments, mailFile)
		if p.AllowedSignUpDomains != nil {
			s, _ := settings.Parse(settings.PreSignUp, lookup(environments[settings.PreSignUp]))
			if !slices.Equal(s.AllowedSignUpDomains, []string{strings.ToLower(domain)}) {
				t.Errorf("pre-sign-up reads the domains %q, want %q", s.AllowedSignUpDomains, domain)
			}
		}
	})
}
