package live

import (
	"maps"
	"slices"
	"strings"
)

// Record is what a walk may tell others: an allow-list of facts about Cognito's answers. It has
// names, types, lengths and their order, and no value of any answer.
type Record struct {
	Mode string `json:"mode"`
	// Rounds are the answers in order.
	Rounds []RecordedRound `json:"rounds"`
	// Switches are the points that are switches of the sandbox and were settled.
	Switches map[string]bool `json:"switches"`
	// Points are the other answers: "yes" or "no".
	Points map[string]string `json:"points"`
	// Facts are single facts, such as "sign-up.confirmed": "true".
	Facts map[string]string `json:"facts,omitempty"`
}

// RecordedRound is one answer.
type RecordedRound struct {
	Step string `json:"step"`
	// Error is the type of a refusal; the rest is empty then.
	Error string `json:"error,omitempty"`
	// Challenge is its name; "tokens" for tokens.
	Challenge string `json:"challenge,omitempty"`
	// Params are the lengths of the challenge's parameters by name; -1 for one that differs from
	// call to call.
	Params map[string]int `json:"params,omitempty"`
	// Session is its length in characters.
	Session int `json:"session,omitempty"`
}

// switches are the points that are Booleans of sandbox.Options.
var switches = []string{"NewPasswordIssuesTokens", "CustomChallengeEntryRow", "UnknownUserNameIsDummy",
	"CreateSeesNoClientMetadata"}

func (r *Record) refused(step, code string) {
	r.Rounds = append(r.Rounds, RecordedRound{Step: step, Error: code})
}

func (r *Record) answered(step string, a *round) {
	recorded := RecordedRound{Step: step, Challenge: orTokens(a), Params: map[string]int{}}
	if a.session != nil {
		recorded.Session = len(*a.session)
	}
	for _, name := range slices.Sorted(maps.Keys(a.params)) {
		recorded.Params[name] = len(a.params[name])
	}
	r.Rounds = append(r.Rounds, recorded)
}

func (r *Record) fact(step, name, value string) {
	if r.Facts == nil {
		r.Facts = map[string]string{}
	}
	r.Facts[step+"."+name] = value
}

// The facts about a pool by which a replay is set up like it.
const (
	FactDevices = "pool.devices" // it remembers devices
	FactSecret  = "pool.secret"  // the app client has a secret
	FactResets  = "pool.resets"  // it resets passwords by e-mail
	FactSignUps = "pool.signUps" // users sign up by themselves
)

// pool notes what of the pool decides which steps there are.
func (r *Record) pool(w *walk) {
	for name, is := range map[string]bool{FactDevices: w.remembers(), FactSecret: w.secret != "",
		FactResets: w.isPassword() && w.resetsByMail(), FactSignUps: !w.pool.AdminCreateUserConfig.AllowAdminCreateUserOnly} {
		if is {
			step, fact, _ := strings.Cut(name, ".")
			r.fact(step, fact, "true")
		}
	}
}

func (r *Record) point(p Point) {
	if r.Switches == nil {
		r.Switches, r.Points = map[string]bool{}, map[string]string{}
	}
	switch {
	case p.Answer == NotObservable:
	case slices.Contains(switches, p.ID):
		r.Switches[p.ID] = p.Answer == Yes
	default:
		r.Points[p.ID] = p.Answer
	}
}

// Forms returns the record's rounds without what differs from one walk to the next, in one sandbox
// or in one pool: the lengths of names, times and secrets. It is what a replay compares.
func (r Record) Forms() []string {
	var all []string
	for _, a := range r.Rounds {
		form := a.Step + ": " + a.Error + a.Challenge
		for _, name := range slices.Sorted(maps.Keys(a.Params)) {
			form += " " + name
		}
		all = append(all, form)
	}
	return all
}
