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
)

func TestTheMailedCodeSignsIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "user@example.com")
		p.wantTokens(p.signIn())
	})
}

func TestTheClientIsToldWhatItMayKnow(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "told@example.com")
		r := p.begin()
		want := []string{"USERNAME", "attemptsLeft", "codeLength", "expiresAt", "now", "reason", "resendAvailableAt", "resendsLeft"}
		if stack == password {
			want = append(want, "codeDeliveryDestination")
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(r.params)); !slices.Equal(got, want) {
			t.Errorf("parameters %v\nwant %v", got, want)
		}
		for key, value := range map[string]string{"codeLength": "8", "attemptsLeft": "3", "resendsLeft": "2", "reason": "sent"} {
			if r.params[key] != value {
				t.Errorf("%s is %q, want %q", key, r.params[key], value)
			}
		}
		now, expires, resend := stamp(t, r, "now"), stamp(t, r, "expiresAt"), stamp(t, r, "resendAvailableAt")
		if d := time.Since(now); d < -2*time.Second || d > 10*time.Second {
			t.Errorf("now is %v off", d)
		}
		if life := expires.Sub(now); life < 299*time.Second || life > 301*time.Second {
			t.Errorf("the code lives for %v, want 5 min", life)
		}
		if wait := resend.Sub(now); wait < 58*time.Second || wait > 62*time.Second {
			t.Errorf("a resend has to wait for %v, want 1 min", wait)
		}
		if stack == password {
			if got := r.params["codeDeliveryDestination"]; got == "" || strings.Contains(got, "told") || strings.Contains(got, "example") {
				t.Errorf("the destination %q is not masked", got)
			}
		}
	})
}

func stamp(t *testing.T, r *round, key string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05Z", r.params[key])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAWrongCodeCostsAnAttempt(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "slip@example.com")
		r := p.begin()
		code := p.code()
		next := p.again(r, wrong(code))
		if next.params["reason"] != "wrong-code" || next.params["attemptsLeft"] != "2" {
			t.Errorf("after a wrong code: %v", next.params)
		}
		if next.session == r.session {
			t.Error("the Session did not change")
		}
		p.wantMails(1)
		p.wantTokens(p.finish(next, code))
	})
}

func TestThreeWrongCodesEndTheSignIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "guesser@example.com")
		r := p.begin()
		code := p.code()
		r = p.again(r, wrong(code))
		r = p.again(r, wrong(code))
		if r.params["attemptsLeft"] != "1" {
			t.Errorf("attemptsLeft is %s, want 1", r.params["attemptsLeft"])
		}
		_, err := p.answer(r, wrong(code))
		wantRefusal(t, err, "NotAuthorizedException", "Incorrect username or password.")
		_, err = p.answer(r, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user")

		// The code lives on and another sign-in joins it: the owner is not kept out.
		again := p.begin()
		p.wantMails(1)
		p.wantTokens(p.finish(again, code))
	})
}

func TestASessionWorksOnce(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "replay@example.com")
		r := p.begin()
		code := p.code()
		p.again(r, wrong(code))
		_, err := p.answer(r, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
		_, err = p.answer(&round{name: r.name, params: r.params, session: r.session[:len(r.session)-2] + "AA"}, code)
		wantRefusal(t, err, "NotAuthorizedException", "Invalid session for the user")
	})
}

func TestACodeWorksOnce(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "twice@example.com")
		first, second := p.begin(), p.begin()
		code := p.code() // one mail for both
		p.wantTokens(p.finish(first, code))
		next := p.again(second, code)
		if next.params["reason"] != "wrong-code" {
			t.Errorf("a used code: %v", next.params)
		}
	})
}

func TestACodeOfSomebodyElseIsWrong(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := on(t, stack)
		mine, theirs := newUser(t, sb, "mine@example.com"), newUser(t, sb, "theirs@example.com")
		r := mine.begin()
		theirs.begin()
		mine.again(r, theirs.code())
	})
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "typist@example.com")
		r := p.begin()
		code := strings.ReplaceAll(p.code(), " ", "")
		p.wantTokens(p.finish(r, " "+code[:4]+"-"+code[4:]+" "))
	})
}

func TestADisabledUserIsRefused(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := on(t, stack)
		p := newUser(t, sb, "disabled@example.com")
		admin := administrator(p)
		if _, err := admin.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{UserPoolId: &p.config.UserPoolID, Username: &p.email}); err != nil {
			t.Fatal(err)
		}
		_, err := p.start()
		wantRefusal(t, err, "NotAuthorizedException", "User is disabled.")
		p.wantMails(0)

		if _, err := admin.AdminEnableUser(t.Context(), &cognito.AdminEnableUserInput{UserPoolId: &p.config.UserPoolID, Username: &p.email}); err != nil {
			t.Fatal(err)
		}
		p.wantTokens(p.signIn())
	})
}

// administrator calls the pool with credentials.
func administrator(p *person) *cognito.Client {
	return cognito.New(cognito.Options{Region: p.config.Region, BaseEndpoint: &p.config.Endpoint,
		Credentials: aws.CredentialsProviderFunc(adminCredentials)})
}

func TestTokensAreRenewed(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "renewed@example.com")
		first := p.signIn()
		before, _ := p.verified(first.IdToken)

		out, err := p.api.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientId: &p.config.UserPoolClientID,
			AuthParameters: map[string]string{"REFRESH_TOKEN": *first.RefreshToken}})
		if err != nil {
			t.Fatal(err)
		}
		after, _ := p.verified(out.AuthenticationResult.IdToken)
		if after.Subject != before.Subject || after.ID == before.ID {
			t.Errorf("renewed %+v, before %+v", after, before)
		}

		tokens, err := p.api.GetTokensFromRefreshToken(t.Context(), &cognito.GetTokensFromRefreshTokenInput{ClientId: &p.config.UserPoolClientID, RefreshToken: first.RefreshToken})
		if err != nil {
			t.Fatal(err)
		}
		p.verified(tokens.AuthenticationResult.AccessToken)
		p.wantMails(1)
	})
}

func TestGlobalSignOutEndsEverySignIn(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "leaver@example.com")
		tokens := p.signIn()
		if _, err := p.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.api.GlobalSignOut(t.Context(), &cognito.GlobalSignOutInput{AccessToken: tokens.AccessToken}); err != nil {
			t.Fatal(err)
		}
		_, err := p.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: tokens.AccessToken})
		wantRefusal(t, err, "NotAuthorizedException", "Access Token has been revoked")
		_, err = p.api.GetTokensFromRefreshToken(t.Context(), &cognito.GetTokensFromRefreshTokenInput{ClientId: &p.config.UserPoolClientID, RefreshToken: tokens.RefreshToken})
		wantRefusal(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	})
}

func TestAStolenAccessTokenCannotMoveTheMailbox(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "owner@example.com")
		tokens := p.signIn()
		_, err := p.api.UpdateUserAttributes(t.Context(), &cognito.UpdateUserAttributesInput{AccessToken: tokens.AccessToken,
			UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("thief@example.com")}}})
		wantRefusal(t, err, "NotAuthorizedException", "")
		if u, _ := p.sandbox.User(p.email); u.Attributes["email"] != p.email {
			t.Errorf("the address is %q", u.Attributes["email"])
		}
		if _, err := p.api.UpdateUserAttributes(t.Context(), &cognito.UpdateUserAttributesInput{AccessToken: tokens.AccessToken,
			UserAttributes: []types.AttributeType{{Name: aws.String("locale"), Value: aws.String("de")}}}); err != nil {
			t.Errorf("locale: %v", err)
		}
	})
}

func TestOtherFlowsAreOff(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		p := newUser(t, on(t, stack), "flows@example.com", withPassword)
		for _, flow := range []types.AuthFlowType{types.AuthFlowTypeUserSrpAuth, types.AuthFlowTypeUserPasswordAuth, types.AuthFlowTypeUserAuth} {
			_, err := p.api.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{AuthFlow: flow, ClientId: &p.config.UserPoolClientID,
				AuthParameters: map[string]string{"USERNAME": p.email, "PASSWORD": p.password, "SRP_A": "abc"}})
			wantRefusal(t, err, "InvalidParameterException", "not enabled for th")
		}
	})
}
