package attack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// kind is a sort of account that a stranger might try to tell from a name that nobody has.
type kind struct {
	name string
	// make puts the account into the pool; nil means that nobody has the name.
	make func(ctx context.Context, l *lab, name string) error
	// before is what happened to the account, and to the name it is compared with, before the stranger
	// looks. It is done to both, for a stranger can do it to any name.
	before func(ctx context.Context, l *lab, name string) error
	// alone is what happened to the account only: what its owner or its mail provider did.
	alone func(ctx context.Context, l *lab, name string) error
	// hurry has the stranger look at once, else a quarter of an hour later.
	hurry bool
}

func kinds() []kind {
	user := func(spec userpool.UserSpec) func(context.Context, *lab, string) error {
		return func(ctx context.Context, l *lab, name string) error {
			spec.Email = name
			return l.user(ctx, spec)
		}
	}
	known := user(userpool.UserSpec{EmailVerified: true})
	return []kind{
		{name: "known, never seen before", make: known},
		{name: "known, address not proven", make: user(userpool.UserSpec{})},
		{name: "known, must change the password", make: user(userpool.UserSpec{EmailVerified: true, Temporary: true})},
		{name: "known, the owner has just signed in", make: known, alone: signedIn, hurry: true},
		{name: "known, the owner is signing in", make: known, alone: begun, hurry: true},
		{name: "known, the owner signed in a while ago", make: known, alone: signedIn},
		{name: "known, out of mails by the owner's own tries", make: known, alone: outOfMails},
		{name: "known, mails refused by its provider", make: known, alone: refusing},
		{name: "known, guesses and mails spent by the stranger", make: known, before: outOfBoth},
		{name: "not proven, guesses and mails spent by the stranger", make: user(userpool.UserSpec{}), before: outOfBoth},
		{name: "known, in a pool that people use", make: known, before: inUse, hurry: true},
		{name: "known, in a pool that a stranger floods with invented names", make: known, before: inFlood, hurry: true},
		{name: "known, named in another spelling", make: func(ctx context.Context, l *lab, name string) error { return known(ctx, l, strings.ToUpper(name)) }},
	}
}

// inUse has people sign in, so that the pool's lane for proven addresses is in use.
func inUse(ctx context.Context, l *lab, _ string) error {
	for n := range 12 {
		name := fmt.Sprintf("other%04d@example.com", n)
		if err := errors.Join(l.user(ctx, userpool.UserSpec{Email: name, EmailVerified: true}), signedIn(ctx, l, name)); err != nil {
			return err
		}
	}
	return nil
}

// inFlood uses the lane for names that nobody has, and not to its end: past that no mail goes to the
// simulator, and time shows it.
func inFlood(ctx context.Context, l *lab, _ string) error {
	for n := range 12 {
		if err := begun(ctx, l, fmt.Sprintf("other%04d@example.com", n)); err != nil {
			return err
		}
	}
	return nil
}

func signedIn(ctx context.Context, l *lab, name string) error {
	a, err := l.initiate(ctx, name)
	if err != nil {
		return err
	}
	_, err = l.answerTo(ctx, "CUSTOM_CHALLENGE", a, name, "ANSWER", l.inbox.code(name))
	return err
}

func begun(ctx context.Context, l *lab, name string) error {
	_, err := l.initiate(ctx, name)
	return err
}

func outOfMails(ctx context.Context, l *lab, name string) error {
	for range 10 {
		if err := begun(ctx, l, name); err != nil {
			return err
		}
		l.clock.advance(cooldown)
	}
	return nil
}

func refusing(_ context.Context, l *lab, name string) error {
	l.inbox.onSend(func(to string) error {
		if to == name {
			return trigger.ErrRecipient
		}
		return nil
	})
	return nil
}

func outOfBoth(ctx context.Context, l *lab, name string) error {
	for i := range 12 {
		a, err := l.initiate(ctx, name)
		for tries := 0; err == nil && tries < attempts; tries++ {
			a, err = l.answerTo(ctx, "CUSTOM_CHALLENGE", a, name, "ANSWER", fmt.Sprintf("%08d", i))
		}
		l.clock.advance(cooldown)
	}
	return nil
}

// enumeration does the same to an account and to a name that nobody has, and compares all that a
// stranger sees: words, keys, values, sizes, and how often each service was called.
func enumeration(ctx context.Context, r *run) error {
	for _, k := range kinds() {
		seen := [2][]string{}
		for i, make := range []func(context.Context, *lab, string) error{k.make, nil} {
			var err error
			if seen[i], err = k.look(ctx, r, make); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
		var differ []string
		for i := range max(len(seen[0]), len(seen[1])) {
			if i >= len(seen[0]) || i >= len(seen[1]) || seen[0][i] != seen[1][i] {
				differ = append(differ, difference(at(seen[0], i), at(seen[1], i)))
			}
		}
		r.add(Row{Mode: string(settings.Passwordless), Tried: k.name + ": words, sizes and calls, against a name that nobody has", Count: int64(len(seen[0])),
			Result: fmt.Sprintf("%d of %d steps differ", len(differ), len(seen[0])), Bound: "0"}, differ...)
	}
	return passwordNames(ctx, r)
}

// difference names the step and shows only the words in which two descriptions differ.
func difference(a, b string) string {
	step, _, _ := strings.Cut(a, ":")
	only := func(these, those string) string {
		var words []string
		for _, w := range strings.Fields(these) {
			if !slices.Contains(strings.Fields(those), w) {
				words = append(words, strings.Trim(w, ","))
			}
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s: %s, for nobody %s", step, only(a, b), only(b, a))
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

// look prepares an account, or none, and returns what each step of a stranger shows.
func (k kind) look(ctx context.Context, r *run, make func(context.Context, *lab, string) error) ([]string, error) {
	// One shard each: which shard a mail is taken from is chance, and must not look like a difference.
	l, err := r.bench.lab(plan{mode: settings.Passwordless, change: lanes{verified: 900, unverified: 900, unknown: 900}.set})
	if err != nil {
		return nil, err
	}
	defer l.close()
	began := l.clock.now()
	const name = "user00001@example.com"
	if make != nil {
		if err := make(ctx, l, name); err != nil {
			return nil, err
		}
		if k.alone != nil {
			if err := k.alone(ctx, l, name); err != nil {
				return nil, err
			}
		}
	}
	if k.before != nil {
		if err := k.before(ctx, l, name); err != nil {
			return nil, err
		}
	}
	if k.hurry {
		return walked(ctx, l, name)
	}
	l.clock.until(began.Add(15 * time.Minute))
	return walked(ctx, l, name)
}

// walked returns what the stranger's steps show.
func walked(ctx context.Context, l *lab, name string) ([]string, error) {
	w := &watcher{lab: l, name: name}
	w.walk(ctx)
	return w.seen, w.err
}

// watcher is the stranger: takes the same steps at any name and writes down what shows.
type watcher struct {
	lab  *lab
	name string
	seen []string
	last answerOf
	err  error
}

// walk takes every step that a stranger has.
func (w *watcher) walk(ctx context.Context) {
	w.step("start", func() (answerOf, error) { return w.lab.initiate(ctx, w.name) })
	w.step("wrong answer", func() (answerOf, error) { return w.respond(ctx, "00000000") })
	w.step("malformed answer", func() (answerOf, error) { return w.respond(ctx, "x") })
	w.step("start again", func() (answerOf, error) { return w.lab.initiate(ctx, w.name) })
	w.step("resend too soon", func() (answerOf, error) { return w.respond(ctx, "resend", "resend") })
	w.lab.clock.advance(cooldown)
	w.step("resend", func() (answerOf, error) { return w.respond(ctx, "resend", "resend") })
	w.step("wrong answer to the resent", func() (answerOf, error) { return w.respond(ctx, "00000001") })
	w.lab.clock.advance(codeTTL)
	w.step("answer too late", func() (answerOf, error) { return w.respond(ctx, "00000002") })
	w.step("last answer", func() (answerOf, error) { return w.respond(ctx, "00000003") })
	w.step("start later", func() (answerOf, error) { return w.lab.initiate(ctx, w.name) })
}

func (w *watcher) respond(ctx context.Context, answer string, action ...string) (answerOf, error) {
	in := map[string]any{"ChallengeName": "CUSTOM_CHALLENGE", "ClientId": w.lab.client, "Session": w.last.Session,
		"ChallengeResponses": map[string]string{"USERNAME": w.name, "ANSWER": answer}}
	if len(action) > 0 {
		in["ClientMetadata"] = map[string]string{"action": action[0]}
	}
	return w.lab.call(ctx, "RespondToAuthChallenge", in)
}

// step takes one step and notes all that it shows.
func (w *watcher) step(name string, take func() (answerOf, error)) {
	if w.err != nil {
		return
	}
	before := w.lab.calls()
	a, err := take()
	after := w.lab.calls()
	var refusal *apiError
	if err != nil && !errors.As(err, &refusal) {
		w.err = err
		return
	}
	var calls []string
	for _, c := range slices.Sorted(maps.Keys(after)) {
		if n := after[c] - before[c]; n > 0 {
			calls = append(calls, fmt.Sprintf("%s×%d", c, n))
		}
	}
	w.seen = append(w.seen, fmt.Sprintf("%s: %v %s, %d bytes, Session %d, calls %s", name, err, w.shown(a), a.size, len(a.Session), strings.Join(calls, " ")))
	if err == nil {
		w.last = a
	}
}

// shown writes the parameters; times are relative, for two labs' clocks differ by what was done
// before, and the user's name is a UUID for everybody.
func (w *watcher) shown(a answerOf) string {
	var parts []string
	now, _ := time.Parse(time.RFC3339, a.ChallengeParameters["now"])
	for _, name := range slices.Sorted(maps.Keys(a.ChallengeParameters)) {
		value := a.ChallengeParameters[name]
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			value = t.Sub(now).String()
		}
		if name == "USERNAME" {
			value = fmt.Sprintf("%d characters", len(value))
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

// calls counts what the triggers called, by service and operation.
func (l *lab) calls() map[string]int {
	all := l.front.Counts()
	all["kms:VerifyMac"] = int(l.key.all.compared.Load())
	all["kms:GenerateMac"] = int(l.key.made.Load())
	all["ses:SendEmail"] = l.inbox.attempts()
	return all
}

// passwordNames compares a known and an unknown name in password mode, where a stranger has no
// password: neither may reach the mailed code.
func passwordNames(ctx context.Context, r *run) error {
	var seen [2]string
	for i, known := range []bool{true, false} {
		l, err := r.bench.lab(plan{mode: settings.Password})
		if err != nil {
			return err
		}
		const name = "user00001@example.com"
		if known {
			if err := l.user(ctx, userpool.UserSpec{Email: name, EmailVerified: true}); err != nil {
				return err
			}
		}
		a, err := l.enter(ctx, name, "Wrong-Horse-9")
		_, bare := l.initiate(ctx, name)
		seen[i] = fmt.Sprint(err, a.size, bare, l.calls())
		l.close()
	}
	r.add(Row{Mode: string(settings.Password), Tried: "known or not, without the password: words, sizes and calls", Count: 2,
		Result: "the same: " + fmt.Sprint(seen[0] == seen[1]), Bound: "the same"}, unless(seen[0] == seen[1], "%s, and nobody: %s", seen[0], seen[1]))
	return nil
}
