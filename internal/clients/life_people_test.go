package clients_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// mails returns how many mails an address has.
func (w *world) mails(address string) int {
	return len(w.sb.Messages(sandbox.MessageFilter{To: address}))
}

// resetCode reads the code of Cognito's reset mail, which EmailOTP wrote.
func (w *world) resetCode(address string, since time.Time) string {
	w.t.Helper()
	mail, err := w.sb.WaitForMessage(w.t.Context(), address, since)
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.HasPrefix(mail.Subject, "Reset your password · ") ||
		!strings.Contains(mail.HTML, "help@example.com") || strings.Contains(mail.HTML, "{####}") {
		w.t.Errorf("the reset mail is not EmailOTP's: %q, %.80q", mail.Subject, mail.Text)
	}
	return sixDigits.FindString(mail.Text)
}

// A user of a password pool with every option: remembers the browser, signs in without a code,
// forgets the password and comes back, and then needs a code again.
func TestTheLifeOfAPersonOfAPasswordPoolInABrowser(t *testing.T) {
	t.Parallel()
	w := people(t)
	b := newTab(t)
	g := newGallery(b)
	b.open(w.page)
	g.glance("password-recovery")
	since := time.Now()
	b.fill("#email", w.person)
	b.fill("#password", personPassword)
	b.goOn()
	if eval[bool](b, `document.querySelector("#remember").checked`) {
		t.Error("the browser is remembered by default")
	}
	b.says(".choice", "Remember this device for 30 days")
	g.shot("code-remember")
	eval[bool](b, `(document.querySelector("#remember").click(), true)`)
	b.fill("#code", w.code(w.person, since))
	b.press("Confirm")
	b.heading("You’re signed in")
	b.press("Sign out")
	b.says(".notice", "You’re signed out.")

	// The next day.
	before := w.mails(w.person)
	b.fill("#password", personPassword)
	b.press("Continue")
	b.heading("You’re signed in")
	if after := w.mails(w.person); after != before {
		t.Errorf("%d mails beside a remembered device", after-before)
	}
	b.press("Sign out")

	// An address without an account looks the same.
	b.press("Forgot your password?")
	b.heading("Set a new password")
	g.glance("forgot")
	b.fill("#email", "nobody@example.com")
	b.press("Send a code")
	b.says("#intro", "If nobody@example.com has an account that can be recovered by email")
	g.shot("reset")
	b.fill("#code", "123456")
	b.fill("#new-password", ownPassword)
	b.press("Save password")
	b.says("#alert", "That’s not the right code, or it has expired.")
	b.press("Use another address")

	b.press("Forgot your password?")
	since = time.Now()
	b.fill("#email", w.person)
	b.press("Send a code")
	b.says("#intro", "If "+w.person+" has an account that can be recovered by email")
	code := w.resetCode(w.person, since)
	b.fill("#code", wrong(code))
	b.fill("#new-password", ownPassword)
	b.press("Save password")
	b.says("#alert", "That’s not the right code, or it has expired.")
	since = time.Now()
	b.fill("#code", code)
	b.press("Save password")
	// The reset forgot the browser.
	b.heading("Check your email")
	b.fill("#code", w.code(w.person, since))
	b.press("Confirm")
	b.says(".who", w.person)
	if left := eval[int](b, `Object.keys(localStorage).filter(k => k.startsWith("emailotp.device.")).length`); left != 0 {
		t.Errorf("%d secrets are left of a browser that is no longer remembered", left)
	}
	b.press("Sign out on all devices")
	b.says(".notice", "You’re signed out on all devices.")
}
