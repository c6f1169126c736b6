package clients_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
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
	b.goOn()
	return w.code(address, since)
}

func TestBackLeadsToTheAddress(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	w.toCode(b, w.person)
	b.do(chromedp.NavigateBack())
	b.heading("Sign in")
	if got := b.value("#email"); got != w.person {
		t.Errorf("the address is %q after Back, want it kept", got)
	}
	b.goOn()
	b.press("Use another address")
	b.heading("Sign in")
	b.fill("#email", "other@example.com")
	b.press("Continue")
	b.says("#intro", "other@example.com")
}

func TestAReloadGoesOn(t *testing.T) {
	modes(t, func(t *testing.T, mode string) {
		w := on(t, mode)
		b := newTab(t)
		code := w.toCode(b, w.person)
		b.open(w.page)
		b.heading("Check your email")
		b.answer(wrong(code), "2 tries left")
		b.open(w.page)
		b.signIn(code)
	})
}

func TestALateReloadSaysSo(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	w.toCode(b, w.person)
	b.movableClock(4 * time.Minute)
	b.open(w.page)
	b.heading("Sign in")
	b.says(".notice", "couldn’t go on after the page was reloaded")
	if got := b.value("#email"); got != w.person {
		t.Errorf("the address is %q, want it kept", got)
	}
}

func TestAWrongClockDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	for _, by := range []time.Duration{-30 * time.Hour, 30 * time.Hour} {
		b := newTab(t)
		b.movableClock(by)
		code := w.toCode(b, w.person)
		b.says(".expiry", "in 5 minutes")
		b.signIn(code)
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
	w := on(t, "passwordless")
	first := newTab(t)
	code := w.toCode(first, w.person)
	second := first.another()
	second.open(w.page)
	// A tab that is a copy of the first one has its sign-in too; this tab needs its own.
	if eval[bool](second, `!!document.querySelector("#code")`) {
		second.press("Use another address")
	}
	second.heading("Sign in")
	second.begin(w.person)
	first.signIn(code)
	second.heading("You’re signed in")
	first.press("Sign out")
	first.heading("Sign in")
	second.heading("Sign in")
	second.says(".notice", "Your session has ended.")
}

func TestSigningOutEverywhereReachesOtherDevices(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	phone, laptop := newTab(t), newTab(t)
	code := w.toCode(phone, w.person)
	phone.signIn(code)
	code = w.toCode(laptop, w.person)
	laptop.signIn(code)
	laptop.press("Sign out on all devices")
	laptop.says(".notice", "all devices")
	phone.open(w.page)
	phone.says(".notice", "Your session has ended.")
	phone.heading("Sign in")
}

func TestAPersonStaysSignedIn(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.signIn(w.toCode(b, w.person))
	token := `localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(".accessToken")))`
	before := eval[string](b, token)
	b.movableClock(24 * time.Hour)
	b.open(w.page)
	b.heading("You’re signed in")
	b.says(".who", w.person)
	b.until("the token is renewed", token+" !== %s", before)
	if address := eval[string](b, "location.href + document.cookie"); address != w.page+"/" {
		t.Errorf("the page's address and cookies are %q, want nothing of the sign-in in them", address)
	}
}

func TestANetworkThatIsCutIsSaidAndForgiven(t *testing.T) {
	t.Parallel()
	w, b := visit(t, "passwordless")
	b.offline(true)
	b.says("#status", "There’s no connection.")
	b.fill("#email", w.person)
	b.press("Continue")
	b.says("#alert", "There’s no connection.")
	b.offline(false)
	since := time.Now()
	b.goOn()
	code := w.code(w.person, since)
	b.offline(true)
	b.answer(code, "There’s no connection.")
	if got := eval[string](b, `document.querySelector("#code").value.replace(" ", "")`); got != code {
		t.Errorf("the code is %q after the network was cut, want it kept", got)
	}
	b.offline(false)
	b.press("Confirm")
	b.heading("You’re signed in")
	b.offline(true)
	b.press("Sign out on all devices")
	b.says("#alert", "There’s no connection.")
	b.heading("You’re signed in") // the user still is
	b.offline(false)
	b.press("Sign out on all devices")
	b.heading("Sign in")
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.hurry()
	b.open(w.page)
	if _, err := chromedp.Call(b.ctx, fetch.Enable,
		fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: w.cfg.Endpoint + "/*"}}}); err != nil {
		t.Fatal(err)
	}
	b.fill("#email", w.person)
	b.press("Continue")
	b.says("#status", "taking longer than usual")
	b.says("#alert", "The server isn’t answering.")
	b.heading("Sign in")
}

func TestTheLastTryIsSaid(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	code := w.toCode(b, w.person)
	for i, want := range []string{"2 tries left", "1 try left", "it was the last try"} {
		code = wrong(code)
		b.answer(code, want)
		if i < 2 {
			b.heading("Check your email")
		}
	}
	b.heading("Sign in")
	if got := b.value("#email"); got != w.person {
		t.Errorf("the address is %q, want it kept", got)
	}
}

func TestAnExpiredCodeIsReplaced(t *testing.T) {
	modes(t, func(t *testing.T, mode string) {
		w, clock := clocked(t, mode, nil)
		b := newTab(t)
		b.movableClock(0)
		code := w.toCode(b, person)
		g := newGallery(b)
		clock.Advance(5 * time.Minute)
		b.advance(5 * time.Minute)
		b.says(".expiry", "The code has expired.")
		b.says("#status", "The code has expired.")
		g.shot("expired-" + mode)
		b.answer(code, "That code had expired.")
		since := time.Now()
		b.press("Send it again")
		b.says(".notice", "Sent again.")
		g.shot("resent-" + mode)
		b.signIn(w.code(person, since))
	})
}

func TestALongCodeIsExplained(t *testing.T) {
	t.Parallel()
	w, clock := clocked(t, "passwordless", map[string]string{"EMAILOTP_GUESS_BURST": "3", "EMAILOTP_MAX_ATTEMPTS": "5"})
	b := newTab(t)
	b.movableClock(0)
	code := w.toCode(b, person)
	for _, want := range []string{"4 tries left", "3 tries left", "2 tries left"} {
		code = wrong(code)
		b.answer(code, want)
	}
	clock.Advance(time.Minute) // the cool-down between two mails
	b.advance(time.Minute)
	since := time.Now()
	b.answer(wrong(code), "A longer code is needed now.")
	b.says("#intro", "the code of 20 digits from the newest email to "+person)
	b.says("#long", "If the newest email has only a shorter code, that one no longer works")
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
	w := on(t, "passwordless")
	seen := func(address string) string {
		b := newTab(t)
		b.open(w.page)
		b.begin(address)
		b.answer("12345678", "2 tries left")
		return strings.ReplaceAll(b.text("main"), address, "ADDRESS")
	}
	known, unknown := seen(w.person), seen(testkit.Address("nobody@example.com"))
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
	w, b := visit(t, "passwordless")
	b.press("Create an account")
	b.fill("#email", strings.ToUpper(w.person))
	since := time.Now()
	b.goOn()
	b.signIn(w.code(w.person, since))
	n := 0
	for _, u := range w.sb.Users() {
		if strings.EqualFold(u.Attributes["email"], w.person) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d users have the address, want the one that had it", n)
	}
}
