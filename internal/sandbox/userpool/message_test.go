package userpool_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// messages is a CustomMessage function that answers with what is set, and keeps its events.
type messages struct {
	response map[string]any
	events   []map[string]any
}

func (m *messages) Invoke(_ context.Context, _ userpool.Trigger, payload []byte) ([]byte, error) {
	var e map[string]any
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	m.events = append(m.events, e)
	e["response"] = m.response
	return json.Marshal(e)
}

func messageWorld(t *testing.T, m *messages, own bool) *world {
	return newWorld(t, m, func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.Triggers = map[userpool.Trigger]bool{userpool.CustomMessage: true}
		cfg.MailsByOwnIdentity = own
	})
}

func (w *world) forgot(t *testing.T) error {
	t.Helper()
	_, err := w.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: ptr(legacyID), Username: ptr(alice),
		ClientMetadata: map[string]string{"k": "v"}})
	return err
}

func TestCustomMessageWritesTheMails(t *testing.T) {
	m := &messages{response: map[string]any{"emailSubject": "Hello", "emailMessage": "<p>{username}: {####}</p>"}}
	w := messageWorld(t, m, true)
	w.user(t, alice)
	if err := w.forgot(t); err != nil {
		t.Fatal(err)
	}
	_, err := w.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{UserPoolId: ptr(poolID),
		Username: ptr("bob@example.com"), TemporaryPassword: ptr("Pass&word<1>"),
		DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail},
		UserAttributes:         []types.AttributeType{{Name: ptr("email"), Value: ptr("bob@example.com")}}})
	if err != nil {
		t.Fatal(err)
	}
	mails := w.mail.all()
	if len(mails) != 2 || mails[0].Subject != "Hello" || mails[0].Text != "" ||
		strings.Contains(mails[0].HTML, "{####}") || mails[1].HTML != "<p>bob@example.com: Pass&amp;word&lt;1&gt;</p>" {
		t.Errorf("mails = %+v", mails)
	}
	for i, want := range []struct {
		source, client string
		username       any
	}{{"CustomMessage_ForgotPassword", legacyID, nil},
		{"CustomMessage_AdminCreateUser", "CLIENT_ID_NOT_APPLICABLE", "{username}"}} {
		e, request := m.events[i], m.events[i]["request"].(map[string]any)
		if e["triggerSource"] != want.source || e["callerContext"].(map[string]any)["clientId"] != want.client ||
			request["codeParameter"] != "{####}" || request["usernameParameter"] != want.username {
			t.Errorf("event %v", e)
		}
	}
	// What the answer leaves out is Cognito's.
	m.response = map[string]any{"smsMessage": nil, "emailMessage": nil, "emailSubject": nil}
	if err := w.forgot(t); err != nil {
		t.Fatal(err)
	}
	if last := w.mail.all()[2]; last.Subject != "Your verification code" || last.HTML != "" || last.Text == "" {
		t.Errorf("mail = %+v", last)
	}
}

func TestCognitoRefusesAMailOfCustomMessage(t *testing.T) {
	for name, test := range map[string]struct {
		own           bool
		subject, body string
		want          string
	}{
		"Cognito's shared sender": {false, "Hello", "{####}", "a mail of CustomMessage needs EmailSendingAccount DEVELOPER"},
		"no placeholder":          {true, "Hello", "the code", "emailMessage lacks {####}"},
		"a long body":             {true, "Hello", strings.Repeat("é", 19_995) + "{####}", "emailMessage must have at most 20000 characters"},
		"a long subject":          {true, strings.Repeat("é", 141), "{####}", "emailSubject must have 1 to 140 characters"},
		"no subject":              {true, "", "{####}", "emailSubject must have 1 to 140 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &messages{response: map[string]any{"emailSubject": test.subject, "emailMessage": test.body}}
			w := messageWorld(t, m, test.own)
			w.user(t, alice)
			wantError(t, w.forgot(t), "InvalidLambdaResponseException", "Invalid lambda function output : "+test.want)
			if mails := w.mail.all(); len(mails) != 0 {
				t.Errorf("mailed %+v", mails)
			}
		})
	}
	m := &messages{response: map[string]any{"emailMessage": strings.Repeat("é", 19_994) + "{####}"}}
	w := messageWorld(t, m, true)
	w.user(t, alice)
	if err := w.forgot(t); err != nil {
		t.Errorf("a body of 20,000 characters: %v", err)
	}
}
