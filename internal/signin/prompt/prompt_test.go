package prompt

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

func newTestPrompter(answers string) (*Prompter, *bytes.Buffer) {
	words := &bytes.Buffer{}
	now := time.Date(2026, 11, 21, 6, 25, 0, 0, time.UTC)
	return &Prompter{Options: Options{Err: words, User: "user@example.com"},
		lines: bufio.NewReader(strings.NewReader(answers)), now: func() time.Time { return now }}, words
}

func TestEveryReasonHasASentence(t *testing.T) {
	t.Parallel()
	p, _ := newTestPrompter("")
	seen := map[string]string{}
	for _, reason := range contract.Reasons() {
		sentence := p.explain(signin.Challenge{CodeLength: 8, Reason: reason})
		if other := seen[sentence]; sentence == "" || other != "" {
			t.Errorf("%s has the sentence %q, as %q has", reason, sentence, other)
		}
		seen[sentence] = reason
	}
}

// Only the mailbox shows whether a long code was mailed: the newest mail may hold a short one.
func TestALongCodeIsNotPromised(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{contract.ReasonSent, contract.ReasonResent, contract.ReasonNewCode} {
		p, _ := newTestPrompter("")
		got := p.explain(signin.Challenge{CodeLength: 20, ResendsLeft: 2, Reason: reason,
			ResendAt: p.now().Add(25 * time.Second)})
		want := "Enter the code of 20 digits from the newest mail to user@example.com. " +
			"If that mail has only a shorter code, that one no longer counts: r has the mail sent again, in 25 s."
		if !strings.HasSuffix(got, want) || strings.Contains(got, "was mailed") || strings.Contains(got, "was sent") {
			t.Errorf("%s: %q, want it to end in %q", reason, got, want)
		}
	}
}

func TestAnAnswerThatCannotBeTheCodeIsAskedForAgain(t *testing.T) {
	t.Parallel()
	p, words := newTestPrompter("1234\n\nr\nYour code: 1234-5678\n")
	code, err := p.Code(t.Context(), signin.Challenge{CodeLength: 8, AttemptsLeft: 3, ResendsLeft: 1,
		ResendAt: p.now().Add(time.Minute)})
	if err != nil || code != "12345678" {
		t.Errorf("code %q, error %v", code, err)
	}
	for _, want := range []string{"A code has 8 digits.\n", "The mail can be sent again in 1 min.\n"} {
		if strings.Count(words.String(), want) != 1 {
			t.Errorf("printed %q, want %q once", words, want)
		}
	}
}

func TestDurationsHaveMinutesAndSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 34 * time.Second: "34 s", 5 * time.Minute: "5 min",
		4*time.Minute + 57400*time.Millisecond: "4 min 57 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
