package attack

import (
	"context"
	"fmt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// forgedRows shows define every session of up to three rows that can be made of its rows' names,
// results and metadata, and of up to five behind a proven password. The rule that tokens must follow
// is written here independently: see [deserves].
func forgedRows(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		if err := forge(ctx, r, m, scale(r, 3, 2)); err != nil {
			return err
		}
	}
	return nil
}

func forge(ctx context.Context, r *run, m settings.Mode, depth int) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	genuine, err := genuineMetadata(ctx, l)
	if err != nil {
		return err
	}
	f := &forger{ctx: ctx, lab: l, rows: everyRow(genuine), genuine: map[string]int{}}
	for i, g := range genuine {
		f.genuine[g] = i
	}
	starts := [][]row{nil, {{"SRP_A", true, nil}, {"PASSWORD_VERIFIER", true, nil}}}
	for _, s := range starts {
		f.extend(s, depth)
	}
	if f.err != nil {
		return f.err
	}
	r.add(Row{Mode: string(m), Tried: fmt.Sprintf("every session of %d rows, forged by name, result and metadata", depth), Count: f.tried,
		Result: fmt.Sprintf("%d undeserved, %d of %d deserved tokens", f.undeserved, f.given, f.deserved), Bound: "0, all"},
		unless(len(genuine) == attempts, "a sign-in has %d rounds, not %d", len(genuine), attempts),
		unless(f.undeserved == 0, "tokens for %s", f.example), unless(f.given == f.deserved && f.deserved > 0, "a proven session got no tokens"))
	return ctx.Err()
}

// genuineMetadata leads a sign-in to its last round and returns what create wrote for each.
func genuineMetadata(ctx context.Context, l *lab) ([]string, error) {
	var all []string
	s := l.start(ctx, owner(1))
	for s.end == open {
		all = append(all, s.metadata)
		s.answer(ctx, wrongCode(l.inbox.code(owner(1).email())))
	}
	return all, unexpected(s.err)
}

// everyRow returns all rows to forge sessions of.
func everyRow(genuine []string) []row {
	madeUp := "eotp1"
	metadata := []*string{nil, &madeUp}
	for i := range genuine {
		metadata = append(metadata, &genuine[i])
	}
	var rows []row
	for _, name := range []string{"CUSTOM_CHALLENGE", "SRP_A", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "EMAIL_OTP", "custom_challenge", ""} {
		for _, result := range []bool{true, false} {
			for _, m := range metadata {
				if name != "CUSTOM_CHALLENGE" && m != nil {
					continue // Cognito's own challenges have none
				}
				rows = append(rows, row{name, result, m})
			}
		}
	}
	return rows
}

type forger struct {
	ctx                                context.Context
	lab                                *lab
	rows                               []row
	genuine                            map[string]int
	tried, undeserved, given, deserved int64
	example                            string
	err                                error
}

func (f *forger) extend(session []row, more int) {
	if f.ctx.Err() != nil || f.err != nil {
		return
	}
	f.judge(session, false)
	f.judge(session, true)
	if more == 0 {
		return
	}
	for _, r := range f.rows {
		f.extend(append(session[:len(session):len(session)], r), more-1)
	}
}

func (f *forger) judge(session []row, unknown bool) {
	who := owner(1)
	if unknown {
		who = nobody(1)
	}
	if session == nil {
		session = []row{}
	}
	var d struct{ IssueTokens bool }
	f.tried++
	err := f.lab.trigger(f.ctx, settings.DefineAuthChallenge, f.lab.client, who, map[string]any{"session": session}, &d)
	if err := unexpected(err); err != nil {
		f.err = err
		return
	}
	right := !unknown && f.deserves(session)
	switch {
	case right && d.IssueTokens:
		f.given++
		f.deserved++
	case right:
		f.deserved++
	case d.IssueTokens:
		f.undeserved++
		f.example = describe(session)
	}
}

// deserves is the rule: in password mode a proven password comes first, in Cognito's two steps; then
// perhaps steps of Cognito's own, all met; then the rounds of the mailed code, each with what create
// wrote for that round, of which the last is right and the others are not.
func (f *forger) deserves(session []row) bool {
	if f.lab.plan.mode == settings.Password {
		if len(session) < 2 || session[0].Name != "SRP_A" || session[1].Name != "PASSWORD_VERIFIER" || !session[0].Result || !session[1].Result {
			return false
		}
		session = session[2:]
		for len(session) > 0 && (session[0].Name == "NEW_PASSWORD_REQUIRED" || session[0].Name == "EMAIL_OTP") && session[0].Result {
			session = session[1:]
		}
	}
	for i, r := range session {
		if r.Name != "CUSTOM_CHALLENGE" || r.Metadata == nil {
			return false
		}
		if round, ours := f.genuine[*r.Metadata]; !ours || round != i || r.Result != (i == len(session)-1) {
			return false
		}
	}
	return len(session) > 0
}

func describe(session []row) string {
	var s string
	for _, r := range session {
		s += fmt.Sprintf(" %s=%v", r.Name, r.Result)
	}
	return "the rows" + s
}
