package accounts

import (
	"cmp"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// State is an account as `emailotp users show` prints it. It holds no address.
type State struct {
	User
	// Address is the masked address.
	Address string `json:"address"`
	// LastMail is when the last code was issued, LastCode when one was last proven, FirstCode when
	// the account first proved an address. Zero is never.
	LastMail  time.Time `json:"lastMail,omitzero"`
	LastCode  time.Time `json:"lastCode,omitzero"`
	FirstCode time.Time `json:"firstCode,omitzero"`
	// Budgets are what is left now.
	GuessesLeft int       `json:"guessesLeft"`
	GuessesOf   int       `json:"guessesOf"`
	NextGuess   time.Time `json:"nextGuess,omitzero"`
	WrongInARow int       `json:"wrongInARow"`
	LongCodes   bool      `json:"longCodes"`
	MailsLeft   int       `json:"mailsLeft"`
	MailsOf     int       `json:"mailsOf"`
	NextMail    time.Time `json:"nextMail,omitzero"`
	MoreMails   time.Time `json:"moreMails,omitzero"`
	// Devices is how many devices are remembered.
	Devices int `json:"devices,omitempty"`
	// Marked is "bounce" or "complaint" while no mail is sent to the address; MarkedUntil is zero
	// for a mark without an end.
	Marked      string    `json:"marked,omitempty"`
	MarkedSince time.Time `json:"markedSince,omitzero"`
	MarkedUntil time.Time `json:"markedUntil,omitzero"`
}

// State returns the account's state now.
func (a *Accounts) State(u *Account) State {
	now, s, i := a.Now(), a.EmailOTP.Settings, u.Item
	class := guard.ClassOf(s.Mode, u.Verified)
	b := guard.PolicyOf(s).Budgets(i, class, now)
	st := State{User: u.User, Address: mail.Mask(u.Email), GuessesLeft: b.Guesses, GuessesOf: b.GuessesOf,
		NextGuess: b.NextGuess, WrongInARow: b.Failures, LongCodes: b.LongCodes, MailsLeft: b.Mails, MailsOf: b.MailsOf,
		MoreMails: b.MoreMails, LastCode: at(i.UsedAt), FirstCode: at(i.Proven),
		Devices: i.Devices.Count(now)}
	if b.NextMail.After(now) {
		st.NextMail = b.NextMail
	}
	if n, err := otp.ParseNonce(i.Nonce); err == nil {
		st.LastMail = n.Issued().UTC()
	}
	if i.IsMarked(guard.HashOfAddress(u.Email), now) {
		st.Marked, st.MarkedSince, st.MarkedUntil = "bounce", at(i.Mark.At), at(i.Mark.Until)
		if i.Mark.Until == 0 {
			st.Marked = "complaint"
		}
	}
	return st
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Lines returns the state in words: a name and a sentence each.
func (s State) Lines(now time.Time) [][2]string {
	verified := "not verified"
	if s.Verified {
		verified = "verified"
	}
	status := s.Status
	if !s.Enabled {
		status += ", disabled"
	}
	guesses := fmt.Sprintf("%d of %d left", s.GuessesLeft, s.GuessesOf)
	if !s.NextGuess.IsZero() {
		guesses += ", one more " + in(s.NextGuess, now)
	}
	code := "of the usual length"
	if s.LongCodes {
		code = "of 20 digits, because too few guesses are left"
		if s.WrongInARow >= guard.MaxFailures-s.GuessesOf {
			code = "of 20 digits, after a run of wrong answers"
		}
	}
	mails := fmt.Sprintf("%d of %d left", s.MailsLeft, s.MailsOf)
	if !s.MoreMails.IsZero() {
		mails += ", one more " + in(s.MoreMails, now)
	}
	if !s.NextMail.IsZero() {
		mails += "; the next mail may be sent " + in(s.NextMail, now)
	}
	lines := [][2]string{
		{"user", s.Sub},
		{"address", s.Address + ", " + verified},
		{"status", status},
		{"created", since(s.Created, now)},
		{"last code", cmp.Or(since(s.LastMail, now), "none in the table")},
		{"last proven code", cmp.Or(since(s.LastCode, now), "never")},
		{"address proven", cmp.Or(since(s.FirstCode, now), "not by a code")},
		{"guesses", guesses},
		{"wrong in a row", fmt.Sprintf("%d of %d", s.WrongInARow, guard.MaxFailures)},
		{"next code", code},
		{"mails", mails},
		{"mark", s.mark(now)},
	}
	if s.Devices > 0 {
		lines = append(lines, [2]string{"remembered devices", fmt.Sprint(s.Devices)})
	}
	return lines
}

func (s State) mark(now time.Time) string {
	switch {
	case s.Marked == "":
		return "none"
	case s.MarkedUntil.IsZero():
		return "a complaint " + since(s.MarkedSince, now) + ": no mail is sent to this address, without an end"
	}
	return "a bounce " + since(s.MarkedSince, now) + ": no mail is sent to this address; ends " + in(s.MarkedUntil, now)
}

// since and in write a time with its distance from now.
func since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC") + " (" + span(now.Sub(t)) + " ago)"
}

func in(t, now time.Time) string {
	return "at " + t.UTC().Format("2006-01-02 15:04:05 UTC") + " (in " + span(t.Sub(now)) + ")"
}

// span writes a duration in its two largest units.
func span(d time.Duration) string {
	d = max(0, d)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
