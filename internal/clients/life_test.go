package clients_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
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
	w := on(t, "passwordless")
	b, inbox, lin := newTab(t), newTab(t), testkit.Address("lin@example.com")
	b.open(w.page)
	b.heading("Sign in")
	b.press("Create an account")
	b.heading("Create your account")
	b.begin(lin)
	b.says("#intro", "We’ve sent a code of 8 digits to "+lin)
	b.signIn(w.inboxCode(inbox, lin))
	b.says(".who", lin)
	if u, ok := w.sb.User(lin); !ok || u.Attributes["email_verified"] != "true" || u.Attributes["locale"] != "en" {
		t.Errorf("the new user is %+v, want a verified address and the locale en", u)
	}
	b.press("Sign out")
	b.says(".notice", "You’re signed out.")
	if left := eval[int](b, `Object.keys(localStorage).filter(k => k.startsWith("Cognito")).length`); left != 0 {
		t.Errorf("%d items of Amplify are left after sign-out", left)
	}
	w.signInAgain(b, inbox, lin)
	w.wrongCode(b)
}

// signInAgain signs in with the address that the start still shows.
func (w *world) signInAgain(b, inbox *tab, lin string) {
	b.t.Helper()
	b.goOn()
	b.says("#intro", "If "+lin+" has an account")
	b.signIn(w.inboxCode(inbox, lin))
	b.press("Sign out on all devices")
	b.says(".notice", "You’re signed out on all devices.")
}

func (w *world) wrongCode(b *tab) {
	b.t.Helper()
	since := time.Now()
	b.begin(w.person)
	b.answer(wrong(w.code(w.person, since)), "That’s not the right code. You have 2 tries left.")
	if got := b.focused(); got != "code" {
		b.t.Errorf("the focus is on %q after a wrong code, want the code field", got)
	}
}

func TestTooManyWrongPasswordsHaveToWait(t *testing.T) {
	t.Parallel()
	now := time.Now() // the pool's clock stands still, or a slow test would wait long enough
	w := start(t, "password", nil, func(o *sandbox.Options) { o.Clock = func() time.Time { return now } })
	b := newTab(t)
	b.open(w.page)
	b.fill("#email", w.person)
	for range 9 {
		b.fill("#password", "Not-the-password-1")
		b.press("Continue")
		b.until("the answer is there", `document.querySelector("#alert").textContent && document.forms[0].getAttribute("aria-busy") !== "true"`)
		if b.text("#alert") != wordsOf(t, "en").Problems["wrong-password"] {
			break
		}
	}
	b.says("#alert", "There were too many wrong attempts. Please wait before you try again: up to 15 minutes.")
}

func TestThePageAndTheInboxLinkToEachOther(t *testing.T) {
	t.Parallel()
	w, b := visit(t, "passwordless")
	if got := eval[string](b, `document.querySelector("#note a").href`); got != w.cfg.InboxURL+"/" {
		t.Errorf("the page links to %s, want the inbox at %s", got, w.cfg.InboxURL)
	}
	address := testkit.Address("link+1@example.com")
	b.begin(address)
	b.until("the code's screen links to that very mail", `document.querySelector("#note a").href === %s`,
		w.cfg.InboxURL+"/#to="+url.QueryEscape(address))
	b.do(chromedp.Navigate(w.cfg.InboxURL))
	if got := eval[string](b, `document.querySelector("nav a")?.href`); got != w.page+"/" {
		t.Errorf("the inbox links to %s, want the page at %s", got, w.page)
	}
}

func TestAPageWithoutALocalInboxShowsNone(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	w.cfg.InboxURL = ""
	w.serve(signinpage.Options{})
	b := newTab(t)
	w.toCode(b, w.person)
	if eval[bool](b, `!!document.querySelector("#note").offsetParent || /sandbox|mailbox/i.test(document.body.innerText)`) {
		t.Error("a page without a local mailbox mentions one")
	}
}

func TestThePageReloadsWhileItIsDeveloped(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	source := t.TempDir()
	if err := os.CopyFS(source, web.Sources()); err != nil {
		t.Fatal(err)
	}
	w.serve(signinpage.Options{Source: source})
	b := newTab(t)
	w.toCode(b, w.person)
	style := filepath.Join(source, "src", "page.css")
	data, err := os.ReadFile(style)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(style, 0o644), os.WriteFile(style, append(data,
		"h1 { color: rgb(1, 2, 3) !important }\n"...), 0o644)); err != nil {
		t.Fatal(err)
	}
	b.until("the open page has the new style",
		`document.querySelector("h1") && getComputedStyle(document.querySelector("h1")).color === "rgb(1, 2, 3)"`)
	b.heading("Check your email") // the page keeps its state
}
