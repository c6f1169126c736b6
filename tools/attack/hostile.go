package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// nasty are strings that have broken programs.
func nasty() []string {
	return []string{"", " ", "\x00", "1234567\x00", "\u00001234567", strings.Repeat("1", 1<<20),
		strings.Repeat("é", 3000),
		"\u202e8765432", "\u2066", "१२३४५६७", "1234567'; DROP TABLE Guard;--", "${jndi:ldap://example.com/a}", "{{.Code}}",
		"%s%n%x", "<script>alert(1)</script>", "../../etc/passwd", "\r\nBcc: other@example.com", "null", "true", "[]", "{}",
		"NaN", "1e8", "0x12345678", "-1", "+1234567", "１２３４５６７", "𝟏𝟐𝟑𝟒𝟓𝟔𝟕", "1234567\ufffd", "\ud7ff", "ﷺ",
		"emailotp:unavailable", contract.ActionResend, "eotp1.x", strings.Repeat("{\"a\":", 2000)}
}

// traces are parts of nasty strings that must not be in a log.
var traces = []string{"DROP TABLE", "jndi", "Bcc", "<script"}

// spellings are ways in which users type or paste a code; each must be accepted.
func spellings(code string) map[string]string {
	fullWidth, arabic := "", ""
	for _, d := range code {
		fullWidth += string('０' + d - '0')
		arabic += string('٠' + d - '0')
	}
	a, b := code[:4], code[4:]
	return map[string]string{
		"as it is": code, "in two groups": a + " " + b, "with a dash": a + "-" + b, "with an en dash": a + "–" + b,
		"spaces around": "  " + code + "\n", "no-break spaces": a + "\u00a0" + b, "marked right to left": "\u200f" +
			code + "\u200f",
		"isolated": "\u2066" + code + "\u2069", "full-width": fullWidth, "Arabic-Indic": arabic,
		"every digit apart": strings.Join(strings.Split(code, ""), " "),
	}
}

// hostile puts unexpected strings wherever a client can put one.
func hostile(r *rig.Run, m settings.Mode) {
	hostileAnswers(r, m)
	typedCodes(r, m)
	hostileEvents(r, m)
	hostileRequests(r, m)
}

func panicked(l *lab.Lab) string {
	return rig.Unless(l.Log.Panics == 0, "a trigger panicked %d times", l.Log.Panics)
}

func repeated(l *lab.Lab, words ...string) string {
	return rig.Unless(!l.Log.Take(words...), "the log repeats what was sent")
}

func hostileAnswers(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	s := l.Start(lab.Owner(1))
	var t lab.Tally
	s.Tally = &t
	var errs []error
	right := 0
	odd := []any{nil, true, 12345678, 1.5, []string{"1"}, map[string]any{"a": 1}}
	for _, answer := range nasty() {
		odd = append(odd, answer)
	}
	for _, answer := range odd {
		ok, err := s.Verify(answer, nil)
		if ok {
			right++
		}
		errs = append(errs, err)
	}
	compared := t.Compared.Load()
	accepted := s.Answer(s.Code()).End == lab.Signed
	r.Add(m, "answers that are no code", len(odd), fmt.Sprintf("%d right, %d compared", right, compared),
		"0, 0; the code stays right",
		rig.OddError(errs), panicked(l), repeated(l, traces...), rig.Unless(right == 0, "%d were right", right),
		rig.Unless(compared == 0, "%d were compared, which cost the owner guesses", compared),
		rig.Unless(accepted, "the code was refused afterwards"))
}

func typedCodes(r *rig.Run, m settings.Mode) {
	names := slices.Sorted(maps.Keys(spellings("12345678")))
	in, refusedOnes := 0, ""
	for _, name := range names {
		s := r.Lab(lab.Plan{Mode: m, Memory: true}).Start(lab.Owner(1))
		if s.Answer(spellings(s.Code())[name]); s.End == lab.Signed {
			in++
		} else {
			refusedOnes += " " + name
		}
	}
	r.Add(m, "the code as users type and paste it", len(names), fmt.Sprintf("%d accepted", in), "all",
		rig.Unless(refusedOnes == "", "refused:%s", refusedOnes))
}

// cognitosOwn are the places of an event that Cognito fills and no client can. The log may repeat
// them.
var cognitosOwn = []string{"", "userPoolId", "triggerSource", "callerContext", "callerContext.clientId", "request",
	"request.userAttributes", "request.userAttributes.sub", "request.privateChallengeParameters.d",
	"request.privateChallengeParameters.e"}

// places are the paths of an event that a trigger might read.
var places = append(slices.Clone(cognitosOwn), "userName", "request.session", "request.userAttributes.email",
	"request.userAttributes.email_verified", "request.userAttributes.locale", "request.userAttributes.zoneinfo",
	"request.userAttributes.cognito:user_status", "request.challengeName", "request.challengeAnswer",
	"request.userNotFound",
	"request.clientMetadata", "request.clientMetadata.action", "request.privateChallengeParameters",
	"request.privateChallengeParameters.n", "request.privateChallengeParameters.b", "response")

// hostileEvents puts hostile values into every place of an event, for each trigger.
func hostileEvents(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	values := []any{nil, true, 7, []any{}, []any{nil}, map[string]any{}}
	for _, s := range nasty() {
		values = append(values, s[:min(len(s), 10_000)])
	}
	var errs []error
	tokens, repeated := 0, ""
	for _, f := range settings.Triggers(m) {
		for _, place := range places {
			for _, v := range values {
				r.Alive()
				out, err := l.Functions[f].Invoke(r.Ctx, bent(l, f, place, v))
				errs = append(errs, err)
				if strings.Contains(string(out), `"issueTokens":true`) || strings.Contains(string(out), `"answerCorrect":true`) {
					tokens++
				}
			}
			if l.Log.Take(traces...) && !slices.Contains(cognitosOwn, place) {
				repeated = place
			}
		}
	}
	r.Add(m, "hostile values in every place of an event", len(errs), fmt.Sprintf("%d tokens or right answers", tokens),
		"0, fixed sentences",
		rig.OddError(errs), panicked(l), rig.Unless(tokens == 0, "%d tokens or right answers", tokens),
		rig.Unless(repeated == "", "the log repeats %s", repeated))
}

// bent is a plausible event of a trigger with one value replaced.
func bent(l *lab.Lab, f settings.Function, place string, value any) []byte {
	type object = map[string]any
	attributes := object{}
	for k, v := range lab.Owner(1).Attributes {
		attributes[k] = v
	}
	event := object{"version": "1", "triggerSource": lab.Sources[f], "region": lab.Region, "userPoolId": l.ID,
		"userName":      lab.Owner(1).Name,
		"callerContext": object{"clientId": l.Client}, "response": object{},
		"request": object{"userAttributes": attributes, "session": []any{}, "challengeName": "CUSTOM_CHALLENGE",
			"challengeAnswer": "00000000", "clientMetadata": object{"action": ""},
			"privateChallengeParameters": object{"v": "1", "c": "x", "r": "2", "n": "AAABAAAAAAAAAAAAAAAAAA", "d": "8",
				"e": "9999999999", "b": "AAAA", "k": lab.KeyID}}}
	whole := any(event)
	if place == "" {
		whole = value
	} else {
		path := strings.Split(place, ".")
		at := event
		for _, step := range path[:len(path)-1] {
			at = at[step].(object)
		}
		at[path[len(path)-1]] = value
	}
	payload, _ := json.Marshal(whole) // what is no JSON becomes an empty event, which is hostile too
	return payload
}

// hostileRequests sends names, answers and client metadata to the user pool, as clients do.
func hostileRequests(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	sent, tokens, n := l.Inbox.Mails(lab.Victim), 0, 0
	var odd []string
	note := func(a lab.PoolAnswer, err error) lab.PoolAnswer {
		n++
		e, isAnswer := err.(*lab.APIError)
		if isAnswer && (strings.HasPrefix(e.Kind, "Internal") || strings.Contains(e.Message, "panic")) {
			odd = append(odd, "the pool answered "+e.Error())
		}
		if err == nil && a.SignedIn() {
			tokens++
		}
		return a
	}
	for _, s := range nasty() {
		note(l.Initiate(s))
		a := note(l.Enter(lab.Victim, lab.KnownPassword))
		a = note(l.Call("RespondToAuthChallenge", map[string]any{"ChallengeName": "CUSTOM_CHALLENGE", "ClientId": l.Client,
			"Session": a.Session, "ChallengeResponses": map[string]string{"USERNAME": lab.Victim, "ANSWER": s},
			"ClientMetadata": map[string]string{contract.ClientMetadataAction: s, s: s}}))
		note(l.AnswerCode(a, s, "1"))
		l.Clock.Advance(rig.CodeLifetime)
	}
	others := l.Inbox.Total - l.Inbox.Mails(lab.Victim) - l.Inbox.Mails(trigger.Simulator)
	r.Add(m, "hostile names, answers and metadata by way of the pool", n,
		fmt.Sprintf("%d tokens, %d mails to others", tokens, others), "0, 0",
		append(odd, panicked(l), repeated(l, append(traces, lab.Victim)...), rig.Unless(tokens == 0, "%d tokens", tokens),
			rig.Unless(others == 0, "%d mails to others", others),
			rig.Unless(l.Inbox.Mails(lab.Victim) > sent, "no mail came at all"))...)
}
