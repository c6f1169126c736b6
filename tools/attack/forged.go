package main

import (
	"fmt"
	"maps"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// forgedRows shows define every session that can be made of up to three rows by name, result and
// metadata, and of up to five after a proven password. [forger.deserves] states the rule for tokens
// independently.
func forgedRows(r *rig.Run, m settings.Mode) {
	depth := r.Scale(3, 2)
	l := r.Lab(lab.Plan{Mode: m, Memory: true, Change: remembering})
	f := &forger{lab: l}
	// Sign-ins with wrong answers show what create writes for each round.
	rounds := func(s *lab.SignIn) map[string]int {
		genuine := map[string]int{}
		for s.End == lab.Open {
			genuine[s.Metadata] = len(genuine)
			s.Answer(rig.WrongCode(s.Code()))
		}
		r.Check(rig.Unexpected(s.Err))
		return genuine
	}
	f.genuine = rounds(l.Start(lab.Owner(1)))
	written := maps.Clone(f.genuine)
	if m == settings.Password {
		remember(l, lab.Owner(1), "a")
		s := l.StartWith(lab.Owner(1), useDevice)
		f.device = s.Metadata
		f.after = rounds(s.AnswerWith(secretOf("b"), useDevice))
		maps.Copy(written, f.after)
		written[f.device] = 0
	}
	f.rows = everyRow(written)
	f.extend(nil, depth)
	f.extend(lab.ProvenPassword, depth)
	r.Add(m, fmt.Sprintf("every session of %d rows, forged by name, result and metadata", depth), f.tried,
		fmt.Sprintf("%d undeserved, %d of %d deserved tokens", f.undeserved, f.given, f.deserved), "0, all",
		rig.Unless(len(f.genuine) == rig.Attempts, "a sign-in has %d rounds, not %d", len(f.genuine), rig.Attempts),
		rig.Unless(f.undeserved == 0, "tokens for %s", f.example),
		rig.Unless(f.given == f.deserved && f.deserved > 0, "a proven session got no tokens"))
}

// everyRow returns all rows of which sessions are forged.
func everyRow(genuine map[string]int) []lab.Row {
	madeUp := "eotp1"
	metadata := []*string{nil, &madeUp}
	for g := range genuine {
		metadata = append(metadata, &g)
	}
	var rows []lab.Row
	for _, name := range []string{"CUSTOM_CHALLENGE", "SRP_A", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED",
		"EMAIL_OTP", "custom_challenge", ""} {
		for _, m := range metadata {
			if name == "CUSTOM_CHALLENGE" || m == nil { // Cognito's own challenges have no metadata
				rows = append(rows, lab.Row{Name: name, Result: true, Metadata: m},
					lab.Row{Name: name, Metadata: m})
			}
		}
	}
	return rows
}

type forger struct {
	lab     *lab.Lab
	rows    []lab.Row
	genuine map[string]int // metadata by round
	// device is the metadata of a device's round, empty in passwordless mode; after is that of the
	// rounds behind it.
	device string
	after  map[string]int

	tried, undeserved, given, deserved int
	example                            string
}

func (f *forger) extend(session []lab.Row, more int) {
	f.show(session, lab.Owner(1))
	f.show(session, lab.Invented(1))
	if more == 0 {
		return
	}
	for _, r := range f.rows {
		f.extend(append(session[:len(session):len(session)], r), more-1)
	}
}

// show sends a session to define and compares its decision with the rule.
func (f *forger) show(session []lab.Row, who lab.Person) {
	if session == nil {
		session = []lab.Row{}
	}
	f.tried++
	var d struct{ IssueTokens bool }
	s := &lab.SignIn{Lab: f.lab, Client: f.lab.Client, Who: who}
	f.lab.Scope.Check(rig.Unexpected(s.Trigger(settings.DefineAuthChallenge, map[string]any{"session": session}, &d)))
	deserved := !who.Unknown && f.deserves(session)
	if deserved {
		f.deserved++
	}
	switch {
	case d.IssueTokens && deserved:
		f.given++
	case d.IssueTokens:
		f.undeserved++
		f.example = "the rows"
		for _, r := range session {
			f.example += fmt.Sprintf(" %s=%v", r.Name, r.Result)
		}
	}
}

// deserves is the rule. In password mode a proven password comes first, in Cognito's two steps,
// then perhaps steps of Cognito's own, all met. Then come the rounds of the mailed code, each with
// what create wrote for that round. The last one is right and the others are not. A device's round
// may come first unless a new password was set; it ends the sign-in if it is right.
func (f *forger) deserves(session []lab.Row) bool {
	// A round behind a refused device is also what a sign-in without one has after a resend.
	rounds, news := maps.Clone(f.genuine), false
	for written, round := range f.after {
		rounds[written] = round + 1
	}
	if f.lab.Plan.Mode == settings.Password {
		if len(session) < 2 || session[0] != lab.ProvenPassword[0] || session[1] != lab.ProvenPassword[1] {
			return false
		}
		session = session[2:]
		for len(session) > 0 && (session[0].Name == "NEW_PASSWORD_REQUIRED" || session[0].Name == "EMAIL_OTP") &&
			session[0].Result {
			news = news || session[0].Name == "NEW_PASSWORD_REQUIRED"
			session = session[1:]
		}
	}
	if len(session) > 0 && session[0].Name == "CUSTOM_CHALLENGE" && session[0].Metadata != nil && f.device != "" &&
		*session[0].Metadata == f.device {
		if news || session[0].Result {
			return !news && len(session) == 1
		}
		session, rounds = session[1:], f.after
	}
	for i, r := range session {
		if r.Name != "CUSTOM_CHALLENGE" || r.Metadata == nil {
			return false
		}
		if round, ours := rounds[*r.Metadata]; !ours || round != i || r.Result != (i == len(session)-1) {
			return false
		}
	}
	return len(session) > 0
}
