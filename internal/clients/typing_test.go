package clients_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestADoubleClickStartsOneSignIn(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.countCalls()
	b.open(w.page)
	b.fill("#email", w.person)
	eval[bool](b, `(f => { f.requestSubmit(); f.requestSubmit(); f.querySelector(".primary").click(); return true })(document.forms[0])`)
	b.heading("Check your email")
	if n := b.calls("InitiateAuth"); n != 1 {
		t.Errorf("a double click starts %d sign-ins, want 1", n)
	}
	// And a right code that is submitted twice is one answer.
	code := w.code(w.person, time.Time{})
	b.paste("#code", code)
	eval[bool](b, `(f => { f?.requestSubmit(); f?.requestSubmit(); return true })(document.forms[0])`)
	b.heading("You’re signed in")
	if n := b.calls("RespondToAuthChallenge"); n != 1 {
		t.Errorf("one code is sent %d times, want once", n)
	}
}

func TestACodeIsTakenAsItIsPasted(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	for name, form := range map[string]string{
		"grouped": "%s %s", "with a dash": "%s-%s", "in a sentence": "Your code: %s %s.", "Arabic digits": "%s %s",
	} {
		b := newTab(t)
		address := testkit.Address("pasted@example.com")
		if _, err := w.sb.CreateUser(t.Context(), sandbox.User{Email: address}); err != nil {
			t.Fatal(err)
		}
		code := w.toCode(b, address)
		text := fmt.Sprintf(form, code[:4], code[4:])
		if name == "Arabic digits" {
			text = strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r - '0' + '٠'
				}
				return r
			}, text)
		}
		b.paste("#code", text)
		b.heading("You’re signed in")
	}
}

func TestACodeIsGroupedAndEditedWhileItIsTyped(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.countCalls()
	w.toCode(b, w.person)
	value := func() string { return b.value("#code") }
	b.fill("#code", "12x345")
	if got := value(); got != "1234 5" {
		t.Errorf("typing 12x345 shows %q, want it grouped and without the letter", got)
	}
	b.key(kb.ArrowLeft + kb.ArrowLeft + kb.Backspace)
	if got := value(); got != "1235" {
		t.Errorf("deleting before the group shows %q, want the digit gone", got)
	}
	b.key("9")
	if got := value(); got != "1239 5" {
		t.Errorf("typing in the middle shows %q, want the digit where the caret was", got)
	}
	b.press("Confirm")
	b.says("#alert", "The code has 8 digits.")
	if n := b.calls("RespondToAuthChallenge"); n != 0 {
		t.Errorf("half a code was sent %d times, want never", n)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.countCalls()
	b.open(w.page)
	for _, text := range []string{"", "   ", "@", "a@", "@b", "a@b@c", strings.Repeat("a", 300) + "@example.com",
		"<script>alert(1)</script>", "\u202emoc.elpmaxe", "' OR 1=1 --", "{{7*7}}"} {
		b.paste("#email", text)
		if text == "" {
			b.fill("#email", "")
		}
		b.press("Continue")
		b.says("#alert", "complete email address")
		b.heading("Sign in")
	}
	for _, text := range []string{`"<img/src=x/onerror=alert(1)>"@example.com`, "עברית@example.com",
		"{email}@example.com", "$&$1@example.com"} {
		b.paste("#email", text)
		b.press("Continue")
		b.until("the page has answered "+text,
			`document.querySelector("h1").textContent === "Check your email" || document.querySelector("#alert").textContent`)
		if eval[bool](b, `!!document.querySelector("#code")`) {
			if got := b.text("#intro"); !strings.Contains(got, text) {
				t.Errorf("the page shows %q for the address %q", got, text)
			}
			b.press("Use another address")
			b.heading("Sign in")
		}
	}
	if n := eval[int](b, `document.querySelectorAll("main img, main script").length`); n != 0 {
		t.Errorf("%d elements came out of texts", n)
	}
	b.paste("#email", w.person)
	b.goOn()
	for _, text := range []string{strings.Repeat("9", 5000), "<b>1234</b>", "\u202e12345", "🔢", "١٢٣"} {
		b.paste("#code", text)
		b.press("Confirm")
		b.says("#alert", "The code has 8 digits.")
	}
	if n := b.calls("RespondToAuthChallenge"); n != 0 {
		t.Errorf("what can't be a code was sent %d times, want never", n)
	}
}
