package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

var time0 time.Time

func letter(id int, to string) mailbox.Message {
	return mailbox.Message{ID: fmt.Sprint(id), To: to, Recipients: []string{to}, Text: fmt.Sprint("mail ", id),
		SentAt: time.Unix(int64(id), 0)}
}

func TestMailsAreListedNewestFirstByRecipientAndTime(t *testing.T) {
	s := mailbox.NewStore(0)
	for i, to := range []string{"a@example.com", "b@example.com", "A@example.com", "a@example.com"} {
		s.Add(letter(i, to))
	}
	ids := func(ms []mailbox.Message) (all string) {
		for _, m := range ms {
			all += m.ID
		}
		return all
	}
	for _, c := range []struct {
		to    string
		since time.Time
		limit int
		want  string
	}{
		{"", time0, 0, "3210"}, {"a@example.com", time0, 0, "320"}, {" A@EXAMPLE.COM ", time0, 2, "32"},
		{"", time.Unix(2, 0), 0, "32"}, {"c@example.com", time0, 0, ""},
	} {
		if got := ids(s.Messages(c.to, c.since, c.limit)); got != c.want {
			t.Errorf("to %q since %v limit %d: %s, want %s", c.to, c.since, c.limit, got, c.want)
		}
	}
}

func TestTheOldestLeavesAFullInbox(t *testing.T) {
	s := mailbox.NewStore(3)
	for i := range 10 {
		s.Add(letter(i, fmt.Sprintf("%d@example.com", i%2)))
	}
	if got := s.Messages("", time0, 0); len(got) != 3 || got[2].ID != "7" {
		t.Errorf("kept %v", got)
	}
	if got := s.Messages("0@example.com", time0, 0); len(got) != 1 || got[0].ID != "8" {
		t.Errorf("kept of one recipient %v", got)
	}
	if _, ok := s.Message("3"); ok {
		t.Error("a mail that left is still found")
	}
}

func TestTwentyThousandMailsDontSlowItDown(t *testing.T) {
	s := mailbox.NewStore(0)
	for i := range 20_000 {
		s.Add(letter(i, fmt.Sprintf("%d@example.com", i)))
	}
	// Allocations show work that grows with the mailbox on any machine, however busy.
	next := 20_000
	perMail := testing.AllocsPerRun(1000, func() {
		s.Add(letter(next, "user@example.com"))
		next++
		if len(s.Messages("user@example.com", time.Unix(20_000, 0), 1)) != 1 {
			t.Fatal("the mail isn't there")
		}
	})
	if perMail > 100 {
		t.Errorf("a mail sent and found among 20,000 takes %v allocations", perMail)
	}
}

func TestWaitingEndsWithTheMailOrTheContext(t *testing.T) {
	s := mailbox.NewStore(0)
	s.Add(letter(1, "a@example.com"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			m, err := s.Wait(t.Context(), "a@example.com", time.Unix(2, 0))
			if err != nil || m.ID != "3" {
				t.Errorf("got %v, %v", m, err)
			}
		})
	}
	s.Add(letter(2, "b@example.com"))
	s.Add(letter(3, "a@example.com"))
	wg.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Wait(ctx, "c@example.com", time0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptiedInboxIsEmpty(t *testing.T) {
	s := mailbox.NewStore(0)
	s.Add(letter(1, "a@example.com"))
	before := s.Version()
	s.Delete()
	if len(s.Messages("", time0, 0)) != 0 || len(s.Messages("a@example.com", time0, 0)) != 0 || s.Version() == before {
		t.Error("something is left")
	}
}
