package clients_test

import "testing"

// A browser whose storage is full keeps the sign-in and the tokens in memory, and the page shows
// that.
func TestAFullStorageEndsNoSignIn(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		w := start(t, mode, nil)
		b := newTab(t)
		b.before(`Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }`)
		code := w.toCode(b, person)
		b.fill("#code", wrong(code))
		b.says("#alert", "2 tries left")
		b.fill("#code", code)
		b.heading("You’re signed in")
		b.says("#not-kept", "couldn’t store this session")
		newGallery(b).shot("full-storage-" + mode)
		b.press("Sign out")
		b.says(".notice", "You’re signed out.")
		b.open(w.page)
		b.heading("Sign in")
	}
}

// A clock that is set while the code's screen is open changes no countdown.
func TestAClockThatJumpsChangesNoCountdown(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	code := w.toCode(b, person)
	for _, jump := range []int{-3_600_000, 7_200_000} {
		eval[bool](b, `(real => { Date.now = () => real() + %s; return true })(Date.now.bind(Date))`, jump)
		eval[bool](b, `new Promise(done => setTimeout(() => done(true), 1200))`)
		b.says(".expiry", "in 5 minutes")
	}
	b.fill("#code", code)
	b.heading("You’re signed in")
}
