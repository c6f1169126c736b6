package main

import (
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
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
