package userpool_test

import (
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func refresh(t *testing.T, w *world, client, token string, more ...string) (*types.AuthenticationResultType, error) {
	t.Helper()
	params := map[string]string{"REFRESH_TOKEN": token}
	for i := 0; i+1 < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	out, err := w.InitiateAuth(t.Context(),
		&cip.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: &client, AuthParameters: params})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func getTokens(t *testing.T, w *world, client, token, secret string) (*types.AuthenticationResultType, error) {
	t.Helper()
	in := &cip.GetTokensFromRefreshTokenInput{ClientId: &client, RefreshToken: &token}
	if secret != "" {
		in.ClientSecret = &secret
	}
	out, err := w.GetTokensFromRefreshToken(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func TestRefresh(t *testing.T) {
	h := allTriggers(passwordless())
	w := worldOfAlice(t, h, with(userpool.PreTokenGeneration))
	first := w.signIn(t, clientID, alice)
	old := claims(t, *first.AccessToken)
	w.clock.Advance(2 * time.Hour)
	for name, renew := range map[string]func() (*types.AuthenticationResultType, error){
		"REFRESH_TOKEN_AUTH": func() (*types.AuthenticationResultType, error) {
			return refresh(t, w, clientID, *first.RefreshToken)
		},
		"GetTokensFromRefreshToken": func() (*types.AuthenticationResultType, error) {
			return getTokens(t, w, clientID, *first.RefreshToken, "")
		},
		"REFRESH_TOKEN": func() (*types.AuthenticationResultType, error) {
			out, err := w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN", ClientId: ptr(clientID),
				AuthParameters: map[string]string{"REFRESH_TOKEN": *first.RefreshToken, "DEVICE_KEY": "x"}})
			if err != nil {
				return nil, err
			}
			return out.AuthenticationResult, nil
		},
	} {
		got, err := renew()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fresh := claims(t, *got.AccessToken)
		if got.RefreshToken != nil || fresh["auth_time"] != old["auth_time"] || fresh["origin_jti"] != old["origin_jti"] ||
			fresh["jti"] == old["jti"] || fresh["iat"] == old["iat"] {
			t.Errorf("%s: claims %v after %v", name, fresh, old)
		}
	}
	for _, e := range h.of(userpool.PreTokenGeneration)[1:] {
		if e.TriggerSource != "TokenGeneration_RefreshTokens" {
			t.Errorf("source = %s", e.TriggerSource)
		}
	}
	_, err := refresh(t, w, clientID, "nonsense")
	notAuthorized(t, err, "Invalid Refresh Token.")
	_, err = refresh(t, w, openID, *first.RefreshToken)
	notAuthorized(t, err, "Invalid Refresh Token.")
	_, err = refresh(t, w, clientID, "")
	invalidParameter(t, err, "Missing required parameter REFRESH_TOKEN")
	w.clock.Advance(30*24*time.Hour - 2*time.Hour)
	_, err = refresh(t, w, clientID, *first.RefreshToken)
	notAuthorized(t, err, "Refresh Token has expired")
	again := w.signIn(t, clientID, alice)
	h.preToken = failing(&lambda.Error{Message: "no"})
	_, err = refresh(t, w, clientID, *again.RefreshToken)
	wantError(t, err, "UserLambdaValidationException", "PreTokenGeneration failed with error no.")
	w.disable(t, alice)
	_, err = refresh(t, w, clientID, *again.RefreshToken)
	notAuthorized(t, err, "Refresh Token has been revoked")
}

func TestRefreshWithASecret(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.user(t, alice)
	hash := func(name string) string { return userpool.SecretHash(secretID, secret, name) }
	started := must2(w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: ptr(secretID),
		AuthParameters: map[string]string{"USERNAME": alice, "SECRET_HASH": hash(alice)}}))(t)
	done := must2(w.RespondToAuthChallenge(t.Context(),
		&cip.RespondToAuthChallengeInput{ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(secretID),
			Session: started.Session, ChallengeResponses: map[string]string{"USERNAME": alice, "ANSWER": rightCode,
				"SECRET_HASH": hash(alice)}}))(t)
	token := *done.AuthenticationResult.RefreshToken
	if _, err := refresh(t, w, secretID, token, "SECRET_HASH", hash(u.Sub)); err != nil {
		t.Errorf("the hash of sub: %v", err)
	}
	_, err := refresh(t, w, secretID, token, "USERNAME", alice, "SECRET_HASH", hash(alice))
	notAuthorized(t, err, "Unable to verify secret hash for client "+secretID)
	_, err = refresh(t, w, secretID, token)
	notAuthorized(t, err, "Client "+secretID+" is configured with secret but SECRET_HASH was not received")
	_, err = refresh(t, w, secretID, token, "SECRET_HASH", hash("bob@example.com"))
	notAuthorized(t, err, "Unable to verify secret hash for client "+secretID)
	if _, err := getTokens(t, w, secretID, token, secret); err != nil {
		t.Error(err)
	}
	_, err = getTokens(t, w, secretID, token, "")
	notAuthorized(t, err, "Client "+secretID+" is configured for secret but secret was not received")
	_, err = getTokens(t, w, secretID, token, "wrong")
	notAuthorized(t, err, "Unable to verify secret hash for client "+secretID)
}

func TestRotation(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	first := *must2(w.byPassword(t, rotatingID, alice, password))(t).AuthenticationResult.RefreshToken
	_, err := refresh(t, w, rotatingID, first)
	invalidParameter(t, err, "REFRESH_TOKEN_AUTH is not enabled for the client.")
	second := must2(getTokens(t, w, rotatingID, first, ""))(t).RefreshToken
	if second == nil || *second == first {
		t.Fatal("the refresh token didn't rotate")
	}
	w.clock.Advance(9 * time.Second)
	third := must2(getTokens(t, w, rotatingID, first, ""))(t).RefreshToken // within the grace period
	w.clock.Advance(time.Second)
	_, err = getTokens(t, w, rotatingID, first, "")
	wantError(t, err, "RefreshTokenReuseException", "Refresh token has been rotated and can no longer be used.")
	for _, token := range []*string{second, third} {
		must2(getTokens(t, w, rotatingID, *token, ""))(t)
	}
	chain := *must2(w.byPassword(t, rotatingID, alice, password))(t).AuthenticationResult.RefreshToken
	latest := chain
	for range 60 {
		w.clock.Advance(11 * time.Second)
		latest = *must2(getTokens(t, w, rotatingID, latest, ""))(t).RefreshToken
	}
	_, err = getTokens(t, w, rotatingID, chain, "")
	notAuthorized(t, err, "Invalid Refresh Token.") // too old to be remembered
	must2(w.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: ptr(rotatingID), Token: &latest}))(t)
	_, err = getTokens(t, w, rotatingID, latest, "")
	notAuthorized(t, err, "Refresh Token has been revoked")
}

func TestRevocation(t *testing.T) {
	w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.Clients = append(cfg.Clients, userpool.Client{ID: "norevocation"})
	})
	w.user(t, alice)
	whoami := func(token *string) error {
		_, err := w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: token})
		return err
	}
	revoke := func(client, token string) error {
		_, err := w.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &client, Token: &token})
		return err
	}
	one, two := w.signIn(t, clientID, alice), w.signIn(t, clientID, alice)
	renewed := must2(refresh(t, w, clientID, *one.RefreshToken))(t)
	if err := revoke(clientID, *one.RefreshToken); err != nil {
		t.Fatal(err)
	}
	for _, token := range []*string{one.AccessToken, renewed.AccessToken} {
		notAuthorized(t, whoami(token), "Access Token has been revoked")
	}
	if err := whoami(two.AccessToken); err != nil {
		t.Errorf("another sign-in's token: %v", err)
	}
	_, err := refresh(t, w, clientID, *one.RefreshToken)
	notAuthorized(t, err, "Refresh Token has been revoked")
	if err := revoke(clientID, *one.RefreshToken); err != nil {
		t.Errorf("revoking twice: %v", err)
	}
	if err := revoke(clientID, "nobody-knows-this"); err != nil {
		t.Errorf("revoking an unknown token: %v", err)
	}
	wantError(t, revoke(clientID, *two.AccessToken), "UnsupportedTokenTypeException", "Unsupported token type")
	wantError(t, revoke(openID, *two.RefreshToken), "UnauthorizedException", "Token was not issued to this client.")
	wantError(t, revoke("norevocation", *two.RefreshToken), "UnsupportedOperationException",
		"Token revocation is disabled for this client.")
	if _, ok := claims(t, *w.signIn(t, "norevocation", alice).AccessToken)["origin_jti"]; ok {
		t.Error("origin_jti in a token of a client without revocation")
	}

	three := w.signIn(t, clientID, alice)
	must2(w.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: two.AccessToken}))(t)
	for _, tokens := range []*types.AuthenticationResultType{two, three} {
		notAuthorized(t, whoami(tokens.AccessToken), "Access Token has been revoked")
		_, err := refresh(t, w, clientID, *tokens.RefreshToken)
		notAuthorized(t, err, "Refresh Token has been revoked")
	}
	if err := whoami(w.signIn(t, clientID, alice).AccessToken); err != nil {
		t.Errorf("a sign-in after GlobalSignOut: %v", err)
	}
}
