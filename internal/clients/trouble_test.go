package clients_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// toCode gets the person to the code's screen and returns the code.
func (w *world) toCode(b *tab, address string) string {
	b.t.Helper()
	since := time.Now()
	b.open(w.page)
	b.fill("#email", address)
	if w.cfg.Mode == "password" {
		b.fill("#password", personPassword)
	}
	b.press("Continue")
	b.heading("Check your email")
	return w.code(address, since)
}

// shiftClock moves the clock of the pages that open from now on.
func (b *tab) shiftClock(by time.Duration) {
	b.t.Helper()
	b.before(fmt.Sprintf(`{ const real = Date.now.bind(Date), by = %d, D = Date;
		globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(real() + by) } static now() { return real() + by } } }`, by.Milliseconds()))
}

func TestBackLeadsToTheAddress(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	w.toCode(b, person)
	b.do(chromedp.NavigateBack())
	b.heading("Sign in")
	if got := eval[string](b, `document.querySelector("#email").value`); got != person {
		t.Errorf("the address is %q after Back, want it kept", got)
	}
	b.press("Continue")
	b.heading("Check your email")
	b.press("Use another address")
	b.heading("Sign in")
	b.fill("#email", "other@example.com")
	b.press("Continue")
	b.says("#intro", "other@example.com")
}

func TestAReloadGoesOn(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		w := start(t, mode, nil)
		b := newTab(t)
		code := w.toCode(b, person)
		b.open(w.page)
		b.heading("Check your email")
		b.fill("#code", wrong(code))
		b.says("#alert", "2 tries left")
		b.open(w.page)
		b.fill("#code", code)
		b.heading("You’re signed in")
	}
}

func TestALateReloadSaysSo(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	w.toCode(b, person)
	b.shiftClock(4 * time.Minute)
	b.open(w.page)
	b.heading("Sign in")
	b.says(".notice", "couldn’t go on after the page was reloaded")
	if got := eval[string](b, `document.querySelector("#email").value`); got != person {
		t.Errorf("the address is %q, want it kept", got)
	}
}

func TestAWrongClockDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	for _, by := range []time.Duration{-30 * time.Hour, 30 * time.Hour} {
		b := newTab(t)
		b.shiftClock(by)
		code := w.toCode(b, person)
		b.says(".expiry", "in 4 minutes")
		b.fill("#code", code)
		b.heading("You’re signed in")
		until := eval[float64](b, `(Date.parse(document.querySelector("#until").dataset.expires) - Date.now()) / 1000`)
		if until < 3500 || until > 3610 {
			t.Errorf("with a clock that is %v wrong the tokens end in %.0f s by it, want an hour", by, until)
		}
		b.open(w.page)
		b.heading("You’re signed in")
	}
}

func TestTabsOfOneBrowserAgree(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	first := newTab(t)
	code := w.toCode(first, person)
	second := first.another()
	second.open(w.page)
	// A tab that is a copy of the first has its sign-in, too; this one is to have its own.
	if eval[bool](second, `!!document.querySelector("#code")`) {
		second.press("Use another address")
	}
	second.heading("Sign in")
	second.fill("#email", person)
	second.press("Continue")
	second.heading("Check your email")
	first.fill("#code", code)
	first.heading("You’re signed in")
	second.heading("You’re signed in")
	first.press("Sign out")
	first.heading("Sign in")
	second.heading("Sign in")
	second.says(".notice", "Your session has ended.")
}

func TestSigningOutEverywhereReachesOtherDevices(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	phone, laptop := newTab(t), newTab(t)
	code := w.toCode(phone, person)
	phone.fill("#code", code)
	phone.heading("You’re signed in")
	code = w.toCode(laptop, person)
	laptop.fill("#code", code)
	laptop.heading("You’re signed in")
	laptop.press("Sign out on all devices")
	laptop.says(".notice", "all devices")
	phone.open(w.page)
	phone.says(".notice", "Your session has ended.")
	phone.heading("Sign in")
}

func TestAPersonStaysSignedIn(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.fill("#code", w.toCode(b, person))
	b.heading("You’re signed in")
	token := `localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(".accessToken")))`
	before := eval[string](b, token)
	b.shiftClock(24 * time.Hour)
	b.open(w.page)
	b.heading("You’re signed in")
	b.says(".who", person)
	b.until("the token is renewed", token+" !== %s", before)
	if address := eval[string](b, "location.href + document.cookie"); address != w.page+"/" {
		t.Errorf("the page's address and cookies are %q, want nothing of the sign-in in them", address)
	}
}

func TestANetworkThatIsCutIsSaidAndForgiven(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.open(w.page)
	b.offline(true)
	b.says("#status", "There’s no connection.")
	b.fill("#email", person)
	b.press("Continue")
	b.says("#alert", "There’s no connection.")
	b.offline(false)
	since := time.Now()
	b.press("Continue")
	b.heading("Check your email")
	code := w.code(person, since)
	b.offline(true)
	b.fill("#code", code)
	b.says("#alert", "There’s no connection.")
	if got := eval[string](b, `document.querySelector("#code").value.replace(" ", "")`); got != code {
		t.Errorf("the code is %q after the network was cut, want it kept", got)
	}
	b.offline(false)
	b.press("Confirm")
	b.heading("You’re signed in")
	b.offline(true)
	b.press("Sign out on all devices")
	b.says("#alert", "There’s no connection.")
	b.heading("You’re signed in") // it would be a lie to say otherwise
	b.offline(false)
	b.press("Sign out on all devices")
	b.heading("Sign in")
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.open(w.page)
	if _, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: w.cfg.Endpoint + "/*"}}}); err != nil {
		t.Fatal(err)
	}
	b.fill("#email", person)
	b.press("Continue")
	b.says("#status", "taking longer than usual")
	time.Sleep(20 * time.Second)
	b.says("#alert", "The server isn’t answering.")
	b.heading("Sign in")
}

func TestTheLastTryIsSaid(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	code := w.toCode(b, person)
	for i, want := range []string{"2 tries left", "1 try left", "it was the last try"} {
		code = wrong(code)
		b.fill("#code", code)
		b.says("#alert", want)
		if i < 2 {
			b.heading("Check your email")
		}
	}
	b.heading("Sign in")
	if got := eval[string](b, `document.querySelector("#email").value`); got != person {
		t.Errorf("the address is %q, want it kept", got)
	}
}

func TestAnExpiredCodeIsReplaced(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := start(t, mode, map[string]string{"EMAILOTP_CODE_TTL": "60"})
			b := newTab(t)
			code := w.toCode(b, person)
			g := newGallery(b)
			time.Sleep(58 * time.Second)
			b.says(".expiry", "The code has expired.")
			b.says("#status", "The code has expired.")
			g.shot("expired-" + mode)
			b.fill("#code", code)
			b.says("#alert", "That code had expired.")
			since := time.Now()
			b.press("Send it again")
			b.says(".notice", "Sent again.")
			g.shot("resent-" + mode)
			b.fill("#code", w.code(person, since))
			b.heading("You’re signed in")
		})
	}
}

func TestALongCodeIsExplained(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", map[string]string{"EMAILOTP_GUESS_BURST": "3", "EMAILOTP_MAX_ATTEMPTS": "5"})
	b := newTab(t)
	code := w.toCode(b, person)
	for _, want := range []string{"4 tries left", "3 tries left", "2 tries left"} {
		code = wrong(code)
		b.fill("#code", code)
		b.says("#alert", want)
	}
	time.Sleep(60 * time.Second) // the cool-down between two mails
	since := time.Now()
	b.fill("#code", wrong(code))
	b.says("#alert", "A longer code is needed now.")
	b.says("#intro", "the code of 20 digits from the newest email to "+person)
	b.says("#long", "If the newest email has a shorter code, that one no longer works")
	newGallery(b).shot("long-code")
	long := w.code(person, since)
	if len(long) != 20 {
		t.Fatalf("the new code has %d digits, want 20", len(long))
	}
	b.paste("#code", long)
	b.heading("You’re signed in")
}

func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	seen := func(address string) string {
		b := newTab(t)
		b.open(w.page)
		b.fill("#email", address)
		b.press("Continue")
		b.heading("Check your email")
		b.fill("#code", "12345678")
		b.says("#alert", "2 tries left")
		return strings.ReplaceAll(b.text("main"), address, "ADDRESS")
	}
	known, unknown := seen(person), seen("nobody@example.com")
	// The seconds until a resend may differ by the time that the test took.
	if k, u := withoutDigits(known), withoutDigits(unknown); k != u {
		t.Errorf("a known address shows\n%s\nand an unknown one\n%s", k, u)
	}
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

func TestSigningUpTwiceSignsIn(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.open(w.page)
	b.press("Create an account")
	b.fill("#email", strings.ToUpper(person))
	since := time.Now()
	b.press("Continue")
	b.heading("Check your email")
	b.fill("#code", w.code(person, since))
	b.heading("You’re signed in")
	if n := len(w.sb.Users()); n != 1 {
		t.Errorf("there are %d users, want the one that was there", n)
	}
}
