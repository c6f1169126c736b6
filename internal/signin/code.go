package signin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// Challenge is a round in which a code is asked for. A parameter that the pool doesn't send, or
// sends in an unknown form, is zero, and -1 for counts.
type Challenge struct {
	// CodeLength is the number of digits: 6 to 10, or 20 for the long kind.
	CodeLength int
	// AttemptsLeft and ResendsLeft are counts of this sign-in; -1 when unknown.
	AttemptsLeft, ResendsLeft int
	// Expires and ResendAt are times of this machine's clock, however wrong that is: only their
	// distance from the pool's own time comes from the pool.
	Expires, ResendAt time.Time
	// Reason is one of the reasons in package contract, or one that is newer than this client.
	Reason string
	// Destination is the masked address, in password mode alone.
	Destination string
}

// LongCode reports whether the pool mailed a long code, as it does after many wrong codes.
func (c Challenge) LongCode() bool { return c.CodeLength > 10 }

// Code returns the digits of an answer as the pool reads them. It reports false if the answer can't
// be the code.
func (c Challenge) Code(answer string) (string, bool) {
	if c.CodeLength == 0 {
		answer = strings.TrimSpace(answer)
		return answer, answer != ""
	}
	return otp.Normalize(answer, c.CodeLength)
}

func (s *SignIn) code(ctx context.Context, at step) (step, error) {
	if s.Device != "" && at.params[contract.ParamChallenge] != "" {
		return s.device(ctx, at)
	}
	// A pool that had remembered the device would have asked for it.
	s.Device = ""
	c := challenge(at.params, s.now())
	answer, err := s.Person.Code(ctx, c)
	if err != nil {
		return step{}, err
	}
	if answer == Resend {
		// Cognito refuses an empty ANSWER; the pool's triggers ignore this one.
		return s.respond(ctx, at, map[string]string{"ANSWER": contract.ActionResend},
			action(contract.ActionResend))
	}
	if code, ok := c.Code(answer); ok {
		answer = code
	}
	device, metadata := s.beside()
	next, err := s.respond(ctx, at, map[string]string{"ANSWER": answer}, metadata)
	if err == nil && next.tokens != nil {
		s.Device = device
	}
	if r := (*Refused)(nil); errors.As(err, &r) && r.credentials {
		// Cognito ends a sign-in without attempts in the words of a wrong password.
		r.Sentence = "that code was wrong, and it was the last try of this sign-in"
	}
	return next, err
}

func challenge(params map[string]string, now time.Time) Challenge {
	c := Challenge{
		CodeLength:   max(0, count(params[contract.ParamCodeLength])),
		AttemptsLeft: count(params[contract.ParamAttemptsLeft]),
		ResendsLeft:  count(params[contract.ParamResendsLeft]),
		Reason:       params[contract.ParamReason],
		Destination:  params[contract.ParamDestination],
	}
	theirs, err := time.Parse(time.RFC3339, params[contract.ParamNow])
	if err != nil {
		theirs = now
	}
	local := func(key string) time.Time {
		t, err := time.Parse(time.RFC3339, params[key])
		if err != nil {
			return time.Time{}
		}
		return now.Add(t.Sub(theirs))
	}
	c.Expires, c.ResendAt = local(contract.ParamExpiresAt), local(contract.ParamResendAvailableAt)
	return c
}

func count(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
