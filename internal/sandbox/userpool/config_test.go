package userpool_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestNewReportsEverythingThatIsWrong(t *testing.T) {
	_, err := userpool.New(userpool.Config{
		ID: "nonsense", PasswordPolicy: userpool.PasswordPolicy{MinimumLength: 3},
		Triggers: map[userpool.Trigger]bool{userpool.PreSignUp: true},
		Clients: []userpool.Client{
			{ID: "a", AuthSessionValidity: time.Hour, AccessTokenValidity: time.Second, IDTokenValidity: 25 * time.Hour,
				RefreshTokenValidity: time.Minute,
				RefreshTokenRotation: &userpool.RefreshTokenRotation{RetryGracePeriod: time.Hour}},
			{ID: "a"}, {ID: "not a client id"},
		},
	}, userpool.Options{Keys: &userpool.SigningKeys{}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"no region", `"nonsense" is no pool id`, "at least 3 characters",
		`two app clients have the id "a"`, `"not a client id"`,
		"AuthSessionValidity is 1h0m0s", "AccessTokenValidity is 1s", "IDTokenValidity is 25h0m0s",
		"RefreshTokenValidity is 1m0s", "RetryGracePeriod is 1h0m0s",
		"no Invoker", "Options.Keys lacks a key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

func TestNewMakesKeysAndDefaults(t *testing.T) {
	for region, want := range map[string][2]string{
		"eu-west-1":      {"https://cognito-idp.eu-west-1.amazonaws.com/", "arn:aws:cognito-idp:eu-west-1:"},
		"us-gov-west-1":  {"https://cognito-idp.us-gov-west-1.amazonaws.com/", "arn:aws-us-gov:cognito-idp:us-gov-west-1:"},
		"eusc-de-east-1": {"https://cognito-idp.eusc-de-east-1.amazonaws.eu/", "arn:aws-eusc:cognito-idp:eusc-de-east-1:"},
	} {
		cfg := config()
		cfg.Region, cfg.Triggers = region, nil
		cfg.Clients = []userpool.Client{{ID: "plain"}}
		pool, err := userpool.New(cfg, userpool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := pool.Issuer(); got != want[0]+cfg.ID {
			t.Errorf("issuer = %s, want %s", got, want[0]+cfg.ID)
		}
		if got := pool.ARN(); got != want[1]+"123456789012:userpool/"+cfg.ID {
			t.Errorf("ARN = %s", got)
		}
	}
}

func TestNewWarnsOfWhatIsNotEmulated(t *testing.T) {
	var logged bytes.Buffer
	cfg := config()
	cfg.DeviceTracking, cfg.MFAConfiguration = true, "OPTIONAL"
	cfg.Triggers["UserMigration"] = true
	if _, err := userpool.New(cfg, userpool.Options{Invoker: passwordless(), Keys: testKeys(),
		Logger: slog.New(slog.NewTextHandler(&logged, nil))}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"device tracking", "native MFA", "UserMigration"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log lacks %q: %s", want, logged.String())
		}
	}
}

func TestSeeding(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.seed(t, userpool.UserSpec{Email: alice, Attributes: map[string]string{"locale": "de"}})
	if u.Username != u.Sub || u.Status != "CONFIRMED" || !u.Enabled || u.Attributes["email_verified"] != "false" ||
		u.Attributes["sub"] != u.Sub || u.Attributes["locale"] != "de" {
		t.Errorf("user = %+v", u)
	}
	for _, spec := range []userpool.UserSpec{{Email: "ALICE@example.com"}, {}, {Username: "alice"}, {Email: "nonsense"}} {
		if _, err := w.pool.CreateUser(t.Context(), spec); err == nil {
			t.Errorf("CreateUser(%+v) succeeded", spec)
		}
	}
	u.Attributes["email"] = "changed"
	if got, _ := w.pool.User(alice); got.Attributes["email"] != alice {
		t.Error("a caller changed the pool's user")
	}
	for _, name := range []string{"nobody@example.com", "", "alice", "email:" + alice} {
		if got, ok := w.pool.User(name); ok {
			t.Errorf("User(%q) = %+v", name, got)
		}
	}
	sensitive := newWorld(t, passwordless(),
		func(cfg *userpool.Config, _ *userpool.Options) { cfg.UsernameCaseSensitive = true })
	sensitive.seed(t, userpool.UserSpec{Email: alice})
	sensitive.seed(t, userpool.UserSpec{Email: "ALICE@example.com"})
	if n := len(sensitive.pool.Users()); n != 2 {
		t.Errorf("%d users, want 2", n)
	}
}
