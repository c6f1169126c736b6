// Package flow decides which step of a sign-in comes next. It is the rule that tokens come only
// after every factor, and nothing else: no AWS, no clock, no I/O.
//
//	next := flow.Next(flow.Sign{Mode: settings.Password, MaxAttempts: 3, Session: rows})
//
// A client chooses where it enters a sign-in, so the rule reads the rows of the session by name and
// order and trusts no position: SRP_A's row is true before any password was proven, and a row of a
// mailed code counts only with [Metadata] that the create trigger wrote.
package flow

import (
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Names of challenges as Cognito writes them into a session.
const (
	SRPA                = "SRP_A"
	PasswordVerifier    = "PASSWORD_VERIFIER"
	NewPasswordRequired = "NEW_PASSWORD_REQUIRED"
	CustomChallenge     = "CUSTOM_CHALLENGE"
)

// Row is one step that a session has taken: which challenge, whether it was met, and the metadata
// that the create trigger gave it (empty for Cognito's own challenges).
type Row struct {
	Name     string
	Result   bool
	Metadata string
}

// MaxResends is how many resends one sign-in may have; a further one counts as an answer. Every
// round makes Cognito's Session longer, and its API model allows 2,048 characters.
const MaxResends = 2

// Sign is what the rule looks at.
type Sign struct {
	// Mode is the pool's mode.
	Mode settings.Mode
	// MaxAttempts is how many answers the sign-in may have.
	MaxAttempts int
	// Session is the sign-in so far, oldest row first.
	Session []Row
	// UserNotFound is true for a name without a user.
	UserNotFound bool
	// MustChangePassword is true for a user in the status FORCE_CHANGE_PASSWORD.
	MustChangePassword bool
	// RememberDevices is true where the pool lets a remembered device stand in for the code.
	RememberDevices bool
	// Resend is true when the last row's answer requested a resend. Verify saw the same request and
	// compared nothing.
	Resend bool
}

// Decision is the answer to Cognito: exactly one of a challenge, tokens or a failure.
type Decision struct {
	// Challenge is the next challenge; empty where tokens are issued or the sign-in fails.
	Challenge string
	// IssueTokens ends the sign-in with tokens.
	IssueTokens bool
	// Fail ends the sign-in without.
	Fail bool
}

var (
	fail   = Decision{Fail: true}
	tokens = Decision{IssueTokens: true}
)

func ask(challenge string) Decision { return Decision{Challenge: challenge} }

// Next returns what comes next. Every session that it does not expect fails.
func Next(s Sign) Decision {
	codes := s.Session
	if s.Mode == settings.Password {
		rest, early := passwordFirst(s)
		if early != nil {
			return *early
		}
		codes = rest
	} else if s.Mode != settings.Passwordless {
		return fail
	}
	return codesNext(s, codes)
}

// passwordFirst walks the rows of the password and of Cognito's own steps behind it, and returns
// the rows that follow; or a decision where the password isn't proven yet or never will be.
func passwordFirst(s Sign) ([]Row, *Decision) {
	rows := s.Session
	if len(rows) == 0 || rows[0].Name != SRPA || !rows[0].Result {
		return nil, &fail
	}
	if len(rows) == 1 {
		verify := ask(PasswordVerifier)
		return nil, &verify
	}
	if rows[1].Name != PasswordVerifier || !rows[1].Result || s.UserNotFound {
		return nil, &fail
	}
	rows = rows[2:]
	changed := false
	for len(rows) > 0 && rows[0].Name != CustomChallenge {
		if !cognitosOwn(rows[0].Name) || !rows[0].Result {
			return nil, &fail
		}
		changed = changed || rows[0].Name == NewPasswordRequired
		rows = rows[1:]
	}
	if s.MustChangePassword && !changed {
		if len(rows) > 0 {
			// The password was reset during this sign-in; the next sign-in requires a new one.
			return nil, &fail
		}
		change := ask(NewPasswordRequired)
		return nil, &change
	}
	return rows, nil
}

// cognitosOwn reports whether a row may stand between the password and the code: steps that Cognito
// inserts by itself. They are never taken for the code.
func cognitosOwn(name string) bool {
	switch name {
	case NewPasswordRequired, "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SELECT_MFA_TYPE", "MFA_SETUP",
		"DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER":
		return true
	}
	return false
}

// codesNext judges the rows of the mailed code, and the device's row before them.
func codesNext(s Sign, rows []Row) Decision {
	if len(rows) == 0 {
		return ask(CustomChallenge)
	}
	least := 0 // resends of every later row
	for i, row := range rows {
		last := i == len(rows)-1
		if row.Name != CustomChallenge || row.Result && !last {
			return fail
		}
		if i == 0 && IsDevice(row.Metadata) {
			if !deviceAllowed(s) {
				return fail
			}
			least = 1
		} else if meta, err := ParseMetadata(row.Metadata); err != nil || meta.Wrong+meta.Resent != i ||
			meta.Resent < least {
			return fail
		}
		if row.Result && s.UserNotFound {
			return fail
		}
		if row.Result {
			return tokens
		}
	}
	wrong, _ := Counts(rows[len(rows)-1], s.Resend)
	if wrong >= s.MaxAttempts {
		return fail
	}
	return ask(CustomChallenge)
}

// deviceAllowed reports whether a device's row may stand in this session: after a proven password
// alone. Where a new password was set in the same sign-in, a code is due.
func deviceAllowed(s Sign) bool {
	return s.RememberDevices && s.Mode == settings.Password && !SetsPassword(s.Session)
}

// SetsPassword reports whether a new password was set in this sign-in.
func SetsPassword(rows []Row) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return r.Name == NewPasswordRequired })
}

// Counts returns how many answers and resends a sign-in has had, with the given row, its last. A
// resend beyond [MaxResends] counts as an answer, and a refused device as a resend, so that the
// Session grows no longer than without the device.
func Counts(last Row, resend bool) (wrong, resent int) {
	if IsDevice(last.Metadata) {
		return 0, 1
	}
	meta, err := ParseMetadata(last.Metadata)
	if err != nil {
		return settings.MaxAttempts, 0
	}
	if resend && meta.Resent < MaxResends {
		return meta.Wrong, meta.Resent + 1
	}
	return meta.Wrong + 1, meta.Resent
}
