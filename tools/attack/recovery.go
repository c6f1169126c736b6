package main

import (
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// resetDigits is the length of Cognito's reset codes.
const resetDigits = 6

// recoveries attacks a pool that resets passwords by e-mail: what a reset gives to those who
// guessed its code, and what it leaves of the remembered devices.
func recoveries(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true, Recovery: true, Change: remembering})
	l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	rememberAtPool(l)
	secret := func(password string) (lab.PoolAnswer, error) {
		a, err := enterWithDevice(l, password)
		if err != nil {
			return a, err
		}
		return l.RespondWith("CUSTOM_CHALLENGE", a,
			lab.Pairs([]string{"USERNAME", lab.Victim, "ANSWER", secretOf("a")}), useDevice)
	}
	a, err := secret(lab.KnownPassword)
	r.Check(err)
	r.Add(m, "a remembered device before the reset", 1, map[bool]string{true: "tokens", false: "no tokens"}[a.SignedIn()],
		"tokens", rig.Unless(a.SignedIn(), "the device was refused"))

	l.Clock.Advance(2 * rig.Cooldown)
	forgot := func() string {
		_, err := l.Call("ForgotPassword", map[string]any{"ClientId": l.Client, "Username": lab.Victim})
		r.Check(err)
		return l.Inbox.Code(lab.Victim)
	}
	const changed = "Changed-Horse-9"
	reset := func(code string) bool {
		_, err := l.Call("ConfirmForgotPassword", map[string]any{"ClientId": l.Client, "Username": lab.Victim,
			"ConfirmationCode": code, "Password": changed})
		return err == nil
	}
	code := forgot()
	l.Need(len(code) == resetDigits, "the reset mailed no code")
	var guessed rig.Tally
	for n := range 200 {
		if guess := rig.Guess(n, resetDigits); guess != code {
			guessed.Note(reset(guess))
		}
	}
	guessed.Add(r, m, "guesses of a reset code, without a pause", "set a password")
	l.Clock.Advance(time.Hour)
	l.Need(reset(forgot()), "the right code did not reset the password")

	// An attacker who guessed the reset code has the password and no mailbox.
	var got rig.Tally
	mails := l.Inbox.Mails(lab.Victim)
	a, err = secret(changed)
	got.Note(err == nil && a.SignedIn())
	for _, answer := range []string{code, secretOf("a"), "00000000"} {
		l.Clock.Advance(2 * rig.Cooldown)
		a, err = l.Enter(lab.Victim, changed)
		r.Check(err)
		a, err = l.AnswerCode(a, lab.Victim, answer)
		got.Note(err == nil && a.SignedIn())
	}
	_, err = l.Enter(lab.Victim, lab.KnownPassword)
	got.Add(r, m, "the new password with the device of before, the reset's code, and no code", "gave tokens",
		rig.Unless(l.Inbox.Mails(lab.Victim) > mails, "no code was mailed after the reset"),
		rig.Unless(err != nil, "the old password is still accepted"))
	l.Clock.Advance(2 * rig.Cooldown)
	a, err = l.Enter(lab.Victim, changed)
	r.Check(err)
	a, err = l.AnswerCode(a, lab.Victim, l.Inbox.Code(lab.Victim))
	r.Add(m, "the new password and the mailed code", 1, fmt.Sprintf("signed in: %v", err == nil && a.SignedIn()),
		"signed in: true", rig.Unless(err == nil && a.SignedIn(), "the owner was kept out by the reset: %v", err))
}

// rememberAtPool has the victim's device remembered by a sign-in at the pool.
func rememberAtPool(l *lab.Lab) {
	a, err := l.Enter(lab.Victim, lab.KnownPassword)
	l.Scope.Check(err)
	a, err = l.RespondWith("CUSTOM_CHALLENGE", a, lab.Pairs([]string{"USERNAME", lab.Victim, "ANSWER",
		l.Inbox.Code(lab.Victim)}), rememberRequest(secretOf("a")))
	l.Scope.Check(err)
	l.Need(a.SignedIn(), "the device's owner did not sign in")
	l.Clock.Advance(2 * rig.Cooldown)
}

// enterWithDevice proves the password and states that the client holds a device's secret.
func enterWithDevice(l *lab.Lab, password string) (lab.PoolAnswer, error) {
	client := l.NewSRP()
	a, err := l.Initiate(lab.Victim, "CHALLENGE_NAME", "SRP_A", "SRP_A", client.SRPA())
	if err != nil {
		return a, err
	}
	answers, err := client.Answer(a.ChallengeParameters, password, time.Now())
	l.Scope.Check(err)
	return l.RespondWith("PASSWORD_VERIFIER", a, answers, useDevice)
}
