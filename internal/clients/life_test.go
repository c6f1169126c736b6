package clients_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// inboxCode reads the code from the inbox's page, as a developer does.
func (w *world) inboxCode(b *tab, address string) string {
	b.t.Helper()
	b.do(chromedp.Navigate(w.cfg.InboxURL))
	row := `[...document.querySelectorAll("#list button")].find(e => e.querySelector(".to").textContent === %s)?.querySelector(".code")`
	b.until("the inbox shows a code for "+address, row, address)
	return eval[string](b, `(`+row+`).textContent.replaceAll(/\D/g, "")`, address)
}

func TestThePasswordlessLifeInABrowser(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b, inbox := newTab(t), newTab(t)
	b.open(w.page)
	b.heading("Sign in")
	b.press("Create an account")
	b.heading("Create your account")
	b.fill("#email", "lin@example.com")
	b.press("Continue")
	b.heading("Check your email")
	b.says("#intro", "We’ve sent a code of 8 digits to lin@example.com")
	b.fill("#code", w.inboxCode(inbox, "lin@example.com"))
	b.heading("You’re signed in")
	b.says(".who", "lin@example.com")
	if u, ok := w.sb.User("lin@example.com"); !ok || u.Attributes["email_verified"] != "true" || u.Attributes["locale"] != "en" {
		t.Errorf("the new user is %+v, want a verified address and the locale en", u)
	}
	b.press("Sign out")
	b.says(".notice", "You’re signed out.")
	if left := eval[int](b, `Object.keys(localStorage).filter(k => k.startsWith("Cognito")).length`); left != 0 {
		t.Errorf("%d items of Amplify are left after sign-out", left)
	}
	w.signInAgain(b, inbox)
	w.wrongThenResent(b)
}

// signInAgain signs in with the address that the start still shows.
func (w *world) signInAgain(b, inbox *tab) {
	b.t.Helper()
	b.press("Continue")
	b.heading("Check your email")
	b.says("#intro", "If lin@example.com has an account")
	b.fill("#code", w.inboxCode(inbox, "lin@example.com"))
	b.heading("You’re signed in")
	b.press("Sign out on all devices")
	b.says(".notice", "You’re signed out on all devices.")
}

// wrongThenResent gets a code wrong, waits for the resend, has it sent again and signs in.
func (w *world) wrongThenResent(b *tab) {
	b.t.Helper()
	since := time.Now()
	b.fill("#email", person)
	b.press("Continue")
	b.heading("Check your email")
	b.fill("#code", wrong(w.code(person, since)))
	b.says("#alert", "That’s not the right code. You have 2 tries left.")
	if got := b.focused(); got != "code" {
		b.t.Errorf("the focus is on %q after a wrong code, want the code field", got)
	}
}

func TestThePasswordLifeInABrowser(t *testing.T) {
	t.Parallel()
	w := start(t, "password", nil)
	b, inbox := newTab(t), newTab(t)
	b.open(w.page)
	b.fill("#email", newcomer)
	b.fill("#password", "Not-the-password-1")
	b.press("Continue")
	b.says("#alert", "The email address or the password isn’t right.")
	b.fill("#password", temporary)
	b.press("Continue")
	b.heading("Choose a new password")
	b.fill("#new-password", ownPassword)
	b.press("Save password")
	b.heading("Check your email")
	b.says("#intro", "We’ve sent a code of 8 digits to g***@e***.com")
	code := w.inboxCode(inbox, newcomer)
	b.fill("#code", wrong(code))
	b.says("#alert", "2 tries left")
	b.fill("#code", code)
	b.heading("You’re signed in")
	b.says(".who", newcomer)
	b.press("Sign out")
	b.says(".notice", "You’re signed out.")
	b.fill("#password", ownPassword)
	b.press("Continue")
	b.heading("Check your email")
	b.fill("#code", w.inboxCode(inbox, newcomer))
	b.heading("You’re signed in")
	b.press("Sign out on all devices")
	b.says(".notice", "You’re signed out on all devices.")
}

func TestTooManyWrongPasswordsAreToldToWait(t *testing.T) {
	t.Parallel()
	w := start(t, "password", nil)
	b := newTab(t)
	b.open(w.page)
	b.fill("#email", person)
	for range 9 {
		b.fill("#password", "Not-the-password-1")
		b.press("Continue")
		b.until("the password is judged", `document.querySelector("#alert").textContent && document.forms[0].getAttribute("aria-busy") !== "true"`)
		if b.text("#alert") != wordsOf(t, "en").Problems["wrong-password"] {
			break
		}
	}
	b.says("#alert", "There were too many wrong attempts. Please wait before you try again: up to 15 minutes.")
}

func TestThePageAndTheInboxLinkToEachOther(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.open(w.page)
	if got := eval[string](b, `document.querySelector("#note a").href`); got != w.cfg.InboxURL+"/" {
		t.Errorf("the page links to %s, want the inbox at %s", got, w.cfg.InboxURL)
	}
	b.do(chromedp.Navigate(w.cfg.InboxURL))
	if got := eval[string](b, `document.querySelector("nav a")?.href`); got != w.page+"/" {
		t.Errorf("the inbox links to %s, want the page at %s", got, w.page)
	}
}

func TestAPageForPeopleKnowsNoInbox(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	w.cfg.InboxURL = ""
	w.servePage(signinpage.Options{CacheDir: cacheDir(t)})
	b := newTab(t)
	w.toCode(b, person)
	if eval[bool](b, `!!document.querySelector("#note").offsetParent || /sandbox|mailbox/i.test(document.body.innerText)`) {
		t.Error("a page without a local mailbox speaks of one")
	}
}

func TestThePageReloadsWhileItIsDeveloped(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	source := t.TempDir()
	if err := os.CopyFS(source, web.Sources()); err != nil {
		t.Fatal(err)
	}
	w.servePage(signinpage.Options{CacheDir: cacheDir(t), Source: source})
	b := newTab(t)
	w.toCode(b, person)
	style := filepath.Join(source, "src", "page.css")
	data, err := os.ReadFile(style)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(style, 0o644), os.WriteFile(style, append(data, "h1 { color: rgb(1, 2, 3) !important }\n"...), 0o644)); err != nil {
		t.Fatal(err)
	}
	b.until("the open page has the new style", `document.querySelector("h1") && getComputedStyle(document.querySelector("h1")).color === "rgb(1, 2, 3)"`)
	b.heading("Check your email") // where the person was
}
