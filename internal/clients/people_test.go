package clients_test

import (
	"encoding/json"
	"io/fs"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// words is a catalogue, as far as the tests read it.
type words struct {
	SignIn, CodeTitle, SignedInTitle, Continue, CreateAccount, SignOut, SignOutEverywhere, Confirm string

	NewPasswordTitle, SavePassword, ForgotPassword, ResetTitle, ResetSent, SendCode, OtherAddress string
	ChangeAddress, SendCodes                                                                      string
	Problems, Notices, RememberDevice, WrongCode                                                  map[string]string
}

func wordsOf(t testing.TB, tag string) words {
	t.Helper()
	data, err := fs.ReadFile(web.Sources(), "src/strings/"+tag+".json")
	if err != nil {
		t.Fatal(err)
	}
	var w words
	if err := json.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryLanguageFitsAndSignsIn(t *testing.T) {
	t.Parallel()
	for _, tag := range locale.Shipped() {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			world, w := on(t, "passwordless"), wordsOf(t, tag)
			b := newTab(t)
			g := newGallery(b)
			address := testkit.Address(tag + "@example.com")
			b.open(world.page + "/?lang=" + tag)
			b.heading(w.SignIn)
			got := eval[string](b, `document.documentElement.lang + " " + getComputedStyle(document.body).direction`)
			if want := tag + " " + string(locale.DirectionOf(tag)); got != want {
				t.Errorf("the page's language and direction are %s, want %s", got, want)
			}
			b.press(w.Continue)
			b.says("#alert", w.Problems["invalid-email"])
			g.glance("start-" + tag)
			b.press(w.CreateAccount)
			b.fill("#email", address)
			since := time.Now()
			b.press(w.Continue)
			b.heading(w.CodeTitle)
			code := world.code(address, since)
			b.fill("#code", wrong(code))
			b.until("the page shows the problem", `document.querySelector("#alert").textContent`)
			g.glance("code-" + tag)
			b.fill("#code", code)
			b.heading(w.SignedInTitle)
			// Mails come in the language of the sign-up.
			if u, _ := world.sb.User(address); u.Attributes["locale"] != tag {
				t.Errorf("%s has the locale %q, want %s", address, u.Attributes["locale"], tag)
			}
		})
	}
}

func TestALanguageIsChosenAndKept(t *testing.T) {
	t.Parallel()
	w, b := visit(t, "passwordless")
	b.heading("Sign in")
	b.fill("#email", w.person)
	eval[bool](b, `(s => { s.value = "de"; s.dispatchEvent(new Event("change")); return true })(document.querySelector("#language"))`)
	b.heading("Anmelden")
	if got := b.value("#email"); got != w.person {
		t.Errorf("the address is %q after another language was chosen, want it kept", got)
	}
	b.press("Weiter")
	b.heading(wordsOf(t, "de").CodeTitle)
	b.open(w.page)
	b.heading(wordsOf(t, "de").CodeTitle)
}

func TestALanguageThatCannotBeLoadedIsShownAndForgiven(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	choose := func(tag string) {
		t.Helper()
		eval[bool](b, `(s => { s.focus(); s.value = %s; s.dispatchEvent(new Event("change")); return true })(document.querySelector("#language"))`, tag)
	}
	state := func() string {
		t.Helper()
		return eval[string](b, `[document.documentElement.lang, document.querySelector("#language").value, localStorage.getItem("emailotp.language"), document.querySelector("h1").textContent, document.activeElement.id].join(" ")`)
	}
	b.open(w.page)
	choose("de")
	b.heading("Anmelden")
	offline := wordsOf(t, "de").Problems["offline"]
	b.offline(true)
	b.says("#status", offline)
	for range 2 {
		choose("fr")
		b.until("the menu is back at German", `document.querySelector("#language").value === "de"`)
		b.says("#status.seen", offline)
		if got, want := state(), "de de de Anmelden language"; got != want {
			t.Errorf("language, menu, what is stored, heading and focus are %q after French could not be loaded, want %q",
				got, want)
		}
	}
	b.offline(false)
	choose("fr")
	b.heading(wordsOf(t, "fr").SignIn)
	b.until("the message is gone", `document.querySelector("#status").textContent === ""`)
	if got, want := state(), "fr fr fr "+wordsOf(t, "fr").SignIn+" language"; got != want {
		t.Errorf("language, menu, what is stored, heading and focus are %q after the network is back, want %q", got, want)
	}
}

// A page in English is better than none.
func TestALanguageThatCannotBeLoadedAtFirstIsEnglish(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.before(`{ const real = fetch; globalThis.fetch = (what, ...rest) => /assets.de-/.test(what) ? Promise.reject(new TypeError("no network")) : real(what, ...rest) }`)
	b.open(w.page + "/?lang=de")
	b.heading("Sign in")
	if got := eval[string](b, `document.documentElement.lang + document.querySelector("#language").value`); got != "enen" {
		t.Errorf("the page's language and the menu's are %s, want English", got)
	}
}

func TestALanguageOfTheBrowserIsTaken(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	for wanted, want := range map[string]string{
		`["pt-PT", "en"]`: "pt-BR", `["zh-CN"]`: "zh-Hans", `["zh-TW", "fr-CA"]`: "fr",
		`["xx", "not a tag", "de-AT"]`: "de", `["ko"]`: "en", `[]`: "en",
	} {
		b := newTab(t)
		b.before(`Object.defineProperty(navigator, "languages", {get: () => ` + wanted + `})`)
		b.open(w.page)
		if got := eval[string](b, "document.documentElement.lang"); got != want {
			t.Errorf("a browser with the languages %s gets %s, want %s", wanted, got, want)
		}
	}
}

func TestTheKeyboardIsEnough(t *testing.T) {
	t.Parallel()
	w, b := visit(t, "password")
	b.tabTo("email")
	b.key(w.person)
	b.tabTo("password")
	b.key("wrong" + kb.Enter)
	b.says("#alert", "isn’t right")
	if got := b.focused(); got != "password" {
		t.Errorf("the focus is on %q after a wrong password, want the password", got)
	}
	if got := eval[string](b, `document.querySelector("#password").getAttribute("aria-describedby") + " " + document.querySelector("#password").getAttribute("aria-invalid")`); got != "alert true" {
		t.Errorf("the password's description and state are %q, want it tied to the message", got)
	}
	eval[bool](b, `(e => { e.select(); return true })(document.querySelector("#password"))`)
	since := time.Now()
	b.key(personPassword + kb.Enter)
	b.heading("Check your email")
	if got := b.focused(); got != "code" {
		t.Errorf("the focus is on %q, want the code", got)
	}
	b.key(w.code(w.person, since))
	b.heading("You’re signed in")
	if got := b.focused(); got != "title" {
		t.Errorf("the focus is on %q after sign-in, want the heading, so that it is read out", got)
	}
	b.key(kb.Tab)
	if got := b.focused(); got != "Sign out" {
		t.Errorf("the next stop is %q, want Sign out", got)
	}
	b.key(" ")
	b.heading("Sign in")
	if got := b.focused(); got != "password" {
		t.Errorf("the focus is on %q after sign-out, want the password, for the address is there", got)
	}
}

// tabTo presses Tab until the focus is where it should be.
func (b *tab) tabTo(id string) {
	b.t.Helper()
	for range 12 {
		if b.focused() == id {
			return
		}
		b.key(kb.Tab)
	}
	b.t.Fatalf("Tab never leads to %s", id)
}

func TestThePageIsPaintedWithoutItsScript(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.do(chromedp.Navigate(w.page + "/?"))
	b.before(`Object.defineProperty(window, "fetch", {value: () => new Promise(() => {})})`)
	b.do(chromedp.Navigate(w.page))
	if got := b.text("h1"); got != "Sign in" {
		t.Errorf("before its script the page shows %q", got)
	}
	b.fill("#email", w.person)
	if got := eval[string](b, `location.href`); got != w.page+"/" {
		t.Errorf("the address is %s", got)
	}
}
