package sandbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestAdvanceMovesThePoolAndHandlersInProcess(t *testing.T) {
	var handlerNow func() time.Time
	began := time.Date(2026, 11, 21, 6, 30, 0, 0, time.UTC)
	sb := start(t, sandbox.Options{Users: []sandbox.User{{Email: person}}, Clock: func() time.Time { return began },
		InProcess: func(ctx context.Context, sb *sandbox.Sandbox) (sandbox.Invoker, error) {
			handlerNow = sb.Now // the trivial handlers have no clock
			return trivialHandlers(ctx, sb)
		}})
	first, err := initiate(t, sb, person)
	if err != nil {
		t.Fatal(err)
	}
	mail := sb.Messages(sandbox.MessageFilter{To: person})[0]
	if time.Since(mail.SentAt) > time.Hour {
		t.Errorf("the mail was sent at %v, want the machine's time", mail.SentAt)
	}
	sb.Advance(16 * time.Minute) // AuthSessionValidity is at most 15
	if want := began.Add(16 * time.Minute); !handlerNow().Equal(want) || !sb.Now().Equal(want) {
		t.Errorf("the time is %v and %v in handlers, want %v", sb.Now(), handlerNow(), want)
	}
	if _, err := answer(t, sb, first.Session, strings.TrimSpace(mail.Text)); err == nil ||
		!strings.Contains(err.Error(), "session is expired") {
		t.Errorf("an expired session: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("time went back")
		}
	}()
	sb.Advance(-1)
}
