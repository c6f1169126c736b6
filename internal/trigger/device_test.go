package trigger_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	adopters "github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const month = 30 * 24 * time.Hour

var useDevice = map[string]any{"action": "device"}

// secretOf returns a device's secret as its client keeps it.
func secretOf(n byte) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(string(rune('a'+n)), 32)))
}

func rememberRequest(secret string) map[string]any {
	raw, _ := base64.RawURLEncoding.DecodeString(secret)
	sum := sha256.Sum256(raw)
	return map[string]any{"action": "remember", "device": base64.RawURLEncoding.EncodeToString(sum[:])}
}

// newDevices returns a password pool that remembers devices for 30 days.
func newDevices(t *testing.T, createSees bool) *world {
	w := newWorld(t, settings.Password)
	w.settings.RememberDevices, w.createSees = 30, createSees
	return w
}

// remember signs in with a code and has the device remembered.
func (w *world) remember(u user, secret string) {
	w.t.Helper()
	s := w.start(u)
	s.respond(w.latest(), rememberRequest(secret))
	s.want("tokens")
	w.pass(2 * guard.Cooldown)
}

// eachSight runs a test where create is shown the client's metadata, and where it isn't.
func eachSight(t *testing.T, test func(t *testing.T, w *world)) {
	for _, sees := range []bool{true, false} {
		t.Run(fmt.Sprintf("create sees %v", sees), func(t *testing.T) { test(t, newDevices(t, sees)) })
	}
}

func TestARememberedDeviceStandsInForTheCode(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		before := w.item()
		mails := len(w.mailbox(person))
		for range 3 { // as often as its owner likes
			w.pass(time.Hour)
			s := w.startWith(known(), useDevice)
			want := "code-or-device"
			if w.createSees {
				want = "device"
			}
			if s.public["challenge"] != want {
				t.Fatalf("the client is shown %v", s.public)
			}
			w.reset()
			s.respond(secretOf(0), useDevice)
			s.want("tokens")
			if !slices.Equal(w.calls, []string{"Read"}) {
				t.Errorf("comparing a device calls %v", w.calls)
			}
		}
		if w.createSees && (len(w.mailbox(person)) != mails || w.item() != before) {
			t.Errorf("a device's rounds mailed or wrote: %+v, %+v", before, w.item())
		}
		w.logHas(`"device":"remembered"`, `"DevicesRemembered":1`, `"remembered-device"`, `"DevicesAccepted":1`)
		w.pass(month)
		s := w.startWith(known(), useDevice)
		if s.public["challenge"] != nil {
			t.Errorf("after its time the device is accepted: %v", s.public)
		}
		s.respond(secretOf(0), useDevice)
		s.answer(w.latest()).want("tokens")
	})
}

// A device that is wrong costs one answer where a code was mailed, and otherwise a resend. Then the
// code works as ever, and the Session has no more rows than without a device.
func TestAfterAWrongDeviceComesTheCode(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.settings.MaxAttempts = settings.MaxAttempts
		w.remember(known(), secretOf(0))
		guesses := w.item().Guess
		s := w.startWith(known(), useDevice)
		s.respond(secretOf(1), useDevice)
		left := map[bool][2]string{true: {"5", "1"}, false: {"4", "2"}}[w.createSees]
		if s.public["attemptsLeft"] != left[0] || s.public["resendsLeft"] != left[1] || s.public["challenge"] != nil {
			t.Errorf("the client is shown %v", s.public)
		}
		if w.item().Guess != guesses {
			t.Error("a wrong device spent a guess")
		}
		// A second try is a malformed code: it is not compared, and costs an answer.
		w.reset()
		s.respond(secretOf(0), useDevice)
		if s.ended != "" || len(w.calls) > 0 && slices.Contains(w.calls, "VerifyMac") {
			t.Errorf("ended %q, calls %v", s.ended, w.calls)
		}
		for s.ended == "" {
			if s.public["resendsLeft"] != "0" {
				w.pass(2 * guard.Cooldown)
				s.resend()
			} else if s.public["attemptsLeft"] == "1" {
				s.answer(w.latest())
			} else {
				s.answer("00000000")
			}
		}
		s.want("tokens")
		if rows := len(s.rows) - 2; rows > settings.MaxAttempts+2 {
			t.Errorf("%d rows of codes", rows)
		}
		w.logHas("unknown-device", `"DevicesRefused":1`)
	})
}

func TestADeviceIsAcceptedNowhereElse(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		try := func(name string, u user) {
			t.Helper()
			s := w.startWith(u, useDevice)
			if s.ended == "" {
				s.respond(secretOf(0), useDevice)
			}
			if s.ended == "tokens" {
				t.Errorf("%s: signed in", name)
			}
			w.pass(time.Hour)
		}
		other := known().with("sub", "another")
		other.name = "another"
		w.remember(other, secretOf(1))
		try("another account", other)
		try("a changed address", known().with("email", "new@example.com"))
		try("an address that is no longer verified", known().with("email_verified", "false"))
		try("an unknown name", stranger(sub))

		must := known().with("cognito:user_status", "FORCE_CHANGE_PASSWORD")
		s := &signIn{w: w, user: must, rows: []map[string]any{
			{"challengeName": "SRP_A", "challengeResult": true},
			{"challengeName": "PASSWORD_VERIFIER", "challengeResult": true},
			{"challengeName": "NEW_PASSWORD_REQUIRED", "challengeResult": true}}}
		s.next(useDevice)
		if s.public["challenge"] != nil || s.public["codeLength"] == nil {
			t.Errorf("after a new password the client is shown %v", s.public)
		}
		s.respond(secretOf(0), useDevice)
		if s.ended == "tokens" {
			t.Error("after a new password the device signs in")
		}

		w.settings.RememberDevices = 0
		try("a pool that no longer remembers devices", known())
		w.settings.RememberDevices, w.settings.Mode = 30, settings.Passwordless
		try("a passwordless pool", known())
	})
}

func TestAMalformedDeviceIsWrongAndReadsNothing(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		for _, answer := range []any{nil, 7, "", "resend", secretOf(0) + "=", secretOf(0)[:42], secretOf(0) + "A",
			" " + secretOf(0), strings.Repeat("A", 1<<16), secretOf(0)[:42] + "B", []any{secretOf(0)}} {
			s := w.startWith(known(), useDevice)
			w.reset()
			if right, err := s.verify(answer, useDevice); right || err != nil || slices.Contains(w.calls, "Read") {
				t.Errorf("%.50v: %v, %v, %v", answer, right, err, w.calls)
			}
			w.pass(10 * time.Minute)
		}
	})
}

func TestForgettingEndsEveryDevice(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		w.remember(known(), secretOf(1))
		under := w.startWith(known(), useDevice) // begun before
		w.pass(2 * guard.Cooldown)
		s := w.start(known())
		s.respond("00000000", map[string]any{"action": "forget"})
		if w.item().Devices == "" {
			t.Error("a wrong code forgot the devices")
		}
		s.respond(w.latest(), map[string]any{"action": "forget"})
		s.want("tokens")
		w.logHas(`"device":"forgotten"`, `"DevicesForgotten":1`)
		for range 2 {
			if right, err := under.verify(secretOf(0), useDevice); right || err != nil {
				t.Errorf("a forgotten device: %v, %v", right, err)
			}
		}
	})
}

// Beside everything but a right code, nothing is remembered.
func TestOnlyARightCodeRemembers(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		before := w.item().Devices
		s := w.start(known())
		s.respond("00000000", rememberRequest(secretOf(1)))
		s.respond("resend", rememberRequest(secretOf(1)))
		device := w.startWith(known(), useDevice)
		device.respond(secretOf(0), rememberRequest(secretOf(1)))
		if w.item().Devices != before {
			t.Error("an answer that is no right code remembered a device")
		}
		for _, bad := range []any{nil, 7, "", "short", strings.Repeat("A", 4096)} {
			w.pass(20 * time.Minute)
			s := w.start(known())
			s.respond(w.latest(), map[string]any{"action": "remember", "device": bad})
			s.want("tokens")
		}
		if w.item().Devices != before {
			t.Error("a malformed commitment was remembered")
		}
		w.settings.RememberDevices = 0
		w.pass(20 * time.Minute)
		s = w.start(known())
		s.respond(w.latest(), rememberRequest(secretOf(1)))
		s.want("tokens")
		if w.item().Devices != before {
			t.Error("a pool without the option remembered a device")
		}
	})
}

func TestAFailureOfRememberingCostsNoSignIn(t *testing.T) {
	w := newDevices(t, true)
	w.remember(known(), secretOf(0))
	for call, metadata := range map[string]map[string]any{"RememberDevice": rememberRequest(secretOf(1)),
		"ForgetDevices": {"action": "forget"}} {
		w.pass(20 * time.Minute)
		w.store.fail[call] = errors.New("down")
		s := w.start(known())
		s.respond(w.latest(), metadata)
		s.want("tokens")
	}
	w.logHas(`"device":"failed"`, `"DeviceFaults":1`)
	// A table that is down while a device is compared fails closed, and a wrong device is no error.
	s := w.startWith(known(), useDevice)
	w.store.fail["Read"] = errors.New("down")
	if right, err := s.verify(secretOf(0), useDevice); right || err == nil {
		t.Errorf("%v, %v", right, err)
	}
}

// Parallel replays of one right answer remember one device, and guesses in parallel gain nothing.
func TestParallelDevicesAndReplays(t *testing.T) {
	w := newDevices(t, true)
	w.remember(known(), secretOf(0))
	s := w.start(known())
	code, signedIn := w.latest(), atomic.Int64{}
	parallel := func(f func(i int)) {
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() { f(i) })
		}
		wait.Wait()
	}
	parallel(func(int) {
		if right, _ := s.verify(code, rememberRequest(secretOf(1))); right {
			signedIn.Add(1)
		}
	})
	if got := len(w.item().Devices) / 48; got != 2 || signedIn.Load() == 0 {
		t.Errorf("%d devices are remembered, %d calls were right", got, signedIn.Load())
	}
	signedIn.Store(0)
	device := w.startWith(known(), useDevice)
	parallel(func(i int) {
		if right, _ := device.verify(secretOf(byte(2+i)), useDevice); right {
			signedIn.Add(1)
		}
	})
	if signedIn.Load() != 0 {
		t.Errorf("%d guesses were right", signedIn.Load())
	}
}

func TestAResetPasswordForgetsTheDevices(t *testing.T) {
	w := newDevices(t, true)
	w.remember(known(), secretOf(0))
	confirm := func(source string) {
		t.Helper()
		e := (&signIn{w: w, user: known()}).event("PostConfirmation_"+source, map[string]any{})
		e.Response = map[string]any{}
		if answer, err := w.invoke(settings.VerifyAuthChallenge, e); err != nil || len(answer) != 0 {
			t.Fatalf("%s: %v, %v", source, answer, err)
		}
	}
	confirm("ConfirmSignUp")
	if w.item().Devices == "" {
		t.Error("a confirmed sign-up forgot the devices")
	}
	// The password is set already, so a table that is down fails no reset.
	w.store.fail["ForgetDevices"] = errors.New("down")
	confirm("ConfirmForgotPassword")
	w.logHas(`"DeviceFaults":1`)
	delete(w.store.fail, "ForgetDevices")
	confirm("ConfirmForgotPassword")
	if w.item().Devices != "" {
		t.Error("a reset password left the devices")
	}
}

// The devices are forgotten first, whatever the adopter's function does. Its error goes to the
// client. Without an answer the call succeeds, for the password is set.
func TestTheAdoptersPostConfirmationRunsAfterOurs(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		err    error
		want   string // in the log
		denied bool
	}{
		"an answer": {` {"response": {}, "novel": 1} `, nil, `"reason":"PostConfirmation_ConfirmForgotPassword"`, false},
		"an error":  {"", &adopters.Error{Message: "no room for user@example.com", Type: "Full"}, `"reason":"chained-error"`, true},
		"slow":      {"", context.DeadlineExceeded, `"chained":"chained-slow"`, false},
		"malformed": {`{}`, nil, `"chained":"chained-answer"`, false},
	} {
		w := newDevices(t, true)
		w.remember(known(), secretOf(0))
		forgotten := false
		w.chained = &chained{invoke: func(context.Context, []byte) ([]byte, error) {
			forgotten = w.item().Devices == ""
			return []byte(c.answer), c.err
		}}
		e := (&signIn{w: w, user: known()}).event("PostConfirmation_ConfirmForgotPassword", map[string]any{})
		out, err := w.handler(settings.VerifyAuthChallenge).Invoke(t.Context(), marshal(t, e))
		if (err != nil) != c.denied || c.denied && err.Error() != "no room for user@example.com" || !forgotten {
			t.Errorf("%s: %s, %v; devices forgotten before: %t", name, out, err, forgotten)
		}
		if name == "an answer" && string(out) != c.answer {
			t.Errorf("answered %s", out)
		}
		w.logHas(c.want)
		w.logLacks("@", "no room")
	}
}

// The secret is in the answer alone; neither it nor its commitment is logged or stored as it is.
func TestNoDeviceSecretIsLoggedOrStored(t *testing.T) {
	eachSight(t, func(t *testing.T, w *world) {
		w.remember(known(), secretOf(0))
		s := w.startWith(known(), useDevice)
		s.respond(secretOf(1), useDevice)
		s = w.startWith(known(), useDevice)
		s.respond(secretOf(0), useDevice)
		s.want("tokens")
		commitment := rememberRequest(secretOf(0))["device"].(string)
		w.logLacks(secretOf(0), secretOf(1), commitment)
		if item := fmt.Sprintf("%+v", w.item()); strings.Contains(item, secretOf(0)) || strings.Contains(item, commitment) {
			t.Error("the table has the secret or its commitment")
		}
	})
}
