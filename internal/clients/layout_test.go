package clients_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// below returns where a button stands, in pixels from the top of the document.
func (b *tab) below(name string) float64 {
	b.t.Helper()
	return eval[float64](b, `(e => e.getBoundingClientRect().top + scrollY)([...document.querySelectorAll("button")].find(e => e.innerText.trim() === %s))`, name)
}

// stays fails if problem moves the button.
func (b *tab) stays(name, what string, problem func()) {
	b.t.Helper()
	before := b.below(name)
	problem()
	if after := b.below(name); after != before {
		b.t.Errorf("%s moves the button %s by %v pixels, want it to stay", what, name, after-before)
	}
	if shown := eval[string](b, `getComputedStyle(document.querySelector("#alert")).display`); shown == "none" {
		b.t.Errorf("%s shows no sentence", what)
	}
}

func TestAProblemStandsUnderItsFieldAndMovesNothing(t *testing.T) {
	t.Parallel()
	w := on(t, "password")
	b := newTab(t)
	b.do(chromedp.EmulateViewport(375, 667))
	b.open(w.page)
	marked := func(field string) bool {
		return eval[bool](b, `document.querySelector(%s).getAttribute("aria-invalid") === "true"`, field)
	}
	under := func(field string) bool {
		return eval[bool](b, `document.querySelector(%s).closest(".field").contains(document.querySelector("#alert"))`, field)
	}
	b.stays("Continue", "an incomplete address", func() {
		b.fill("#email", "jane")
		b.press("Continue")
		b.says("#alert", "complete email address")
	})
	if !marked("#email") || !under("#email") {
		t.Error("the address is not marked, or its problem stands elsewhere")
	}
	b.key("@")
	if marked("#email") {
		t.Error("the address is marked while the user corrects it")
	}
	b.fill("#email", w.person)
	b.fill("#password", "Wrong-horse-7-battery")
	b.stays("Continue", "a wrong password", func() {
		b.press("Continue")
		b.says("#alert", "isn’t right")
	})
	if !marked("#password") || !under("#password") {
		t.Error("the password is not marked, or its problem stands elsewhere")
	}
	b.fill("#password", personPassword)
	if kind := eval[string](b, `(e => { e.click(); return document.querySelector("#password").type + " " + e.getAttribute("aria-pressed") })(document.querySelector(".eye"))`); kind != "text true" {
		t.Errorf("the eye makes the field and itself %q, want the password seen", kind)
	}
	since := time.Now()
	b.press("Continue")
	b.heading("Check your email")
	code := w.code(w.person, since)
	if n := eval[int](b, `document.querySelectorAll(".places i").length`); n != 8 {
		t.Errorf("the field shows %d places for a code of 8 digits", n)
	}
	b.stays("Confirm", "a wrong code", func() { b.answer(wrong(code), "2 tries left") })
	if left := b.text("#resend"); !strings.HasPrefix(left, "Send again in ") {
		t.Errorf("the button for another mail says %q, want it to count", left)
	}
	// The digits stand in their places, whatever the font is.
	b.fill("#code", "1234567")
	if off := eval[float64](b, `(() => {
		const input = document.querySelector("#code"), style = getComputedStyle(input), places = [...document.querySelectorAll(".places i")];
		const pen = document.createElement("canvas").getContext("2d");
		pen.font = [style.fontWeight, style.fontSize, style.fontFamily].join(" "); pen.letterSpacing = style.letterSpacing; pen.wordSpacing = style.wordSpacing;
		const from = input.getBoundingClientRect().left + parseFloat(style.paddingLeft);
		return Math.max(...[..."1234567"].map((_, i) => {
			const text = "1234567".slice(0, i).replace(/^(.{4})/, "$1 ");
			const place = places[i].getBoundingClientRect();
			return Math.abs(from + pen.measureText(text).width + pen.measureText("0").width / 2 - parseFloat(style.letterSpacing) / 2 - place.left - place.width / 2);
		}));
	})()`); off > 2 {
		t.Errorf("a digit stands %v pixels beside its place", off)
	}
	b.fill("#code", code)
	b.heading("You’re signed in")
	b.says("#next", "go back to where you came from")
}

func TestTheRulesForAPasswordAreTickedAsTheyAreMet(t *testing.T) {
	t.Parallel()
	w, b := visit(t, "password")
	// The pool resets no passwords by e-mail, so the page names who sets one.
	b.says("#forgotten", "Forgot your password? Please ask help+me@example.com.")
	const link = "mailto:help%2Bme@example.com"
	if got := eval[string](b, `document.querySelector("#forgotten a").href`); got != link {
		t.Errorf("the page's link is %s, want %s", got, link)
	}
	b.fill("#email", w.newcomer)
	b.fill("#password", temporary)
	b.press("Continue")
	b.heading("Choose a new password")
	met := func() string {
		return eval[string](b, `[...document.querySelectorAll(".rules li")].map(e => e.classList.contains("met") ? "x" : "-").join("")`)
	}
	for _, c := range []struct{ typed, want string }{
		{"a", "--x--"}, {"aB", "-xx--"}, {"aB3", "-xxx-"}, {"aB3!", "-xxxx"}, {"aB3!aB3!aB3!", "xxxxx"}, {"12345678901 ", "x--x-"},
	} {
		b.fill("#new-password", c.typed)
		if got := met(); got != c.want {
			t.Errorf("%q meets %s, want %s", c.typed, got, c.want)
		}
	}
}

func TestTheMailboxOfALargeProviderIsOneClickAway(t *testing.T) {
	t.Parallel()
	_, b := visit(t, "passwordless")
	mailbox := func() string {
		return eval[string](b, `(e => e ? e.innerText + " " + e.href + " " + e.rel : "")(document.querySelector(".ways a"))`)
	}
	b.begin("Jane.Doe@Gmail.com")
	if got := mailbox(); got != "Open Gmail https://mail.google.com/mail/ noopener noreferrer" {
		t.Errorf("an address of Gmail has the link %q", got)
	}
	b.press("Use another address")
	b.begin("jane@gmail.com.example.com")
	if got := mailbox(); got != "" {
		t.Errorf("an address of another domain has the link %q", got)
	}
}
