package trigger_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// mark is what an item holds for an address that mail came back from.
func mark(address string) string {
	h := otp.HashAddress(address)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// mailEvent is an event as SES publishes it, about the last mail to the person.
func mailEvent(t testing.TB, w *world, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "mail-events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	item := "none"
	for _, m := range w.sent {
		for _, tag := range m.Tags {
			if m.To == person && tag.Name == settings.ItemTag {
				item = tag.Value
			}
		}
	}
	return []byte(strings.ReplaceAll(string(b), "ITEM-OF-THE-PERSON", item))
}

func (w *world) mailEvents() trigger.MailEvents {
	s := w.settings
	s.UserPoolID = pool
	return trigger.MailEvents{Settings: s, Reporter: w.reporter(settings.MailEvents), Store: w.store, Now: w.now}
}

func (w *world) receive(payload []byte) error {
	_, err := w.mailEvents().Invoke(context.Background(), payload)
	return err
}

func TestMailThatComesBackMarksTheAddress(t *testing.T) {
	for _, tc := range []struct {
		event, reason, metric string
		marks                 bool
		days                  int
	}{
		{"bounce-permanent", "permanent-bounce", `"AddressesBounced":1`, true, 7},
		{"bounce-forwarded", "permanent-bounce", `"AddressesBounced":1`, true, 7},
		{"bounce-suppressed", "permanent-bounce", `"AddressesBounced":1`, true, 14},
		{"complaint", "complaint", `"AddressesComplained":1`, true, 0},
		{"bounce-transient", "not-permanent", "", false, 0},
		{"bounce-undetermined", "not-permanent", "", false, 0},
		{"complaint-not-spam", "not-spam", "", false, 0},
	} {
		t.Run(tc.event, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				w.start(known())
				before := w.item()
				w.log.Reset()
				if err := w.receive(mailEvent(t, w, tc.event)); err != nil {
					t.Fatal(err)
				}
				want := before
				if tc.marks {
					want.Mark = guard.ComplaintMark(mark(person), w.clock)
					if tc.days > 0 {
						want.Mark.Until = w.clock.AddDate(0, 0, tc.days).UnixMilli()
					}
				}
				if got := w.item(); got != want {
					t.Errorf("item %+v, want %+v", got, want)
				}
				w.logHas(`"reason":"`+tc.reason+`"`, tc.metric, `"item":"`+guard.Key(pool, sub)+`"`)
				w.logLacks("@")
			})
		})
	}
}

func TestABounceMarkEndsAndAComplaintWaitsForARightAnswer(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	mailed := func() bool {
		n := len(w.mailbox(person))
		w.start(known()).want("")
		return len(w.mailbox(person)) > n
	}
	send := func(event string) {
		if err := w.receive(mailEvent(t, w, event)); err != nil {
			t.Fatal(err)
		}
	}
	w.start(known())
	send("bounce-permanent")
	w.pass(7*24*time.Hour - time.Second)
	if mailed() {
		t.Error("a mail went to a marked address")
	}
	w.pass(2 * time.Second)
	w.pass(guard.Cooldown)
	if !mailed() {
		t.Fatal("the mark of a bounce does not end")
	}
	send("complaint")
	w.pass(365 * 24 * time.Hour)
	if mailed() {
		t.Error("the mark of a complaint ended by itself")
	}
	// A right answer after the complaint, to a code that was mailed before it.
	w = newWorld(t, settings.Passwordless)
	s := w.start(known())
	send("complaint")
	w.pass(time.Second)
	s.answer(w.latest()).want("tokens")
	if !mailed() {
		t.Error("a right answer does not end the mark of a complaint")
	}
}

func TestABounceTakesFromTheQuotaForUnprovenAddresses(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.settings.PoolMailsUnverifiedDay = 20
	w.start(known())
	for _, event := range []string{"bounce-permanent", "bounce-permanent", "bounce-transient", "complaint"} {
		if err := w.receive(mailEvent(t, w, event)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 {
		w.start(other(n).with("email_verified", "false"))
	}
	if a, b := len(w.mailbox("other0@example.com")), len(w.mailbox("other1@example.com")); a != 1 || b != 0 {
		t.Errorf("%d and %d mails to unproven addresses, want one: 20 less 19", a, b)
	}
}

func TestAnEventThatComesTwiceMarksOnce(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known())
	for range 2 {
		if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(w.log.String(), `"AddressesBounced":1`); n != 1 {
		t.Errorf("counted %d times", n)
	}
}

func TestAMarkedAddressGetsNoMailAndAStrangerSeesNoDifference(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known())
	if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil {
		t.Fatal(err)
	}
	w.pass(guard.Lifetime)
	w.log.Reset()
	s := w.start(known()).want("").reason("sent")
	w.pass(guard.Cooldown)
	s.resend().want("").reason("resent")
	if n := len(w.mailbox(person)); n != 1 {
		t.Errorf("%d mails to a marked address", n-1)
	}
	if n := len(w.mailbox(trigger.Simulator)); n != 2 {
		t.Errorf("%d decoys, want 2", n)
	}
	if n := strings.Count(w.log.String(), `"MailsSuppressed":1`); n != 2 {
		t.Errorf("%d mails suppressed", n)
	}
	w.logHas(`"reason":"address-bounced"`)
	w.logLacks("CodesSent")
	// Another address of the same user is not meant.
	w.pass(guard.Lifetime)
	w.start(known().with("email", "other@example.com")).want("").reason("sent")
	if n := len(w.mailbox("other@example.com")); n != 1 {
		t.Errorf("%d mails to the new address", n)
	}
}

func TestAfterAProvenPasswordAMarkedAddressIsRefused(t *testing.T) {
	w := newWorld(t, settings.Password)
	w.start(known())
	if err := w.receive(mailEvent(t, w, "complaint")); err != nil {
		t.Fatal(err)
	}
	w.pass(guard.Lifetime)
	before := w.item()
	w.log.Reset()
	s := w.start(known()).want("error")
	if s.err.Error() != trigger.RefusedUndeliverable.Error() {
		t.Errorf("the client is shown %q", s.err)
	}
	if len(w.mails) != 1 || w.item() != before {
		t.Errorf("%d mails, item %+v, before %+v", len(w.mails), w.item(), before)
	}
	w.logHas(`"MailsSuppressed":1`, `"reason":"address-bounced"`)
	w.logLacks(`"Faults"`)
	w.start(known().with("email", "other@example.com")).want("").reason("sent")
}

func TestACodeThatWasMailedBeforeTheMarkStaysRight(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		if err := w.receive(mailEvent(t, w, "complaint")); err != nil {
			t.Fatal(err)
		}
		s.answer(wrong(w.latest())).want("").reason("wrong-code").answer(w.latest()).want("tokens")
	})
}

func TestAResendToAMarkedAddressEndsAPasswordSignInWithTheReason(t *testing.T) {
	w := newWorld(t, settings.Password)
	s := w.start(known())
	if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil {
		t.Fatal(err)
	}
	w.pass(guard.Cooldown)
	s.resend().want("error")
	if s.err.Error() != trigger.RefusedUndeliverable.Error() || len(w.mails) != 1 {
		t.Errorf("shown %q, %d mails", s.err, len(w.mails))
	}
}

func TestRealMailsAndDecoysNameTheirItemAndShareNoTags(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.start(known())
		if w.settings.Mode == settings.Passwordless {
			w.start(stranger("nobody@example.com"))
		}
		keys := map[string]string{person: guard.Key(pool, sub),
			trigger.Simulator: guard.UnknownKey(pool, "nobody@example.com", false)}
		for _, m := range w.sent {
			if own := (mail.Tag{Name: "emailotp-item", Value: keys[m.To]}); !slices.Equal(m.Tags,
				[]mail.Tag{sharedTags[0], own}) {
				t.Errorf("tags %v", m.Tags)
			}
		}
		if sharedTags[1].Name != "room" {
			t.Error("a mail's tag was written into the renderer's")
		}
	})
}

func TestATableThatIsDownIsTriedAgain(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known())
	w.store.fail["MarkBounced"] = errors.New("throttled")
	err := w.receive(mailEvent(t, w, "bounce-permanent"))
	if err == nil || strings.Contains(err.Error(), "throttled") {
		t.Fatal(err)
	}
	w.logHas(`"Faults":1`)
	w.logLacks("throttled")
	w.store.fail = map[string]error{}
	if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil || w.item().Mark.Address == "" {
		t.Errorf("%v, item %+v", err, w.item())
	}
}

// bent are mail events that mark nothing and are not to come again.
func bent(t testing.TB, w *world) map[string]struct{ payload, reason string } {
	good := string(mailEvent(t, w, "bounce-permanent"))
	item := guard.Key(pool, sub)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the event has no %q", old)
		}
		return strings.ReplaceAll(good, old, new)
	}
	return map[string]struct{ payload, reason string }{
		"nothing": {"", "malformed-event"},
		"no JSON": {"{", "malformed-event"},
		"null":    {"null", "another-event"},
		"a list":  {"[]", "malformed-event"},
		"a deep nest": {strings.Repeat(`{"detail":`, 20_000) + `1` + strings.Repeat(`}`, 20_000),
			"malformed-event"},
		"a megabyte":            {swap("7a1c52d4", strings.Repeat("7", 1<<20)), "event-too-large"},
		"another source":        {swap(`"aws.ses"`, `"app.example"`), "another-event"},
		"another kind":          {swap(`"eventType": "Bounce"`, `"eventType": "Delivery"`), "another-event"},
		"a kind that is a list": {swap(`"eventType": "Bounce"`, `"eventType": ["Bounce"]`), "malformed-event"},
		"no tag":                {swap(`"emailotp-item"`, `"another-tag"`), "no-item"},
		"two items":             {swap(`"`+item+`"`, `"`+item+`","`+item+`"`), "no-item"},
		"an address as item":    {swap(item, person), "no-item"},
		"a short item":          {swap(item, item[:42]), "no-item"},
		"a long item":           {swap(item, item+"AAAA"), "no-item"},
		"a line in the item":    {swap(item, item[:20]+`\n`+item[20:]), "no-item"},
		"an unknown item":       {swap(item, guard.Key(pool, "another")), "no-item-or-marked-before"},
		"no recipient":          {swap(`"destination": [`+"\n        \""+person+`"`, `"destination": [`), "no-recipient"},
		"two recipients":        {swap(`"destination": [`, `"destination": ["other@example.com",`), "no-recipient"},
		"a recipient's nonsense": {swap(`"destination": [`+"\n        \""+person+`"`, `"destination": ["not an address"`),
			"no-recipient"},
	}
}

func TestEventsOfAnotherOriginAreLoggedOnly(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known())
	before, items := w.item(), len(w.store.Items())
	for name, tc := range bent(t, w) {
		w.log.Reset()
		if err := w.receive([]byte(tc.payload)); err != nil {
			t.Errorf("%s: would come again: %v", name, err)
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(w.log.String()), &line); err != nil || line["reason"] != tc.reason {
			t.Errorf("%s: log %s, want reason %s", name, w.log.String(), tc.reason)
		}
		if len(w.log.String()) > 1000 || strings.Contains(w.log.String(), "@") {
			t.Errorf("%s: log %s", name, w.log.String())
		}
	}
	if w.item() != before || len(w.store.Items()) != items {
		t.Errorf("item %+v, %d items", w.item(), len(w.store.Items()))
	}
}

func TestMetricsAreWrittenAsCloudWatchReadsThem(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known())
	if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(w.log.String()) {
		var root map[string]any
		if err := json.Unmarshal([]byte(line), &root); err != nil {
			t.Fatal(err)
		}
		embedded, found := root["_aws"].(map[string]any)
		if !found {
			continue
		}
		for _, d := range embedded["CloudWatchMetrics"].([]any) {
			directive := d.(map[string]any)
			for _, name := range directive["Dimensions"].([]any)[0].([]any) {
				if root[name.(string)] != pool {
					t.Errorf("dimension %s is %v in the line", name, root[name.(string)])
				}
			}
			for _, m := range directive["Metrics"].([]any) {
				if _, number := root[m.(map[string]any)["Name"].(string)].(float64); !number {
					t.Errorf("metric %v has no value in the line", m)
				}
			}
		}
	}
	if n := strings.Count(w.log.String(), `"_aws"`); n != 2 {
		t.Errorf("%d lines have metrics, want create's and the event's", n)
	}
}

// FuzzMailEvents throws bytes at the function: it never panics, never asks for a repetition while
// the table works, marks only the item that the event names, and logs no address.
func FuzzMailEvents(f *testing.F) {
	seed := newWorld(f, settings.Passwordless)
	seed.start(known())
	for _, tc := range bent(f, seed) {
		if len(tc.payload) < 100_000 {
			f.Add([]byte(tc.payload))
		}
	}
	f.Add(mailEvent(f, seed, "bounce-permanent"))
	f.Add(mailEvent(f, seed, "complaint"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		w := newWorld(t, settings.Passwordless)
		w.store.Put(guard.Key(pool, sub), guard.Item{})
		w.store.Put(guard.Key(pool, "another"), guard.Item{Used: 1})
		if err := w.receive(payload); err != nil {
			t.Error(err)
		}
		text := string(payload)
		for key, i := range w.store.Items() {
			if i.Mark.Address != "" && !contains(text, key[:8]) && !contains(text, `\u`) {
				t.Errorf("item %s is marked, which the event does not name", key)
			}
		}
		if w.logLacks("@"); !contains(w.log.String(), "malformed-event") {
			w.logLacks(`"Faults"`)
		}
		if n := len(w.store.Items()); n != 2 {
			t.Errorf("%d items", n)
		}
	})
}
