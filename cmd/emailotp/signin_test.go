package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestEveryRefusalHasARemedy(t *testing.T) {
	t.Parallel()
	for _, id := range contract.RefusalIDs() {
		if remedies[id] == "" {
			t.Errorf("there is no remedy for the refusal %s", id)
		}
	}
	if len(remedies) != len(contract.RefusalIDs()) {
		t.Errorf("there are remedies for %d refusals, want %d", len(remedies), len(contract.RefusalIDs()))
	}
}

func TestNoHintSpeaksOfPasswordsWithoutPasswords(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"Incorrect username or password":                               "start again",
		"that code was wrong, and it was the last try of this sign-in": "start again",
		"Invalid session for the user, session is expired":             "the code took too long; start again",
	} {
		err := advise(&signin.Refused{Sentence: sentence}, target{mode: signin.Passwordless})
		if got := strings.Join(hintsOf(err), ""); got != want {
			t.Errorf("%s: hint %q, want %q", sentence, got, want)
		}
	}
	err := advise(&signin.Refused{Sentence: "Incorrect username or password"}, target{mode: signin.Password})
	if got := strings.Join(hintsOf(err), ""); !strings.Contains(got, "a wrong password") {
		t.Errorf("in password mode the hint is %q", got)
	}
}

// A pool that resets no passwords by e-mail names who does, before anything is requested.
func TestAForgottenPasswordHasAWayBackIn(t *testing.T) {
	t.Parallel()
	const named = "this pool resets no passwords by e-mail (PasswordRecovery); ask help@example.com for a new one"
	outputs := func(more ...string) map[string]string {
		all := map[string]string{"UserPoolId": "eu-west-1_Example01", "UserPoolClientId": "client", "Mode": "password"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for name, c := range map[string]struct {
		config  sandbox.Config
		outputs map[string]string
		asked   string // empty where the pool resets passwords
	}{
		"by an administrator":                 {sandbox.Config{}, nil, "ask an administrator for a new one"},
		"with a support address":              {sandbox.Config{SupportAddress: "help@example.com"}, nil, named},
		"by e-mail":                           {sandbox.Config{Recovery: "email"}, nil, ""},
		"deployed, with a support address":    {outputs: outputs("SupportAddress", "help@example.com"), asked: named},
		"deployed, by e-mail":                 {outputs: outputs("SupportAddress", "help@example.com", "PasswordRecovery", "email")},
		"deployed, with an app's own outputs": {outputs: outputs()},
	} {
		file := filepath.Join(t.TempDir(), "ready.json")
		c.config.Endpoint, c.config.UserPoolID = "http://127.0.0.1:9", "eu-west-1_Example01"
		c.config.UserPoolClientID = "client"
		c.config.Mode = sandbox.Mode(signin.Password)
		if err := c.config.WriteReadyFile(file); err != nil {
			t.Fatal(err)
		}
		f := signInFlags{readyFile: file, reset: true, user: "user@example.com"}
		if strings.HasPrefix(name, "deployed") {
			f.from, f.readyFile = file, ""
			stack, err := json.Marshal(map[string]any{"Shop": c.outputs})
			if err = errors.Join(err, os.WriteFile(file, stack, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		target, err := f.target()
		if err != nil {
			t.Fatal(err)
		}
		wrong := strings.Join(hintsOf(advise(&signin.Refused{Sentence: "Incorrect username or password"}, target)), " ")
		if c.asked == "" {
			if target.noReset != "" || target.sandbox && !strings.Contains(wrong, "--reset-password") {
				t.Errorf("%s: ask %q; %s", name, target.noReset, wrong)
			}
			continue
		}
		_, err = f.signIn(t.Context(), target, nil)
		if err == nil || !strings.Contains(err.Error(), c.asked) ||
			!strings.Contains(wrong, "forgotten password, ask "+target.noReset) {
			t.Errorf("%s: %v; %s", name, err, wrong)
		}
	}
}
