package signin

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Challenge is a round in which a code is asked for. What an EmailOTP doesn't
// say, or says in a form that is not understood, is zero, and -1 for counts.
type Challenge struct {
	// CodeLength is the number of digits.
	CodeLength int
	// AttemptsLeft and ResendsLeft are counts of this sign-in; -1 when unknown.
	AttemptsLeft, ResendsLeft int
	// Expires and ResendAt are by the clock of this machine, whatever it says:
	// only their distance from the pool's own time is taken from the pool.
	Expires, ResendAt time.Time
	// Reason says why this round is: "sent", "wrong-code", "expired", "resent",
	// "resend-too-soon", "new-code", or one that is newer than this client.
	Reason string
	// Destination is the masked address, where the pool tells it.
	Destination string
}

func (s *SignIn) code(ctx context.Context, at step) (step, error) {
	answer, err := s.Person.Code(ctx, challenge(at.params, s.now()))
	if err != nil {
		return step{}, err
	}
	if answer == Resend {
		// ANSWER must not be empty, and isn't looked at.
		return s.respond(ctx, at, map[string]string{"ANSWER": "resend"}, map[string]string{"action": "resend"})
	}
	return s.respond(ctx, at, map[string]string{"ANSWER": strings.TrimSpace(answer)}, nil)
}

func challenge(params map[string]string, now time.Time) Challenge {
	c := Challenge{
		CodeLength:   max(0, count(params["codeLength"])),
		AttemptsLeft: count(params["attemptsLeft"]),
		ResendsLeft:  count(params["resendsLeft"]),
		Reason:       params["reason"],
		Destination:  params["codeDeliveryDestination"],
	}
	theirs, err := time.Parse(time.RFC3339, params["now"])
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
	c.Expires, c.ResendAt = local("expiresAt"), local("resendAvailableAt")
	return c
}

func count(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
