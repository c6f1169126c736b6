package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// deviceDays is how long the attacked pools remember a device.
const deviceDays = 30

var useDevice = map[string]string{contract.ClientMetadataAction: contract.ActionDevice}

// remembering makes a password pool remember devices.
func remembering(s *settings.Settings) {
	if s.Mode == settings.Password {
		s.RememberDevices = deviceDays
	}
}

// secretOf returns the secret of a device, by one letter.
func secretOf(letter string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(letter, guard.DeviceSecretSize)))
}

// letters is how many secrets the attacks use.
const letters = 20

// nth returns the n-th of the secrets, over and over.
func nth(n int) string { return secretOf(string(rune('a' + n%letters))) }

// rememberRequest is what a client sends to have a secret remembered.
func rememberRequest(secret string) map[string]string {
	raw, _ := base64.RawURLEncoding.DecodeString(secret)
	sum := sha256.Sum256(raw)
	return map[string]string{contract.ClientMetadataAction: contract.ActionRemember,
		contract.ClientMetadataDevice: base64.RawURLEncoding.EncodeToString(sum[:])}
}

// remember signs in with a code and has a device remembered.
func remember(l *lab.Lab, who lab.Person, letter string) {
	l.Clock.Advance(2 * rig.Cooldown)
	s := l.Start(who)
	s.AnswerWith(s.Code(), rememberRequest(secretOf(letter)))
	l.Need(s.End == lab.Signed, "the device's owner did not sign in")
	l.Clock.Advance(2 * rig.Cooldown)
}

// devices uses remembered devices in every wrong way, where create is shown the client's metadata
// and where it isn't.
func devices(r *rig.Run, m settings.Mode) {
	for _, blind := range []bool{false, true} {
		where := map[bool]string{false: "", true: ", metadata hidden from create"}[blind]
		p := lab.Plan{Mode: m, Memory: r.Small, Blind: blind, Change: remembering}
		r.TryUses(p, deviceUses(), where, "no tokens", "tokens", func(l *lab.Lab) { remember(l, lab.Owner(1), "a") })
		guessedDevices(r, m, blind, where)
		parallelDevices(r, m, blind, where)
	}
}

func deviceUses() []rig.Use {
	alice, bob := lab.Owner(1), lab.Owner(2)
	signedIn := func(s *lab.SignIn) (bool, error) { return s.End == lab.Signed, s.Err }
	answer := func(l *lab.Lab, who lab.Person) (bool, error) {
		return signedIn(l.StartWith(who, useDevice).AnswerWith(secretOf("a"), useDevice))
	}
	after := func(l *lab.Lab, rows ...lab.Row) (bool, error) {
		s := &lab.SignIn{Lab: l, Client: l.Client, Who: alice}
		return signedIn(s.Enter(rows, useDevice).AnswerWith(secretOf("a"), useDevice))
	}
	return []rig.Use{
		rig.Accepted("a device in its own account", func(l *lab.Lab) (bool, error) { return answer(l, alice) }),
		rig.Accepted("a moment before its time ends", func(l *lab.Lab) (bool, error) {
			l.Clock.Advance(deviceDays*24*time.Hour - 3*rig.Cooldown)
			return answer(l, alice)
		}),
		rig.Refused("expired", func(l *lab.Lab) (bool, error) {
			l.Clock.Advance(deviceDays * 24 * time.Hour)
			return answer(l, alice)
		}),
		rig.Refused("in another account with a device of its own", func(l *lab.Lab) (bool, error) {
			remember(l, bob, "b")
			return answer(l, bob)
		}),
		rig.Refused("in another pool with the same key", func(l *lab.Lab) (bool, error) {
			other := l.Scope.Lab(lab.Plan{Mode: l.Plan.Mode, Memory: l.Plan.Memory, Blind: l.Plan.Blind,
				Change: remembering, Share: l})
			remember(other, alice, "b")
			return answer(other, alice)
		}),
		rig.Refused("after a change of the address", func(l *lab.Lab) (bool, error) {
			return answer(l, alice.With("email", "moved@example.com"))
		}),
		rig.Refused("after forget", func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			s.AnswerWith(s.Code(), map[string]string{contract.ClientMetadataAction: contract.ActionForget})
			l.Clock.Advance(2 * rig.Cooldown)
			return answer(l, alice)
		}),
		rig.Refused("by its commitment in place of its secret", func(l *lab.Lab) (bool, error) {
			commitment := rememberRequest(secretOf("a"))[contract.ClientMetadataDevice]
			return signedIn(l.StartWith(alice, useDevice).AnswerWith(commitment, useDevice))
		}),
		rig.Refused("stolen, without the password", func(l *lab.Lab) (bool, error) {
			return after(l, lab.Row{Name: "SRP_A", Result: true}, lab.Row{Name: "PASSWORD_VERIFIER"})
		}),
		rig.Refused("after a new password in the same sign-in", func(l *lab.Lab) (bool, error) {
			return after(l, append(lab.ProvenPassword[:2:2], lab.Row{Name: "NEW_PASSWORD_REQUIRED", Result: true})...)
		}),
		rig.Refused("in the second round", func(l *lab.Lab) (bool, error) {
			s := l.StartWith(alice, useDevice).AnswerWith(secretOf("b"), useDevice)
			return signedIn(s.AnswerWith(secretOf("a"), useDevice))
		}),
		rig.Refused("remembered beside a wrong code", func(l *lab.Lab) (bool, error) {
			s := l.Start(bob)
			s.AnswerWith(rig.WrongCode(s.Code()), rememberRequest(secretOf("a")))
			return answer(l, bob)
		}),
	}
}

// guessedDevices answers with many secrets of the right form, and then lets the owner in.
func guessedDevices(r *rig.Run, m settings.Mode, blind bool, where string) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true, Blind: blind, Change: remembering})
	owner := lab.Owner(1)
	remember(l, owner, "a")
	in, tries := 0, r.Scale(1000, 50)
	for n := range tries {
		s := l.StartWith(owner, useDevice).AnswerWith(nth(1+n%(letters-1)), useDevice)
		if s.End == lab.Signed {
			in++
		}
		l.Clock.Advance(time.Minute)
	}
	inbox := l.Inbox.Mails(owner.Email())
	l.Clock.Advance(24 * time.Hour)
	late := l.SignsIn(owner)
	r.Add(m, "guessed by someone with the password, a try a minute"+where, tries,
		fmt.Sprintf("%d tokens, %d mails", in, inbox), "0",
		rig.Unless(in == 0, "%d guesses of a device gave tokens", in),
		rig.Unless(late, "the owner was kept out by guesses of a device"))
}

// parallelDevices replays one right code that remembers a device, and one device, many times at
// once.
func parallelDevices(r *rig.Run, m settings.Mode, blind bool, where string) {
	l := r.Lab(lab.Plan{Mode: m, Blind: blind, Change: remembering})
	owner := lab.Owner(1)
	s := l.Start(owner)
	code := s.Code()
	_, errs := r.AtOnce(rig.Replays, func(i int) (bool, error) { return s.Verify(code, rememberRequest(nth(i))) })
	item, err := l.Store.Read(r.Ctx, guard.Key(l.ID, owner.Name))
	r.Check(err)
	kept := 0
	for n := range letters {
		raw, _ := base64.RawURLEncoding.DecodeString(nth(n))
		device := guard.NewDevice(l.ID, guard.Key(l.ID, owner.Name), l.Client, otp.HashAddress(owner.Email()),
			guard.Commitment(raw))
		if item.Devices.Has(device, l.Clock.Now()) {
			kept++
		}
	}
	r.Add(m, "many devices remembered at once by one code"+where, rig.Replays, fmt.Sprintf("%d remembered", kept),
		fmt.Sprintf("1 to %d", guard.MaxDevices),
		rig.Unless(kept >= 1 && kept <= guard.MaxDevices, "%d devices are remembered", kept), rig.OddError(errs))

	l.Clock.Advance(2 * rig.Cooldown)
	under := l.StartWith(owner, useDevice)
	forget := l.Start(owner)
	forget.AnswerWith(forget.Code(), map[string]string{contract.ClientMetadataAction: contract.ActionForget})
	accepted, errs := r.AtOnce(rig.Replays, func(i int) (bool, error) { return under.Verify(nth(i), useDevice) })
	r.Add(m, "replayed at once after forget, in a sign-in begun before"+where, rig.Replays,
		fmt.Sprintf("%d accepted", accepted), "0",
		rig.Unless(accepted == 0, "%d answers of forgotten devices were accepted", accepted), rig.OddError(errs))
}
