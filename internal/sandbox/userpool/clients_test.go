package userpool_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// TestTheLifeOfAnAppClient: an update resets what it is not given, and takes effect at once.
func TestTheLifeOfAnAppClient(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	created := must2(w.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: ptr(poolID),
		ClientName: ptr("web"), GenerateSecret: true, AccessTokenValidity: ptr(int32(30)), RefreshTokenValidity: 2,
		TokenValidityUnits:         &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes},
		ExplicitAuthFlows:          []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		CallbackURLs:               []string{"https://app.example.com"}}))(t).UserPoolClient
	if len(*created.ClientId) != 26 || len(*created.ClientSecret) != 52 ||
		created.AllowedOAuthFlowsUserPoolClient != nil &&
			*created.AllowedOAuthFlowsUserPoolClient || created.CallbackURLs[0] != "https://app.example.com" ||
		*created.AccessTokenValidity != 30 || created.TokenValidityUnits.AccessToken != "minutes" ||
		created.RefreshTokenValidity != 2 || *created.EnableTokenRevocation != true {
		t.Errorf("created %+v", created)
	}
	id := *created.ClientId
	in := func(name string) (*cip.InitiateAuthOutput, error) {
		hash := userpool.SecretHash(id, *created.ClientSecret, name)
		return w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			ClientId: &id, AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password, "SECRET_HASH": hash}})
	}
	token := *must2(in(alice))(t).AuthenticationResult.AccessToken
	_, err := in("nobody@example.com")
	notAuthorized(t, err, "Incorrect username or password.")

	updated := must2(w.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: ptr(poolID),
		ClientId: &id, LogoutURLs: []string{"https://app.example.com/out"}}))(t).UserPoolClient
	if *updated.ClientName != "web" || *updated.ClientSecret != *created.ClientSecret || updated.CallbackURLs != nil ||
		updated.AccessTokenValidity != nil || updated.RefreshTokenValidity != 30 || updated.ExplicitAuthFlows != nil ||
		updated.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesLegacy {
		t.Errorf("after an update with one member: %+v", updated)
	}
	_, err = in(alice)
	invalidParameter(t, err, "USER_PASSWORD_AUTH flow not enabled for this client")
	described := must2(w.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: ptr(poolID),
		ClientId: &id}))(t).UserPoolClient
	if described.LogoutURLs[0] != "https://app.example.com/out" {
		t.Errorf("described %+v", described)
	}

	_ = must2(w.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: ptr(poolID),
		ClientId: &id}))(t)
	_, err = w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &token})
	notAuthorized(t, err, "Invalid Access Token")
	if _, err := w.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: ptr(poolID),
		ClientId: &id}); err == nil {
		t.Error("the deleted client is described")
	}
	list := must2(w.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: ptr(poolID)}))(t)
	if len(list.UserPoolClients) != len(clients()) {
		t.Errorf("%d clients are left", len(list.UserPoolClients))
	}
}

func TestClientsThatCognitoRefuses(t *testing.T) {
	w := newWorld(t, passwordless())
	const create, update = "CreateUserPoolClient", "UpdateUserPoolClient"
	for _, c := range []struct{ operation, members, want string }{
		{create, `"ClientName": "web", "WriteAttributes": ["email_verified"]`, "Invalid write attributes specified while creating a client"},
		{create, `"ClientName": "web", "WriteAttributes": ["custom:unknown"]`, "Invalid write attributes specified while creating a client"},
		{create, `"ClientName": "web", "ReadAttributes": ["custom:unknown"]`, "Invalid read attributes specified while creating a client"},
		{create, `"ClientName": "web", "ExplicitAuthFlows": ["ALLOW_ALL"]`, "enum value set"},
		{create, `"ClientName": "web", "AuthSessionValidity": 16`, "Cognito allows 3m0s to 15m0s"},
		{create, `"ClientName": "web", "RefreshTokenValidity": 99999`, "Cognito allows 1h0m0s"},
		{create, `"ClientName": "<web>"`, "regular expression"},
		{create, `"ClientName": "` + strings.Repeat("a", 129) + `"`, "128"},
		{create, `"ClientName": "web", "PreventUserExistenceErrors": "MAYBE"`, "enum value set"},
		{create, `"ClientName": 7`, "SerializationException"},
		{create, `"GenerateSecret": true`, "ClientName"},
		{update, `"ClientName": "web"`, "clientId"},
		{update, `"ClientId": "unknown"`, "does not exist"},
	} {
		status, _, answer := w.post(t, c.operation, `{"UserPoolId": "`+poolID+`", `+c.members+`}`, "Authorization", "AWS4")
		text, _ := json.Marshal(answer)
		if status != 400 || !strings.Contains(string(text), c.want) {
			t.Errorf("%s of %s: %d %s, want %q", c.operation, c.members, status, text, c.want)
		}
	}
	if status, _, _ := w.post(t, create, `{"UserPoolId": "`+poolID+`", "ClientName": "web"}`); status != 400 {
		t.Error("an unsigned request creates a client")
	}
}

func TestClientsChangeWhileUsersSignIn(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, err := w.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: ptr(poolID),
				ClientName:        ptr(fmt.Sprint("client", i)),
				ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"}})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.byPassword(t, *c.UserPoolClient.ClientId, alice, password); err != nil {
				t.Error(err)
			}
			if _, err := w.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: ptr(poolID),
				ClientId: c.UserPoolClient.ClientId}); err != nil {
				t.Error(err)
			}
			if _, err := w.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: ptr(poolID),
				ClientId: c.UserPoolClient.ClientId}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
