package main

import (
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// intruder has one factor too few and takes every step that the pool offers.
type intruder struct {
	lab *lab.Lab
	// password is the one that the intruder has, empty for none; mailbox means access to the
	// victim's mail.
	password string
	mailbox  bool
	srp      *srp.Client
	steps    int
	tokens   int
}

func (in *intruder) String() string {
	if in.mailbox {
		return "mailbox, no password"
	}
	return "password, no mailbox"
}

// entry is one way to begin a sign-in.
type entry struct {
	name string
	try  func(in *intruder)
	// pool switches the user pool to what is not established about Cognito.
	pool func(*lab.PoolOptions)
	// only limits the entry to a mode.
	only settings.Mode
}

func entries() []entry {
	entryRow := func(o *lab.PoolOptions) { o.CustomChallengeEntryRow = true }
	oldPassword := func(o *lab.PoolOptions) { o.NewPasswordIssuesTokens = true }
	return []entry{
		{name: "CUSTOM_AUTH with a name alone", try: nameAlone},
		{name: "CUSTOM_AUTH with SRP_A", try: withSRP(lab.Victim)},
		{name: "CUSTOM_AUTH with CHALLENGE_NAME=CUSTOM_CHALLENGE", try: withChallenge("CUSTOM_CHALLENGE")},
		{name: "the same where it makes a true row", try: withChallenge("CUSTOM_CHALLENGE"), pool: entryRow},
		{name: "CUSTOM_AUTH with other CHALLENGE_NAMEs", try: withChallenge("PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED",
			"SMS_MFA", "EMAIL_OTP", "DEVICE_SRP_AUTH", "custom_challenge")},
		{name: "flows that the client does not allow", try: otherFlows},
		{name: "a challenge answered as another one", try: crossed},
		{name: "a temporary password changed", try: withSRP(lab.Fresh), only: settings.Password},
		{name: "the same where Cognito then calls no trigger", try: withSRP(lab.Fresh), pool: oldPassword,
			only: settings.Password},
		{name: "recovery of a forgotten password", try: recovery},
		{name: "signing up with the victim's address", try: signingUp},
		{name: "made-up refresh tokens and Sessions", try: madeUp},
	}
}

// bypasses tries every entry with one factor too few.
func bypasses(r *rig.Run, m settings.Mode) {
	lacking := []intruder{{password: lab.KnownPassword}}
	if m == settings.Password {
		lacking = append(lacking, intruder{mailbox: true})
	}
	for _, e := range entries() {
		for _, in := range lacking {
			if e.only != "" && e.only != m {
				continue
			}
			in.arrive(r, lab.Plan{Mode: m, Memory: true, Pool: e.pool}, e.try)
			r.Add(m, e.name+", with "+in.String(), in.steps, fmt.Sprintf("tokens %d times", in.tokens), "0",
				rig.Unless(in.tokens == 0, "tokens were given to an intruder with %s", in.String()))
		}
	}
	// The proper entry must be open, or the zeros above would prove nothing.
	in := intruder{password: lab.KnownPassword, mailbox: true}
	in.arrive(r, lab.Plan{Mode: m, Memory: true}, func(in *intruder) { withSRP(lab.Victim)(in); nameAlone(in) })
	r.Add(m, "the proper way in, with every factor", in.steps, fmt.Sprintf("tokens %d times", in.tokens), "1",
		rig.Unless(in.tokens == 1, "the owner got in %d times", in.tokens))
}

func (in *intruder) arrive(r *rig.Run, p lab.Plan, try func(*intruder)) {
	in.lab = r.Lab(p)
	in.lab.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	in.lab.User(lab.UserSpec{Email: lab.Fresh, EmailVerified: true, Temporary: true})
	try(in)
}

// take counts a step and goes on with what the pool requests next.
func (in *intruder) take(name string) func(lab.PoolAnswer, error) {
	return func(a lab.PoolAnswer, err error) {
		for range 6 {
			in.steps++
			if err != nil {
				return
			}
			if a.SignedIn() {
				in.tokens++
				return
			}
			a, err = in.step(name, a)
		}
	}
}

// step answers a challenge as well as the intruder can.
func (in *intruder) step(name string, a lab.PoolAnswer) (lab.PoolAnswer, error) {
	switch a.ChallengeName {
	case "PASSWORD_VERIFIER":
		known := in.password
		if known == "" {
			known = "Wrong-Horse-9"
		}
		return in.lab.Prove(in.srp, a, known)
	case "NEW_PASSWORD_REQUIRED":
		return in.lab.Respond(a.ChallengeName, a, a.ChallengeParameters["USERNAME"], "NEW_PASSWORD", lab.KnownPassword+"x")
	}
	return in.lab.Respond(a.ChallengeName, a, name, "ANSWER", in.code(name))
}

// code is the newest code if the intruder reads the mail, else a wrong one.
func (in *intruder) code(name string) string {
	if code := in.lab.Inbox.Code(name); in.mailbox && code != "" {
		return code
	}
	return rig.WrongCode(in.lab.Inbox.Code(name))
}

func (in *intruder) srpA() string {
	in.srp = in.lab.NewSRP()
	return in.srp.SRPA()
}

func nameAlone(in *intruder) { in.take(lab.Victim)(in.lab.Initiate(lab.Victim)) }

func withSRP(name string) func(*intruder) {
	return func(in *intruder) {
		in.take(name)(in.lab.Initiate(name, "CHALLENGE_NAME", "SRP_A", "SRP_A", in.srpA()))
	}
}

func withChallenge(challenges ...string) func(*intruder) {
	return func(in *intruder) {
		for _, c := range challenges {
			in.take(lab.Victim)(in.lab.Initiate(lab.Victim, "CHALLENGE_NAME", c, "SRP_A", in.srpA(), "ANSWER", "1", "PASSWORD",
				in.password))
		}
	}
}

func otherFlows(in *intruder) {
	for _, flow := range []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH", "ADMIN_USER_PASSWORD_AUTH",
		"ADMIN_NO_SRP_AUTH", "custom_auth", ""} {
		for _, operation := range []string{"InitiateAuth", "AdminInitiateAuth"} {
			for _, preferred := range []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"} {
				in.take(lab.Victim)(in.lab.Call(operation, map[string]any{"AuthFlow": flow, "ClientId": in.lab.Client,
					"UserPoolId": in.lab.ID,
					"AuthParameters": lab.Pairs([]string{"USERNAME", lab.Victim, "PASSWORD", in.password, "SRP_A", in.srpA(),
						"PREFERRED_CHALLENGE", preferred})}))
			}
		}
	}
}

// crossed answers the challenge of each entry under every other name.
func crossed(in *intruder) {
	for _, name := range []string{"CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP",
		"SOFTWARE_TOKEN_MFA", "SELECT_CHALLENGE", "PASSWORD", "PASSWORD_SRP", "DEVICE_SRP_AUTH", "MFA_SETUP"} {
		for _, entry := range [][]string{nil, {"CHALLENGE_NAME", "SRP_A", "SRP_A", in.srpA()}} {
			a, err := in.lab.Initiate(lab.Victim, entry...)
			if err != nil || a.ChallengeName == name {
				in.steps++
				continue
			}
			code := in.code(lab.Victim)
			in.take(lab.Victim)(in.lab.Respond(name, a, lab.Victim, "ANSWER", code, "NEW_PASSWORD", lab.KnownPassword+"y",
				"PASSWORD", in.password, "EMAIL_OTP_CODE", code, "SMS_MFA_CODE", code, "PASSWORD_CLAIM_SIGNATURE", "AA==",
				"PASSWORD_CLAIM_SECRET_BLOCK", a.ChallengeParameters["SECRET_BLOCK"], "TIMESTAMP", "Thu Nov 5 09:05:03 UTC 2026"))
		}
	}
}

// recovery requests a reset, tries the code that was mailed, and then the new password.
func recovery(in *intruder) {
	const changed = "Changed-Horse-9"
	before := in.lab.Inbox.Mails(lab.Victim)
	for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
		_, _ = in.lab.Call(operation, map[string]any{"ClientId": in.lab.Client, "Username": lab.Victim})
		in.steps++
	}
	code := "000000"
	if in.mailbox && in.lab.Inbox.Mails(lab.Victim) > before {
		code = in.lab.Inbox.Code(lab.Victim)
	}
	_, _ = in.lab.Call("ConfirmForgotPassword", map[string]any{"ClientId": in.lab.Client, "Username": lab.Victim,
		"ConfirmationCode": code, "Password": changed})
	if in.mailbox {
		in.password = changed
	}
	withSRP(lab.Victim)(in)
	nameAlone(in)
}

// signingUp signs up with the victim's address in every spelling, and signs in.
func signingUp(in *intruder) {
	for _, name := range []string{lab.Victim, strings.ToUpper(lab.Victim), " " + lab.Victim, "user00009@example.com"} {
		_, _ = in.lab.Call("SignUp", map[string]any{"ClientId": in.lab.Client, "Username": name,
			"Password":       lab.KnownPassword,
			"UserAttributes": []any{map[string]string{"Name": "email", "Value": lab.Victim}}})
		in.take(name)(in.lab.Initiate(name))
	}
	withSRP(lab.Victim)(in)
}

func madeUp(in *intruder) {
	take := in.take(lab.Victim)
	for _, s := range []string{"", "x", strings.Repeat("A", 100), strings.Repeat("A", 2048), "eyJhbGciOiJub25lIn0.e30."} {
		for _, flow := range []string{"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"} {
			take(in.lab.Call("InitiateAuth", map[string]any{"AuthFlow": flow, "ClientId": in.lab.Client,
				"AuthParameters": map[string]string{"USERNAME": lab.Victim, "REFRESH_TOKEN": s}}))
		}
		take(in.lab.Call("GetTokensFromRefreshToken", map[string]any{"ClientId": in.lab.Client, "RefreshToken": s}))
		for _, challenge := range []string{"CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"} {
			take(in.lab.Respond(challenge, lab.PoolAnswer{Session: s}, lab.Victim, "ANSWER", in.code(lab.Victim), "NEW_PASSWORD",
				lab.KnownPassword+"z"))
		}
	}
}
