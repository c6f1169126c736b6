package attack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// victim is the account that intruders try to enter, fresh one that still has the temporary password
// it was created with.
const (
	victim = "user00001@example.com"
	fresh  = "user00002@example.com"
)

// intruder is somebody who has one factor too few and takes every step that the pool offers.
type intruder struct {
	lab *lab
	// password is what they know, empty for nothing; mailbox says that they read the victim's mail.
	password string
	mailbox  bool
	srp      *srp.Client
	steps    int64
	tokens   int
	// broken is what failed in the harness.
	broken error
}

// door is one way in.
type door struct {
	name string
	try  func(ctx context.Context, in *intruder)
	// pool switches the user pool to what is not established of Cognito.
	pool func(*userpool.Config, *userpool.Options)
	// only limits the door to a mode.
	only settings.Mode
}

// everyDoor tries every entry of the user pool with one factor too few.
func everyDoor(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		for _, d := range doors() {
			if d.only != "" && d.only != m {
				continue
			}
			for _, has := range lacking(m) {
				if err := d.knock(ctx, r, m, has); err != nil {
					return fmt.Errorf("%s: %w", d.name, err)
				}
			}
		}
		if err := properEntry(ctx, r, m); err != nil {
			return err
		}
	}
	return nil
}

// lacking returns what an intruder may have and still must not get in with.
func lacking(m settings.Mode) []intruder {
	if m == settings.Password {
		return []intruder{{password: password}, {mailbox: true}}
	}
	return []intruder{{password: password}}
}

func (in *intruder) String() string {
	if in.mailbox {
		return "mailbox, no password"
	}
	return "password, no mailbox"
}

func (d door) knock(ctx context.Context, r *run, m settings.Mode, has intruder) error {
	l, err := r.bench.lab(plan{mode: m, memory: true, pool: d.pool})
	if err != nil {
		return err
	}
	defer l.close()
	if err := people(ctx, l); err != nil {
		return err
	}
	has.lab = l
	d.try(ctx, &has)
	if has.broken != nil {
		return has.broken
	}
	r.add(Row{Mode: string(m), Tried: d.name + ", with " + has.String(), Count: has.steps,
		Result: fmt.Sprintf("tokens %d times", has.tokens), Bound: "0"},
		unless(has.tokens == 0, "tokens were given to somebody with %s", has.String()))
	return nil
}

func people(ctx context.Context, l *lab) error {
	return errors.Join(l.user(ctx, userpool.UserSpec{Email: victim, EmailVerified: true}),
		l.user(ctx, userpool.UserSpec{Email: fresh, EmailVerified: true, Temporary: true}))
}

// properEntry is the way in that must be open, or the doors' zeros would say nothing.
func properEntry(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	if err := people(ctx, l); err != nil {
		return err
	}
	in := &intruder{lab: l, password: password, mailbox: true}
	srpDoor(victim)(ctx, in)
	bareDoor(ctx, in)
	r.add(Row{Mode: string(m), Tried: "the proper way in, with every factor", Count: in.steps,
		Result: fmt.Sprintf("tokens %d times", in.tokens), Bound: "1"}, unless(in.tokens == 1, "the owner got in %d times", in.tokens))
	return in.broken
}

func doors() []door {
	entryRow := func(_ *userpool.Config, o *userpool.Options) { o.CustomChallengeEntryRow = true }
	oldPassword := func(_ *userpool.Config, o *userpool.Options) { o.NewPasswordIssuesTokens = true }
	return []door{
		{name: "CUSTOM_AUTH with a name alone", try: bareDoor},
		{name: "CUSTOM_AUTH with SRP_A", try: srpDoor(victim)},
		{name: "CUSTOM_AUTH with CHALLENGE_NAME=CUSTOM_CHALLENGE", try: namedDoor("CUSTOM_CHALLENGE")},
		{name: "the same where it makes a true row", try: namedDoor("CUSTOM_CHALLENGE"), pool: entryRow},
		{name: "CUSTOM_AUTH with other CHALLENGE_NAMEs", try: namedDoor("PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP", "DEVICE_SRP_AUTH", "custom_challenge")},
		{name: "flows that the client does not allow", try: flowsDoor},
		{name: "a challenge answered as another one", try: crossDoor},
		{name: "a temporary password changed", try: srpDoor(fresh), only: settings.Password},
		{name: "the same where Cognito then asks no trigger", try: srpDoor(fresh), pool: oldPassword, only: settings.Password},
		{name: "recovery of a forgotten password", try: recoveryDoor},
		{name: "signing up with the victim's address", try: signUpDoor},
		{name: "made-up refresh tokens and Sessions", try: forgedStringsDoor},
	}
}

// take counts a step and goes on with whatever the pool asks next.
func (in *intruder) take(ctx context.Context, name string, a answerOf, err error) {
	for range 6 {
		in.steps++
		var refusal *apiError
		if err != nil {
			if !errors.As(err, &refusal) {
				in.broken = err
			}
			return
		}
		if a.AuthenticationResult != nil {
			in.tokens++
			return
		}
		a, err = in.step(ctx, name, a)
	}
}

// step answers a challenge as well as the intruder can.
func (in *intruder) step(ctx context.Context, name string, a answerOf) (answerOf, error) {
	switch a.ChallengeName {
	case "PASSWORD_VERIFIER":
		known := in.password
		if known == "" {
			known = "Wrong-Horse-9"
		}
		return in.lab.prove(ctx, in.srp, a, known)
	case "NEW_PASSWORD_REQUIRED":
		return in.lab.answerTo(ctx, a.ChallengeName, a, a.ChallengeParameters["USERNAME"], "NEW_PASSWORD", password+"x")
	}
	return in.lab.answerTo(ctx, a.ChallengeName, a, name, "ANSWER", in.code(name))
}

// code is the newest code if the intruder reads the mail, else a guess.
func (in *intruder) code(name string) string {
	if code := in.lab.inbox.code(name); in.mailbox && code != "" {
		return code
	}
	return wrongCode(in.lab.inbox.code(name))
}

func (in *intruder) client() *srp.Client {
	c, err := srp.NewClient(in.lab.id)
	if err != nil {
		in.broken = err
	}
	in.srp = c
	return c
}

func bareDoor(ctx context.Context, in *intruder) {
	a, err := in.lab.initiate(ctx, victim)
	in.take(ctx, victim, a, err)
}

func srpDoor(name string) func(context.Context, *intruder) {
	return func(ctx context.Context, in *intruder) {
		a, err := in.lab.initiate(ctx, name, "CHALLENGE_NAME", "SRP_A", "SRP_A", in.client().SRPA())
		in.take(ctx, name, a, err)
	}
}

func namedDoor(challenges ...string) func(context.Context, *intruder) {
	return func(ctx context.Context, in *intruder) {
		for _, c := range challenges {
			a, err := in.lab.initiate(ctx, victim, "CHALLENGE_NAME", c, "SRP_A", in.client().SRPA(), "ANSWER", "1", "PASSWORD", in.password)
			in.take(ctx, victim, a, err)
		}
	}
}

func flowsDoor(ctx context.Context, in *intruder) {
	for _, flow := range []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "custom_auth", ""} {
		for _, operation := range []string{"InitiateAuth", "AdminInitiateAuth"} {
			for _, preferred := range []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"} {
				a, err := in.lab.call(ctx, operation, map[string]any{"AuthFlow": flow, "ClientId": in.lab.client, "UserPoolId": in.lab.id,
					"AuthParameters": map[string]string{"USERNAME": victim, "PASSWORD": in.password, "SRP_A": in.client().SRPA(), "PREFERRED_CHALLENGE": preferred}})
				in.take(ctx, victim, a, err)
			}
		}
	}
}

// crossDoor answers whatever challenge the entry gives under every other name.
func crossDoor(ctx context.Context, in *intruder) {
	for _, name := range []string{"CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA",
		"SELECT_CHALLENGE", "PASSWORD", "PASSWORD_SRP", "DEVICE_SRP_AUTH", "MFA_SETUP"} {
		for _, entry := range [][]string{nil, {"CHALLENGE_NAME", "SRP_A", "SRP_A", in.client().SRPA()}} {
			a, err := in.lab.initiate(ctx, victim, entry...)
			if err != nil || a.ChallengeName == name {
				in.steps++
				continue
			}
			a, err = in.lab.answerTo(ctx, name, a, victim, "ANSWER", in.code(victim), "NEW_PASSWORD", password+"y", "PASSWORD", in.password,
				"EMAIL_OTP_CODE", in.code(victim), "SMS_MFA_CODE", in.code(victim), "PASSWORD_CLAIM_SIGNATURE", "AA==",
				"PASSWORD_CLAIM_SECRET_BLOCK", a.ChallengeParameters["SECRET_BLOCK"], "TIMESTAMP", "Thu Nov 5 09:05:03 UTC 2026")
			in.take(ctx, victim, a, err)
		}
	}
}

// recoveryDoor asks for a reset, tries whatever code came by mail, and then the new password.
func recoveryDoor(ctx context.Context, in *intruder) {
	const changed = "Changed-Horse-9"
	before := in.lab.inbox.mails(victim)
	for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
		_, _ = in.lab.call(ctx, operation, map[string]any{"ClientId": in.lab.client, "Username": victim})
		in.steps++
	}
	code := "000000"
	if in.mailbox && in.lab.inbox.mails(victim) > before {
		code = in.lab.inbox.code(victim)
	}
	_, _ = in.lab.call(ctx, "ConfirmForgotPassword", map[string]any{"ClientId": in.lab.client, "Username": victim, "ConfirmationCode": code, "Password": changed})
	if in.mailbox {
		in.password = changed
	}
	srpDoor(victim)(ctx, in)
	bareDoor(ctx, in)
}

// signUpDoor signs up with the victim's address in every spelling, and signs in.
func signUpDoor(ctx context.Context, in *intruder) {
	for _, name := range []string{victim, strings.ToUpper(victim), " " + victim, "user00009@example.com"} {
		_, _ = in.lab.call(ctx, "SignUp", map[string]any{"ClientId": in.lab.client, "Username": name, "Password": password,
			"UserAttributes": []any{map[string]string{"Name": "email", "Value": victim}}})
		a, err := in.lab.initiate(ctx, name)
		in.take(ctx, name, a, err)
	}
	srpDoor(victim)(ctx, in)
}

func forgedStringsDoor(ctx context.Context, in *intruder) {
	for _, s := range []string{"", "x", strings.Repeat("A", 100), strings.Repeat("A", 2048), "eyJhbGciOiJub25lIn0.e30."} {
		for _, flow := range []string{"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"} {
			a, err := in.lab.call(ctx, "InitiateAuth", map[string]any{"AuthFlow": flow, "ClientId": in.lab.client,
				"AuthParameters": map[string]string{"USERNAME": victim, "REFRESH_TOKEN": s}})
			in.take(ctx, victim, a, err)
		}
		a, err := in.lab.call(ctx, "GetTokensFromRefreshToken", map[string]any{"ClientId": in.lab.client, "RefreshToken": s})
		in.take(ctx, victim, a, err)
		for _, challenge := range []string{"CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"} {
			a, err := in.lab.answerTo(ctx, challenge, answerOf{Session: s}, victim, "ANSWER", in.code(victim), "NEW_PASSWORD", password+"z")
			in.take(ctx, victim, a, err)
		}
	}
}
