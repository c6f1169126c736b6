package settings_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func full(m settings.Mode) settings.Settings {
	s := settings.Defaults(m)
	s.KeyARN, s.TableName = "arn:aws:kms:eu-west-1:123456789012:key/1", "Guard"
	s.From, s.FromName = "no-reply@example.com", "Example"
	s.ReplyTo, s.SupportAddress = "help@example.com", "support@example.com"
	s.IdentityARN, s.ConfigurationSet, s.ProductName = "arn:aws:ses:eu-west-1:123456789012:identity/example.com", "Mail",
		"Example"
	s.TrustUnverified = true
	return s
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestCreateReadsBackEverySetting(t *testing.T) {
	want := full(settings.Password)
	got, err := settings.Parse(settings.CreateAuthChallenge, lookup(want.Environment(settings.CreateAuthChallenge)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v\nwrote\n%+v", got, want)
	}
}

func TestEachFunctionParsesItsOwnEnvironmentAndGetsNoOther(t *testing.T) {
	for _, m := range settings.Modes() {
		s := full(m)
		s.UserPoolID = "eu-west-1_Example01"
		for _, f := range settings.Functions(m) {
			if _, err := settings.Parse(f, lookup(s.Environment(f))); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
		for _, f := range []settings.Function{settings.DefineAuthChallenge, settings.PreSignUp, settings.PreTokenGeneration} {
			for name := range s.Environment(f) {
				if strings.Contains(name, "KEY") || strings.Contains(name, "TABLE") || strings.Contains(name, "FROM") {
					t.Errorf("%s receives %s and has no use for it", f, name)
				}
			}
		}
	}
}

func TestMailEventsReadsTablePoolAndDailyQuotaAlone(t *testing.T) {
	for _, m := range settings.Modes() {
		s := full(m)
		s.UserPoolID = "eu-west-1_Example01"
		got := s.Environment(settings.MailEvents)
		want := map[string]string{"EMAILOTP_MODE": string(m), "EMAILOTP_TABLE": "Guard",
			"EMAILOTP_USER_POOL_ID":              "eu-west-1_Example01",
			"EMAILOTP_POOL_MAILS_UNVERIFIED_DAY": "1000"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: receives %v, want %v", m, got, want)
		}
		if _, has := s.Environment(settings.CreateAuthChallenge)["EMAILOTP_USER_POOL_ID"]; has {
			t.Errorf("%s: create receives the pool, whose id depends on its ARN", m)
		}
	}
}

func TestMailEventsIsAFunctionOfEveryModeAndNoTrigger(t *testing.T) {
	for _, m := range settings.Modes() {
		if all := settings.Functions(m); len(all) != 5 || !slices.Contains(all, settings.MailEvents) {
			t.Errorf("%s: functions %v", m, all)
		}
		if triggers := settings.Triggers(m); len(triggers) != 4 || slices.Contains(triggers, settings.MailEvents) {
			t.Errorf("%s: triggers %v", m, triggers)
		}
	}
}

func TestParseNamesEveryProblemAtOnce(t *testing.T) {
	env := full(settings.Password).Environment(settings.CreateAuthChallenge)
	env["EMAILOTP_MODE"] = "both"
	env["EMAILOTP_CODE_LENGTH"] = "3"
	env["EMAILOTP_CODE_TTL"] = "660"
	env["EMAILOTP_MAX_ATTEMPTS"] = "many"
	env["EMAILOTP_TRUST_UNVERIFIED"] = "yes"
	delete(env, "EMAILOTP_KEY_ARN")
	_, err := settings.Parse(settings.CreateAuthChallenge, lookup(env))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`EMAILOTP_MODE must be "password" or "passwordless" (received: "both")`,
		`EMAILOTP_CODE_LENGTH must be a whole number from 6 to 10 (received: "3")`,
		`EMAILOTP_CODE_TTL must be whole seconds from 60 to 480 (received: "660")`,
		`EMAILOTP_MAX_ATTEMPTS must be a whole number from 1 to 5 (received: "many")`,
		`EMAILOTP_TRUST_UNVERIFIED must be "true" or "false" (received: "yes")`,
		`EMAILOTP_KEY_ARN is not set`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%v", want, err)
		}
	}
}

// Each field of Settings is in the list once, and no name in it is taken twice.
func TestEveryFieldIsListedOnce(t *testing.T) {
	var s settings.Settings
	listed := map[any]int{}
	names := map[string]int{}
	for _, f := range settings.Fields() {
		listed[f.Of(&s)]++
		for _, name := range []string{f.Variable, f.Prop, "key " + f.Key} {
			names[name]++
		}
		if (f.Prop == "") != (f.Key == "") {
			t.Errorf("%s has the prop %q and the key %q; it needs both or none", f.Variable, f.Prop, f.Key)
		}
	}
	delete(names, "")
	delete(names, "key ")
	for name, n := range names {
		if n > 1 {
			t.Errorf("%s stands %d times in the list", name, n)
		}
	}
	for _, of := range []reflect.Value{reflect.ValueOf(&s).Elem(), reflect.ValueOf(&s.Mail).Elem()} {
		for i := range of.NumField() {
			if field := of.Type().Field(i); !field.Anonymous && listed[of.Field(i).Addr().Interface()] != 1 {
				t.Errorf("%s.%s stands %d times in the list, want once", of.Type(), field.Name,
					listed[of.Field(i).Addr().Interface()])
			}
		}
	}
}

func TestAProductWithoutANameIsTheSendersDomain(t *testing.T) {
	for _, test := range []struct{ from, name, want string }{{"a@example.com", "", "example.com"},
		{"a@example.com", "Shop", "Shop"}, {"", "", ""}} {
		if got := (settings.Mail{From: test.from, ProductName: test.name}).Product(); got != test.want {
			t.Errorf("Product of %q and %q is %q, want %q", test.from, test.name, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("EMAILOTP_CODE_LENGTH", "8")
	f.Add("EMAILOTP_MODE", "")
	f.Fuzz(func(t *testing.T, name, value string) {
		env := full(settings.Passwordless).Environment(settings.CreateAuthChallenge)
		env[name] = value
		s, err := settings.Parse(settings.CreateAuthChallenge, lookup(env))
		if err != nil {
			return
		}
		if s.CodeLength < settings.MinCodeLength || s.CodeLength > settings.MaxCodeLength ||
			s.CodeTTL < settings.MinCodeTTL || s.CodeTTL > settings.MaxCodeTTL ||
			s.MaxAttempts < settings.MinAttempts || s.MaxAttempts > settings.MaxAttempts {
			t.Errorf("out of range and accepted: %+v", s)
		}
	})
}
