package flow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const attempts = 3

// kind is a kind of metadata that a row may carry.
type kind int

const (
	none       kind = iota // Cognito's own rows, and a code row that create never wrote
	garbage                // not ours
	lying                  // ours in form, with counts that don't fit the rows before it
	ours0                  // ours, no resend before it
	ours1                  // ours, one resend before it
	ours2                  // ours, two resends before it
	device                 // ours, of a device's round
	deviceless             // begins like a device's and isn't one
)

var kinds = []kind{none, garbage, lying, ours0, ours1, ours2, device, deviceless}

var names = []string{flow.SRPA, flow.PasswordVerifier, flow.NewPasswordRequired, flow.CustomChallenge,
	"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "", "SOMETHING_NEW"}

// symbol is a row before it stands at a place in a session.
type symbol struct {
	name   string
	result bool
	kind   kind
}

// metadata[kind][codes] is the metadata of a row with so many code rows before it. Strings are made
// once: the tests below build some hundred million sessions.
var metadata = func() (table [8][9]string) {
	base := flow.Metadata{ID: "id", Nonce: otp.Nonce{1}, Digits: 8, Key: "kJ8x_Q2a", Expires: time.Unix(300, 0),
		Sent: time.Unix(0, 0)}
	write := func(wrong, resent int) string {
		m := base
		m.Wrong, m.Resent = wrong, resent
		return m.String()
	}
	for codes := range table[0] {
		table[garbage][codes] = "CODE-123456"
		table[lying][codes] = write((codes+1)%6, 0)
		table[device][codes] = flow.DeviceMetadata("id")
		table[deviceless][codes] = flow.DeviceMetadata("")
		for resent := range 3 {
			table[ours0+kind(resent)][codes] = write(codes-resent, resent)
		}
	}
	return table
}()

func (s symbol) row(codes int) flow.Row {
	return flow.Row{Name: s.name, Result: s.result, Metadata: metadata[s.kind][codes]}
}

// rule is the independent statement of what must hold, as a walk: each row moves it on, and its
// state determines what comes next. It shares no code with the package.
type rule struct {
	mode    settings.Mode
	devices bool   // the pool remembers devices
	phase   string // "start", "srp", "password", "codes", "proven", "dead"
	news    bool   // a new password was set
	refused bool   // a device was refused
	codes   int    // rows of codes so far, a refused device's included
	resent  int    // of the last code row; a refused device took one
}

func (r rule) step(s symbol) rule {
	dead := rule{phase: "dead"}
	ours := s.kind >= ours0 && s.kind <= ours2
	fits := ours && r.codes >= int(s.kind-ours0) && r.codes-int(s.kind-ours0) <= 5 && !(r.refused && s.kind == ours0)
	code := s.name == flow.CustomChallenge && fits
	native := map[string]bool{flow.NewPasswordRequired: true, "SMS_MFA": true, "SOFTWARE_TOKEN_MFA": true,
		"EMAIL_OTP": true}
	switch {
	case r.phase == "start" && r.mode == settings.Password && s.name == flow.SRPA && s.result:
		r.phase = "srp"
	case r.phase == "srp" && s.name == flow.PasswordVerifier && s.result:
		r.phase = "password"
	case r.phase == "password" && native[s.name] && s.result:
		r.news = r.news || s.name == flow.NewPasswordRequired
	case s.name == flow.CustomChallenge && s.kind == device && r.phase == "password" && r.devices && !r.news:
		r.phase, r.refused, r.codes, r.resent = "codes", true, 1, 1
		if s.result {
			r.phase = "proven"
		}
	case code && (r.phase == "password" || r.phase == "codes" || r.phase == "start" && r.mode == settings.Passwordless):
		r.phase = "codes"
		if s.result {
			r.phase = "proven"
		}
		r.codes++
		r.resent = int(s.kind - ours0)
	default:
		return dead
	}
	return r
}

type context struct{ unknown, mustChange, resend bool }

func (r rule) next(c context) string {
	password := r.mode == settings.Password
	beyondSRP := r.phase == "password" || r.phase == "codes" || r.phase == "proven"
	if password && beyondSRP && c.unknown {
		return "fail"
	}
	if password && beyondSRP && c.mustChange && !r.news {
		if r.phase == "password" {
			return flow.NewPasswordRequired
		}
		return "fail"
	}
	switch r.phase {
	case "start":
		if password {
			return "fail"
		}
		return flow.CustomChallenge
	case "srp":
		return flow.PasswordVerifier
	case "password":
		return flow.CustomChallenge
	case "codes":
		wrong := r.codes - r.resent
		justRefused := r.refused && r.codes == 1 // nothing to send again: no mail has left
		if c.resend && r.resent < 2 && !justRefused {
			wrong--
		}
		if wrong < attempts {
			return flow.CustomChallenge
		}
	case "proven":
		if !c.unknown {
			return "tokens"
		}
	}
	return "fail"
}

// pool is a pool's configuration, as far as the rule knows it.
type pool struct {
	mode    settings.Mode
	devices bool
}

// pools has both modes as they are and a password pool without devices. A passwordless pool has the
// setting on: it must not matter there.
var pools = []pool{{settings.Password, true}, {settings.Password, false}, {settings.Passwordless, true}}

func (p pool) sign(rows []flow.Row, c context) flow.Sign {
	return flow.Sign{Mode: p.mode, RememberDevices: p.devices, MaxAttempts: attempts, Session: rows,
		UserNotFound: c.unknown, MustChangePassword: c.mustChange, Resend: c.resend}
}

func decided(d flow.Decision) string {
	switch {
	case d.IssueTokens && !d.Fail && d.Challenge == "":
		return "tokens"
	case d.Fail && !d.IssueTokens && d.Challenge == "":
		return "fail"
	case d.Challenge != "" && !d.Fail && !d.IssueTokens:
		return d.Challenge
	}
	return fmt.Sprintf("no decision: %+v", d)
}

var contexts = func() (all []context) {
	for i := range 8 {
		all = append(all, context{i&1 != 0, i&2 != 0, i&4 != 0})
	}
	return all
}()

// walk tries every session over the alphabet up to depth rows and returns how many it tried. It
// goes at most dead rows past the point where the rule gives a session up:
// TestADeadSessionStaysDead shows that nothing that follows matters.
func walk(t *testing.T, p pool, alphabet []symbol, depth, dead int) int {
	rows := make([]flow.Row, 0, depth)
	tried := 0
	var descend func(r rule, codes, left int)
	descend = func(r rule, codes, left int) {
		for _, c := range contexts {
			tried++
			got := decided(flow.Next(p.sign(rows, c)))
			if want := r.next(c); got != want {
				t.Fatalf("%+v, %+v, %+v: decided %s, the rule is %s", p, rows, c, got, want)
			}
		}
		if len(rows) == depth || left == 0 {
			return
		}
		for _, s := range alphabet {
			rows = append(rows, s.row(codes))
			after, codesAfter, leftAfter := r.step(s), codes, dead
			if s.name == flow.CustomChallenge {
				codesAfter++
			}
			if after.phase == "dead" {
				leftAfter = left - 1
			}
			descend(after, codesAfter, leftAfter)
			rows = rows[:len(rows)-1]
		}
	}
	descend(rule{mode: p.mode, devices: p.devices, phase: "start"}, 0, dead)
	return tried
}

func full() (all []symbol) {
	for _, n := range names {
		for _, result := range []bool{true, false} {
			for _, k := range kinds {
				// Next ignores metadata on Cognito's own rows; two kinds show that.
				if n != flow.CustomChallenge && k != none && k != ours0 {
					continue
				}
				all = append(all, symbol{n, result, k})
			}
		}
	}
	return all
}

// class sorts symbols into those that the rule can't tell apart, wherever they stand.
func class(s symbol) string {
	switch {
	case s.name == flow.CustomChallenge && s.kind >= ours0 && s.kind != deviceless:
		return fmt.Sprintf("code %v %d", s.result, s.kind)
	case s.name == flow.CustomChallenge:
		return "forged"
	case !s.result || s.name == "" || s.name == "SOMETHING_NEW":
		return "refused"
	case s.name == "SMS_MFA" || s.name == "SOFTWARE_TOKEN_MFA" || s.name == "EMAIL_OTP":
		return "native"
	}
	return s.name
}

func classes() (representatives []symbol, members map[string][]symbol) {
	members = map[string][]symbol{}
	for _, s := range full() {
		c := class(s)
		if members[c] == nil {
			representatives = append(representatives, s)
		}
		members[c] = append(members[c], s)
	}
	return representatives, members
}

// Tokens only after every factor: each session up to four rows, over every name, result and kind of
// metadata, in every context, is decided as the rule is stated.
func TestTokensOnlyAfterEveryFactorOverTheFullAlphabet(t *testing.T) {
	for _, p := range pools {
		t.Logf("%+v: %d decisions agree", p, walk(t, p, full(), fullDepth, fullDepth))
	}
}

// The same up to eight rows, over one symbol of each class.
func TestTokensOnlyAfterEveryFactorOverTheClasses(t *testing.T) {
	representatives, _ := classes()
	var alphabet []symbol
	for _, s := range representatives {
		// "Forged" and "refused" end a session alike; the next test shows that, so one stands for
		// both.
		if class(s) != "forged" {
			alphabet = append(alphabet, s)
		}
	}
	for _, p := range pools {
		t.Logf("%+v: %d decisions agree", p, walk(t, p, alphabet, classDepth, 2))
	}
}

// The classes are sound: a row may be replaced by any other of its class, at any place of any
// session of three rows, and the decision stays.
func TestClassesAreSound(t *testing.T) {
	representatives, members := classes()
	t.Logf("%d symbols in %d classes", len(full()), len(representatives))
	decide := func(p pool, session []symbol, c context) string {
		rows, codes := make([]flow.Row, 0, 3), 0
		for _, s := range session {
			rows = append(rows, s.row(codes))
			if s.name == flow.CustomChallenge {
				codes++
			}
		}
		return decided(flow.Next(p.sign(rows, c)))
	}
	var sessions [][]symbol
	for _, a := range representatives {
		for _, b := range representatives {
			for _, c := range representatives {
				sessions = append(sessions, []symbol{a}, []symbol{a, b}, []symbol{a, b, c})
			}
		}
	}
	for _, p := range pools {
		for _, session := range sessions {
			for place, s := range session {
				for _, other := range members[class(s)] {
					swapped := append([]symbol(nil), session...)
					swapped[place] = other
					for _, c := range contexts {
						if a, b := decide(p, session, c), decide(p, swapped, c); a != b {
							t.Fatalf("%+v: %+v decides %s, %+v decides %s", p, session, a, swapped, b)
						}
					}
				}
			}
		}
	}
}

// Once a session has failed for its rows, no row that follows brings it back.
func TestADeadSessionStaysDead(t *testing.T) {
	representatives, _ := classes()
	for _, p := range pools {
		for _, dead := range [][]symbol{
			{{"SOMETHING_NEW", true, none}},
			{{flow.SRPA, true, none}, {flow.CustomChallenge, true, ours0}},
			{{flow.CustomChallenge, true, none}},
			{{flow.CustomChallenge, false, lying}},
			{{flow.SRPA, true, none}, {flow.PasswordVerifier, false, none}},
			{{flow.SRPA, true, none}, {flow.CustomChallenge, true, device}},
			{{flow.CustomChallenge, false, device}},
		} {
			for _, a := range representatives {
				for _, b := range representatives {
					for _, c := range representatives {
						var rows []flow.Row
						codes := 0
						for _, s := range append(append([]symbol(nil), dead...), a, b, c) {
							rows = append(rows, s.row(codes))
							if s.name == flow.CustomChallenge {
								codes++
							}
						}
						if got := decided(flow.Next(p.sign(rows, context{}))); got != "fail" {
							t.Fatalf("%+v: %+v decided %s", p, rows, got)
						}
					}
				}
			}
		}
	}
}

func TestAnUnknownModeFails(t *testing.T) {
	for _, mode := range []settings.Mode{"", "PASSWORD", "both"} {
		if got := decided(flow.Next(flow.Sign{Mode: mode, MaxAttempts: 3})); got != "fail" {
			t.Errorf("%q decided %s", mode, got)
		}
	}
}

func TestMetadataReadsBackAndStaysShort(t *testing.T) {
	m := flow.Metadata{ID: "AAECAwQFBgcICQoL", Nonce: otp.Nonce{9: 1}, Digits: 20, Key: "kJ8x_Q2a",
		Expires: time.Unix(1794000000, 0).UTC(), Sent: time.Unix(1793999700, 0).UTC(), Wrong: 5, Resent: 2, Unsent: true}
	got, err := flow.ParseMetadata(m.String())
	if err != nil || got != m {
		t.Errorf("%+v, %v", got, err)
	}
	if len(m.String()) > 100 {
		t.Errorf("%d characters", len(m.String()))
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add(metadata[ours0][0])
	f.Add("eotp2.x.AAAAAAAAAAAAAAAAAAAAAA.8.1.1.-1.0.0.k")
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := flow.ParseMetadata(s); err == nil && m.String() != s {
			t.Errorf("%q reads as %q", s, m.String())
		}
	})
}
