package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// nasty are strings that have broken programs.
func nasty() []string {
	all := []string{"", " ", "\x00", "12345678\x00", "1234567\u0000", strings.Repeat("1", 1<<20), strings.Repeat("é", 3000), "\u202e8765432", "\u2066", "१२३४५६७८",
		"12345678'; DROP TABLE Guard;--", "${jndi:ldap://example.com/a}", "{{.Code}}", "%s%n%x", "<script>alert(1)</script>", "../../etc/passwd",
		"\r\nBcc: other@example.com", "null", "true", "[]", "{}", "NaN", "1e8", "0x12345678", "-1", "+1234567", "１２３４５６７", "𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "1234567\ufffd", "\ud7ff", "ﷺ",
		"emailotp:unavailable", "resend", "eotp1.x", strings.Repeat("{\"a\":", 2000)}
	return all
}

// spellings are ways in which people type or paste a code; each must be taken for it.
func spellings(code string) map[string]string {
	fullWidth, arabic := "", ""
	for _, d := range code {
		fullWidth += string('０' + d - '0')
		arabic += string('٠' + d - '0')
	}
	return map[string]string{
		"as it is": code, "in two groups": code[:4] + " " + code[4:], "with a dash": code[:4] + "-" + code[4:], "with an en dash": code[:4] + "–" + code[4:],
		"spaces around": "  " + code + "\n", "no-break spaces": code[:4] + "\u00a0" + code[4:], "marked right to left": "\u200f" + code + "\u200f",
		"isolated": "\u2066" + code + "\u2069", "full-width": fullWidth, "Arabic-Indic": arabic, "every digit apart": strings.Join(strings.Split(code, ""), " "),
	}
}

// hostile gives strings that nobody expects, wherever a client can put one.
func hostile(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		for _, f := range []func(context.Context, *run, settings.Mode) error{hostileAnswers, typedCodes, hostileEvents, hostileRequests} {
			if err := f(ctx, r, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// misconduct is what a hostile string must not bring about.
func misconduct(l *lab, errs []error, words ...string) []string {
	return []string{firstOdd(errs), unless(l.log.panicked() == 0, "a trigger panicked %d times", l.log.panicked()),
		unless(!l.log.contains(words...), "the log repeats what was sent")}
}

func hostileAnswers(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	s := l.start(ctx, owner(1))
	var t tally
	var errs []error
	right, n := 0, int64(0)
	odd := []any{nil, true, 12345678, 1.5, []string{"1"}, map[string]any{"a": 1}}
	for _, answer := range nasty() {
		odd = append(odd, answer)
	}
	for _, answer := range odd {
		ok, err := s.verify(counting(ctx, &t), answer, nil)
		if ok {
			right++
		}
		errs, n = append(errs, err), n+1
	}
	accepted := s.answer(ctx, l.inbox.code(owner(1).email())).end == signed
	r.add(Row{Mode: string(m), Tried: "answers that are no code", Count: n, Result: fmt.Sprintf("%d right, %d compared", right, t.compared.Load()), Bound: "0, 0; the code stays right"},
		append(misconduct(l, errs, "DROP TABLE", "jndi", "Bcc", "<script"), unless(right == 0, "%d were right", right),
			unless(t.compared.Load() == 0, "%d were compared, which cost the owner guesses", t.compared.Load()), unless(accepted, "the code was refused afterwards"))...)
	return nil
}

func typedCodes(ctx context.Context, r *run, m settings.Mode) error {
	n, in, refusedOnes := int64(0), 0, ""
	for name := range spellings("12345678") {
		l, err := r.bench.lab(plan{mode: m, memory: true})
		if err != nil {
			return err
		}
		s := l.start(ctx, owner(1))
		if s.answer(ctx, spellings(l.inbox.code(owner(1).email()))[name]); s.end == signed {
			in++
		} else {
			refusedOnes += " " + name
		}
		n++
		l.close()
	}
	r.add(Row{Mode: string(m), Tried: "the code as people type and paste it", Count: n, Result: fmt.Sprintf("%d accepted", in), Bound: "all"},
		unless(refusedOnes == "", "refused:%s", refusedOnes))
	return nil
}

// hostileEvents puts hostile values into every place of an event, for each trigger.
func hostileEvents(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	values := []any{nil, true, 7, []any{}, []any{nil}, map[string]any{}}
	for _, s := range nasty() {
		values = append(values, s[:min(len(s), 10_000)])
	}
	var errs []error
	n, tokens, repeated := int64(0), 0, ""
	for _, f := range settings.Triggers(m) {
		for _, place := range places() {
			for _, v := range values {
				if err := ctx.Err(); err != nil {
					return err
				}
				out, err := l.functions[f].Invoke(ctx, l.bent(f, place, v))
				errs, n = append(errs, err), n+1
				if strings.Contains(string(out), `"issueTokens":true`) || strings.Contains(string(out), `"answerCorrect":true`) {
					tokens++
				}
			}
			// Some places hold Cognito's own words, which no client can choose, and the
			// log's JSON keeps whatever they hold to itself.
			if l.log.contains("DROP TABLE", "jndi", "Bcc", "<script") && !slices.Contains(cognitosOwn, place) {
				repeated = place
			}
			l.log.forget()
		}
	}
	r.add(Row{Mode: string(m), Tried: "hostile values in every place of an event", Count: n, Result: fmt.Sprintf("%d tokens or right answers", tokens), Bound: "0, fixed sentences"},
		append(misconduct(l, errs), unless(tokens == 0, "%d tokens or right answers", tokens), unless(repeated == "", "the log repeats %s", repeated))...)
	return nil
}

// cognitosOwn are the places that Cognito fills and no client can.
var cognitosOwn = []string{"", "userPoolId", "triggerSource", "callerContext", "callerContext.clientId", "request", "request.userAttributes", "request.userAttributes.sub",
	"request.privateChallengeParameters.d", "request.privateChallengeParameters.e"}

// places are the paths of an event that a trigger might read.
func places() []string {
	return []string{"", "userPoolId", "userName", "triggerSource", "callerContext", "callerContext.clientId", "request", "request.session", "request.userAttributes",
		"request.userAttributes.email", "request.userAttributes.sub", "request.userAttributes.email_verified", "request.userAttributes.locale",
		"request.userAttributes.zoneinfo", "request.userAttributes.cognito:user_status", "request.challengeName", "request.challengeAnswer", "request.userNotFound",
		"request.clientMetadata", "request.clientMetadata.action", "request.privateChallengeParameters", "request.privateChallengeParameters.n",
		"request.privateChallengeParameters.d", "request.privateChallengeParameters.e", "request.privateChallengeParameters.b", "response"}
}

// bent is a plausible event of a trigger with one value replaced.
func (l *lab) bent(f settings.Function, place string, value any) []byte {
	who := owner(1)
	attributes := map[string]any{}
	for k, v := range who.attributes {
		attributes[k] = v
	}
	event := map[string]any{"version": "1", "triggerSource": sources[f], "region": region, "userPoolId": l.id, "userName": who.name,
		"callerContext": map[string]any{"clientId": l.client}, "response": map[string]any{},
		"request": map[string]any{"userAttributes": attributes, "session": []any{}, "challengeName": "CUSTOM_CHALLENGE", "challengeAnswer": "00000000",
			"clientMetadata": map[string]any{"action": ""}, "privateChallengeParameters": map[string]any{"v": "1", "c": "x", "r": "2",
				"n": "AAABAAAAAAAAAAAAAAAAAA", "d": "8", "e": "9999999999", "b": "AAAA", "k": keyID}}}
	var whole any = event
	if place == "" {
		whole = value
	} else {
		path := strings.Split(place, ".")
		at := event
		for _, step := range path[:len(path)-1] {
			at = at[step].(map[string]any)
		}
		at[path[len(path)-1]] = value
	}
	payload, err := json.Marshal(whole)
	if err != nil {
		return nil // the trigger gets nothing at all, which is hostile too
	}
	return payload
}

// hostileRequests go by way of the user pool: names, answers and client metadata as clients send them.
func hostileRequests(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	if err := l.user(ctx, userpool.UserSpec{Email: victim, EmailVerified: true}); err != nil {
		return err
	}
	sent, tokens, n := l.inbox.mails(victim), 0, int64(0)
	var odd []string
	note := func(a answerOf, err error) answerOf {
		n++
		var refusal *apiError
		switch {
		case errors.As(err, &refusal):
			if strings.HasPrefix(refusal.kind, "Internal") || strings.Contains(refusal.message, "panic") {
				odd = append(odd, "the pool said "+refusal.Error())
			}
		case err != nil:
			odd = append(odd, err.Error())
		case a.AuthenticationResult != nil:
			tokens++
		}
		return a
	}
	for _, s := range nasty() {
		note(l.initiate(ctx, s))
		a, err := l.enter(ctx, victim, password)
		note(a, err)
		a = note(l.call(ctx, "RespondToAuthChallenge", map[string]any{"ChallengeName": "CUSTOM_CHALLENGE", "ClientId": l.client, "Session": a.Session,
			"ChallengeResponses": map[string]string{"USERNAME": victim, "ANSWER": s}, "ClientMetadata": map[string]string{"action": s, s: s}}))
		note(l.call(ctx, "RespondToAuthChallenge", map[string]any{"ChallengeName": "CUSTOM_CHALLENGE", "ClientId": l.client, "Session": a.Session,
			"ChallengeResponses": map[string]string{"USERNAME": s, "ANSWER": "1"}}))
		l.clock.advance(codeLifetime)
	}
	elsewhereMails := l.inbox.total - l.inbox.mails(victim) - l.inbox.mails("success@simulator.amazonses.com")
	r.add(Row{Mode: string(m), Tried: "hostile names, answers and metadata by way of the pool", Count: n,
		Result: fmt.Sprintf("%d tokens, %d mails to others", tokens, elsewhereMails), Bound: "0, 0"},
		append(append(misconduct(l, nil, "DROP TABLE", "jndi", "Bcc", "<script", victim), odd...),
			unless(tokens == 0, "%d tokens", tokens), unless(elsewhereMails == 0, "%d mails to others", elsewhereMails), unless(l.inbox.mails(victim) > sent, "no mail came at all"))...)
	return nil
}
