package e2e_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
)

func TestTheMailedCodeSignsIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "user@example.com")
		p.WantTokens(p.SignIn())
	})
}

func TestTheClientGetsTheDocumentedParameters(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p, before := newUser(t, app.On(t, stack), "told@example.com"), time.Now()
		r := p.Begin()
		want := []string{"USERNAME", "attemptsLeft", "codeLength", "expiresAt", "now", "reason", "resendAvailableAt",
			"resendsLeft"}
		if stack == app.Password {
			want = append(want, "codeDeliveryDestination")
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(r.Params)); !slices.Equal(got, want) {
			t.Errorf("parameters %v\nwant %v", got, want)
		}
		wantParams(t, r, "codeLength", "8", "attemptsLeft", "3", "resendsLeft", "2", "reason", "sent")
		now, expires, resend := stamp(t, r, "now"), stamp(t, r, "expiresAt"), stamp(t, r, "resendAvailableAt")
		if now.Before(before.Add(-2*time.Second)) || now.After(time.Now().Add(2*time.Second)) {
			t.Errorf("now is %v, and the machine's clock is %v", now, time.Now())
		}
		if life := expires.Sub(now); life < 299*time.Second || life > 301*time.Second {
			t.Errorf("the code lives for %v, want 5 min", life)
		}
		if wait := resend.Sub(now); wait < 58*time.Second || wait > 62*time.Second {
			t.Errorf("a resend has to wait for %v, want 1 min", wait)
		}
		if stack == app.Password {
			if got := r.Params["codeDeliveryDestination"]; got == "" || strings.Contains(got, "told") || strings.Contains(got,
				"example") {
				t.Errorf("the destination %q is not masked", got)
			}
		}
	})
}

func stamp(t *testing.T, r *round, key string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05Z", r.Params[key])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAWrongCodeCostsAnAttempt(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "slip@example.com")
		r := p.Begin()
		code := p.Code()
		next := p.Again(r, wrong(code))
		wantParams(t, next, "reason", "wrong-code", "attemptsLeft", "2")
		if next.Session == r.Session {
			t.Error("the Session did not change")
		}
		p.WantMails(1)
		p.WantTokens(p.Finish(next, code))
	})
}

func TestThreeWrongCodesEndTheSignIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "guesser@example.com")
		r := p.Begin()
		code := p.Code()
		r = p.Again(r, wrong(code))
		r = p.Again(r, wrong(code))
		wantParams(t, r, "attemptsLeft", "1")
		_, err := p.Answer(r, wrong(code))
		wantRefusal(t, err, "NotAuthorizedException", "Incorrect username or password.")
		_, err = p.Answer(r, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user")

		// The code lives on and another sign-in joins it: the owner can sign in.
		again := p.Begin()
		p.WantMails(1)
		p.WantTokens(p.Finish(again, code))
	})
}

func TestASessionWorksOnce(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "replay@example.com")
		r := p.Begin()
		code := p.Code()
		p.Again(r, wrong(code))
		_, err := p.Answer(r, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
		_, err = p.Answer(&round{Name: r.Name, Params: r.Params, Session: r.Session[:len(r.Session)-2] + "AA"}, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user")
	})
}

func TestACodeWorksOnce(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "twice@example.com")
		first, second := p.Begin(), p.Begin()
		code := p.Code() // one mail for both
		p.WantTokens(p.Finish(first, code))
		wantParams(t, p.Again(second, code), "reason", "wrong-code")
	})
}

func TestACodeOfAnotherUserIsWrong(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := app.On(t, stack)
		mine, theirs := newUser(t, sb, "mine@example.com"), newUser(t, sb, "theirs@example.com")
		r := mine.Begin()
		theirs.Begin()
		mine.Again(r, theirs.Code())
	})
}

func TestACodeMayBeTypedInGroups(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "typist@example.com")
		r := p.Begin()
		code := testkit.Digits(p.Code())
		p.WantTokens(p.Finish(r, " "+code[:4]+"-"+code[4:]+" "))
	})
}

func TestADisabledUserIsRefused(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := app.On(t, stack)
		p := newUser(t, sb, "disabled@example.com")
		admin := p.Administrator()
		if _, err := admin.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{UserPoolId: &p.Config.UserPoolID,
			Username: &p.Email}); err != nil {
			t.Fatal(err)
		}
		_, err := p.Start()
		wantRefusal(t, err, "NotAuthorizedException", "User is disabled.")
		p.WantMails(0)

		if _, err := admin.AdminEnableUser(t.Context(), &cognito.AdminEnableUserInput{UserPoolId: &p.Config.UserPoolID,
			Username: &p.Email}); err != nil {
			t.Fatal(err)
		}
		p.WantTokens(p.SignIn())
	})
}

func TestTokensAreRenewed(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "renewed@example.com")
		first := p.SignIn()
		before, _ := p.Verified(first.IdToken)

		out, err := p.API.InitiateAuth(t.Context(),
			&cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientId: &p.Config.UserPoolClientID,
				AuthParameters: map[string]string{"REFRESH_TOKEN": *first.RefreshToken}})
		if err != nil {
			t.Fatal(err)
		}
		after, _ := p.Verified(out.AuthenticationResult.IdToken)
		if after.Subject != before.Subject || after.ID == before.ID {
			t.Errorf("renewed %+v, before %+v", after, before)
		}

		tokens, err := p.API.GetTokensFromRefreshToken(t.Context(),
			&cognito.GetTokensFromRefreshTokenInput{ClientId: &p.Config.UserPoolClientID, RefreshToken: first.RefreshToken})
		if err != nil {
			t.Fatal(err)
		}
		p.Verified(tokens.AuthenticationResult.AccessToken)
		p.WantMails(1)
	})
}

func TestGlobalSignOutEndsEverySignIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "leaver@example.com")
		tokens := p.SignIn()
		if _, err := p.API.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.API.GlobalSignOut(t.Context(),
			&cognito.GlobalSignOutInput{AccessToken: tokens.AccessToken}); err != nil {
			t.Fatal(err)
		}
		_, err := p.API.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: tokens.AccessToken})
		wantRefusal(t, err, "NotAuthorizedException", "Access Token has been revoked")
		_, err = p.API.GetTokensFromRefreshToken(t.Context(),
			&cognito.GetTokensFromRefreshTokenInput{ClientId: &p.Config.UserPoolClientID, RefreshToken: tokens.RefreshToken})
		wantRefusal(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	})
}

func TestAStolenAccessTokenCannotMoveTheMailbox(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "owner@example.com")
		tokens := p.SignIn()
		_, err := p.API.UpdateUserAttributes(t.Context(), &cognito.UpdateUserAttributesInput{AccessToken: tokens.AccessToken,
			UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("thief@example.com")}}})
		wantRefusal(t, err, "NotAuthorizedException", "")
		if u, _ := p.Sandbox.User(p.Email); u.Attributes["email"] != p.Email {
			t.Errorf("the address is %q", u.Attributes["email"])
		}
		if _, err := p.API.UpdateUserAttributes(t.Context(),
			&cognito.UpdateUserAttributesInput{AccessToken: tokens.AccessToken,
				UserAttributes: []types.AttributeType{{Name: aws.String("locale"), Value: aws.String("de")}}}); err != nil {
			t.Errorf("locale: %v", err)
		}
	})
}

func TestOtherFlowsAreOff(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, app.On(t, stack), "flows@example.com", withPassword)
		for _, flow := range []types.AuthFlowType{types.AuthFlowTypeUserSrpAuth, types.AuthFlowTypeUserPasswordAuth,
			types.AuthFlowTypeUserAuth} {
			_, err := p.API.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{AuthFlow: flow,
				ClientId:       &p.Config.UserPoolClientID,
				AuthParameters: map[string]string{"USERNAME": p.Email, "PASSWORD": p.Password, "SRP_A": "abc"}})
			wantRefusal(t, err, "InvalidParameterException", "not enabled for th")
		}
	})
}
