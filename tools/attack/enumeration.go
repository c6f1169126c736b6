package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// kind is a sort of account that a stranger might try to tell from an invented name.
type kind struct {
	name string
	spec lab.UserSpec
	// alone is what the account's owner or mail provider did before the stranger looks.
	alone func(l *lab.Lab, name string)
	// both is what happened to the account and to the invented name: a stranger can do it to any
	// name.
	both func(l *lab.Lab, name string)
	// soon makes the stranger look at once, else a quarter of an hour later.
	soon bool
	// spell changes the name under which the account is created.
	spell func(string) string
	// other is another spelling of the name: what happens to both happens under it, and the
	// stranger looks at the name in both spellings.
	other func(string) string
	// steps are the stranger's; nil means [steps].
	steps []step
}

func kinds() []kind {
	proven, unproven := lab.UserSpec{EmailVerified: true}, lab.UserSpec{}
	return []kind{
		{name: "known, never seen before", spec: proven},
		{name: "known, address not proven", spec: unproven},
		{name: "known, must change the password", spec: lab.UserSpec{EmailVerified: true, Temporary: true}},
		{name: "known, the owner has just signed in", spec: proven, alone: signedIn, soon: true},
		{name: "known, the owner is signing in", spec: proven, alone: begun, soon: true},
		{name: "known, the owner signed in a while ago", spec: proven, alone: signedIn},
		{name: "known, out of mails by the owner's own tries", spec: proven, alone: outOfMails},
		{name: "known, mails refused by its provider", spec: proven, alone: refusing},
		{name: "known, guesses and mails spent by the stranger", spec: proven, both: outOfBoth},
		{name: "not proven, guesses and mails spent by the stranger", spec: unproven, both: outOfBoth},
		{name: "known, in a pool with other sign-ins", spec: proven, both: others(true), soon: true},
		{name: "known, in a pool that a stranger floods with invented names", spec: proven, both: others(false), soon: true},
		{name: "known, named in another spelling", spec: proven, spell: strings.ToUpper},
		{name: "known, all spent under the name in upper case", spec: proven, both: outOfBoth, other: strings.ToUpper},
		{name: "not proven, all spent under the name in upper case", spec: unproven, both: outOfBoth,
			other: strings.ToUpper},
		{name: "known, all spent under the name and a space", spec: proven, both: outOfBoth, other: trailingSpace},
		{name: "not proven, all spent under the name and a space", spec: unproven, both: outOfBoth, other: trailingSpace},
		{name: "known, a sign-in held open while all is spent", spec: proven, both: threeMails, soon: true, steps: heldOpen},
		{name: "not proven, a sign-in held open while all is spent", spec: unproven, both: threeMails, soon: true,
			steps: heldOpen},
	}
}

func trailingSpace(name string) string { return name + " " }

// others sign in, so that the quota of their kind of name is in use but not at its end: past that
// end no mail goes to the simulator, which time shows.
func others(known bool) func(*lab.Lab, string) {
	return func(l *lab.Lab, _ string) {
		for n := range 12 {
			name := fmt.Sprintf("other%04d@example.com", n)
			if known {
				l.User(lab.UserSpec{Email: name, EmailVerified: true})
				signedIn(l, name)
			} else {
				begun(l, name)
			}
		}
	}
}

func signedIn(l *lab.Lab, name string) {
	a, err := l.Initiate(name)
	l.Scope.Check(err)
	_, err = l.AnswerCode(a, name, l.Inbox.Code(name))
	l.Scope.Check(err)
}

func begun(l *lab.Lab, name string) {
	_, err := l.Initiate(name)
	l.Scope.Check(err)
}

func outOfMails(l *lab.Lab, name string) {
	for range 10 {
		begun(l, name)
		l.Clock.Advance(rig.Cooldown)
	}
}

// threeMails leaves three of the six mails that an address gets at once.
func threeMails(l *lab.Lab, name string) {
	for range 3 {
		begun(l, name)
		l.Clock.Advance(rig.Cooldown)
	}
}

func refusing(l *lab.Lab, name string) {
	l.Inbox.Hook = func(to string, accepted bool) error {
		if to == name && !accepted {
			return trigger.ErrRecipient
		}
		return nil
	}
}

func outOfBoth(l *lab.Lab, name string) {
	for i := range 12 {
		guessAll(l, name, rig.Guess(i, 8))
		l.Clock.Advance(rig.Cooldown)
	}
}

// guessAll uses every answer of a new sign-in.
func guessAll(l *lab.Lab, name, code string) {
	a, err := l.Initiate(name)
	for tries := 0; err == nil && tries < rig.Attempts; tries++ {
		a, err = l.AnswerCode(a, name, code)
	}
}

// enumeration does the same with an account and with an invented name, and compares all that a
// stranger can observe: words, keys, values, sizes, and how often each service was called.
func enumeration(r *rig.Run, m settings.Mode) {
	if m == settings.Password {
		passwordNames(r)
		return
	}
	for _, k := range kinds() {
		account, invented := k.look(r, true), k.look(r, false)
		var differ []string
		for i, step := range account {
			if step != invented[i] {
				differ = append(differ, difference(step, invented[i]))
			}
		}
		r.Add(m, k.name+": words, sizes and calls, against an invented name", len(account),
			fmt.Sprintf("%d of %d steps differ", len(differ), len(account)), "0", differ...)
	}
}

// look prepares an account or none, and returns what each step shows a stranger.
func (k kind) look(r *rig.Run, exists bool) []string {
	// One shard for each quota: which shard a mail counts in is random, and must not look like a
	// difference.
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Change: quotas{900, 900, 900}.set})
	began := l.Clock.Now()
	if exists {
		spec := k.spec
		if spec.Email = lab.Victim; k.spell != nil {
			spec.Email = k.spell(lab.Victim)
		}
		if l.User(spec); k.alone != nil {
			k.alone(l, lab.Victim)
		}
	}
	names := []string{lab.Victim}
	if k.other != nil {
		names = append(names, k.other(lab.Victim))
	}
	if k.both != nil {
		k.both(l, names[len(names)-1])
	}
	if !k.soon {
		l.Clock.Until(began.Add(15 * time.Minute))
	}
	all := k.steps
	if all == nil {
		all = steps
	}
	var seen []string
	for _, name := range names {
		s := &stranger{lab: l, name: name}
		for _, step := range all {
			seen = append(seen, s.observe(step))
		}
	}
	return seen
}

// stranger takes the same steps with any name.
type stranger struct {
	lab  *lab.Lab
	name string
	last lab.PoolAnswer
}

// step is one step of a stranger.
type step struct {
	name string
	// wait is how long the stranger waits before.
	wait time.Duration
	// timed steps are those whose time is compared too.
	timed bool
	take  func(*stranger) (lab.PoolAnswer, error)
}

var steps = []step{
	{"start", 0, true, (*stranger).start},
	{"wrong answer", 0, true, answering("00000000")},
	{"malformed answer", 0, false, answering("x")},
	{"start again", 0, true, (*stranger).start},
	{"resend too soon", 0, true, (*stranger).resend},
	{"resend", rig.Cooldown, false, (*stranger).resend},
	{"wrong answer to the resent", 0, false, answering("00000001")},
	{"answer too late", rig.CodeTTL, false, answering("00000002")},
	{"last answer", 0, false, answering("00000003")},
	{"start later", 0, false, (*stranger).start},
}

// heldOpen begins a sign-in, spends the guesses and the last mails in others, and goes on with it.
var heldOpen = []step{
	{"start", 0, false, (*stranger).start},
	{"spend in other sign-ins", rig.Cooldown, false, (*stranger).spend},
	{"spend the last mail", rig.Cooldown, false, (*stranger).spend},
	{"wrong answer", 0, false, answering("00000000")},
	{"resend", rig.Cooldown, false, (*stranger).resend},
	{"wrong answer to the resent", 0, false, answering("00000001")},
	{"last answer", 0, false, answering("00000003")},
	{"start again", rig.Cooldown, false, (*stranger).start},
}

// spend uses every answer of four sign-ins, and leaves the stranger's own sign-in as it was.
func (s *stranger) spend() (lab.PoolAnswer, error) {
	for range 4 {
		guessAll(s.lab, s.name, "00000002")
	}
	return s.last, nil
}

func (s *stranger) start() (lab.PoolAnswer, error) { return s.lab.Initiate(s.name) }

func answering(code string) func(*stranger) (lab.PoolAnswer, error) {
	return func(s *stranger) (lab.PoolAnswer, error) { return s.lab.AnswerCode(s.last, s.name, code) }
}

func (s *stranger) resend() (lab.PoolAnswer, error) {
	return s.lab.Call("RespondToAuthChallenge", map[string]any{"ChallengeName": "CUSTOM_CHALLENGE",
		"ClientId": s.lab.Client,
		"Session":  s.last.Session, "ChallengeResponses": map[string]string{"USERNAME": s.name,
			"ANSWER": contract.ActionResend},
		"ClientMetadata": map[string]string{contract.ClientMetadataAction: contract.ActionResend}})
}

// observe takes a step and describes all that it shows.
func (s *stranger) observe(step step) string {
	s.lab.Clock.Advance(step.wait)
	before := s.lab.Calls()
	a, err := step.take(s)
	if err == nil {
		s.last = a
	}
	var calls []string
	after := s.lab.Calls()
	for _, c := range slices.Sorted(maps.Keys(after)) {
		if n := after[c] - before[c]; n > 0 {
			calls = append(calls, fmt.Sprintf("%s×%d", c, n))
		}
	}
	return fmt.Sprintf("%s: %v %s, %d bytes, Session %d, calls %s", step.name, err, shown(a), a.Size, len(a.Session),
		strings.Join(calls, " "))
}

// shown writes the challenge parameters. Times are relative, for the clocks of two labs differ by
// what was done before; the user's name is a UUID for every account.
func shown(a lab.PoolAnswer) string {
	var parts []string
	now, _ := time.Parse(time.RFC3339, a.ChallengeParameters[contract.ParamNow])
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

// difference names the step and the words in which two descriptions differ.
func difference(a, b string) string {
	step, _, _ := strings.Cut(a, ":")
	only := func(these, those string) string {
		words := slices.DeleteFunc(strings.Fields(these),
			func(w string) bool { return slices.Contains(strings.Fields(those), w) })
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s: %s, for an invented name %s", step, only(a, b), only(b, a))
}

// passwordNames compares a known and an invented name in password mode, for a stranger without the
// password: neither may reach the mailed code.
func passwordNames(r *rig.Run) {
	var seen [2]string
	for i := range seen {
		l := r.Lab(lab.Plan{Mode: settings.Password})
		if i == 0 {
			l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
		}
		a, err := l.Enter(lab.Victim, "Wrong-Horse-9")
		_, bare := l.Initiate(lab.Victim)
		seen[i] = fmt.Sprint(err, a.Size, bare, l.Calls())
	}
	same := seen[0] == seen[1]
	r.Add(settings.Password, "known or not, without the password: words, sizes and calls", 2,
		"the same: "+fmt.Sprint(same), "the same", rig.Unless(same, "%s, for an invented name: %s", seen[0], seen[1]))
}
