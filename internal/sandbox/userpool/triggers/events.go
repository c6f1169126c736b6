package triggers

import (
	"context"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/tokens"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// event is the JSON that a trigger receives, its fields in the order of real events. Members that
// Cognito omits when they are empty are marked omitempty.
type event struct {
	Version       string        `json:"version"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext callerContext `json:"callerContext"`
	TriggerSource string        `json:"triggerSource"`
	Request       any           `json:"request"`
	Response      any           `json:"response"`
}

type callerContext struct {
	AWSSDKVersion string `json:"awsSdkVersion"`
	ClientID      string `json:"clientId"`
}

// NoClient is the client id in the event of an operation that has no client.
const NoClient = "CLIENT_ID_NOT_APPLICABLE"

// authentication is the second part of triggerSource in a sign-in.
const authentication = "Authentication"

// row is an element of an event's session: one challenge that was answered.
type row struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// rows returns the rows of a sign-in, never nil.
func rows(s *session.State) []row {
	out := make([]row, len(s.Rows))
	for i, r := range s.Rows {
		out[i] = row(r)
	}
	return out
}

// Person is the user of an event.
type Person struct {
	UserName   string
	Attributes map[string]string
	// NotFound is nil where the client does not hide who exists: events then lack the member.
	NotFound *bool
}

type defineRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Session        []row             `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound   *bool             `json:"userNotFound,omitempty"`
}

// DefineResponse is the response of DefineAuthChallenge.
type DefineResponse struct {
	ChallengeName      *string `json:"challengeName"`
	IssueTokens        *bool   `json:"issueTokens"`
	FailAuthentication *bool   `json:"failAuthentication"`
}

type createRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ChallengeName  string            `json:"challengeName"`
	Session        []row             `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound   *bool             `json:"userNotFound,omitempty"`
}

// CreateResponse is the response of CreateAuthChallenge. The maps hold pointers to detect nulls.
type CreateResponse struct {
	Public   map[string]*string `json:"publicChallengeParameters"`
	Private  map[string]*string `json:"privateChallengeParameters"`
	Metadata *string            `json:"challengeMetadata"`
}

type verifyRequest struct {
	UserAttributes  map[string]string `json:"userAttributes"`
	Private         map[string]string `json:"privateChallengeParameters"`
	ChallengeAnswer string            `json:"challengeAnswer"`
	ClientMetadata  map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound    *bool             `json:"userNotFound,omitempty"`
}

type verifyResponse struct {
	AnswerCorrect *bool `json:"answerCorrect"`
}

// PreSignUpRequest is the request of PreSignUp.
type PreSignUpRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// PreSignUpResponse is the response of PreSignUp.
type PreSignUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

type preAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"`
	UserNotFound   *bool             `json:"userNotFound,omitempty"`
}

type postAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	NewDeviceUsed  bool              `json:"newDeviceUsed"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

type postConfirmationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// The placeholders that CustomMessage receives, and that its answer must keep.
const (
	CodePlaceholder     = "{####}"
	UsernamePlaceholder = "{username}"
)

type customMessageRequest struct {
	UserAttributes    map[string]string `json:"userAttributes"`
	CodeParameter     string            `json:"codeParameter"`
	LinkParameter     string            `json:"linkParameter"`
	UsernameParameter *string           `json:"usernameParameter"`
	ClientMetadata    map[string]string `json:"clientMetadata,omitempty"`
}

// CustomMessageResponse is the response of CustomMessage.
type CustomMessageResponse struct {
	SMSMessage   *string `json:"smsMessage"`
	EmailMessage *string `json:"emailMessage"`
	EmailSubject *string `json:"emailSubject"`
}

type preTokenRequest struct {
	UserAttributes     map[string]string `json:"userAttributes"`
	GroupConfiguration tokens.Groups     `json:"groupConfiguration"`
	ClientMetadata     map[string]string `json:"clientMetadata,omitempty"`
	Scopes             []string          `json:"scopes,omitempty"`
}

type preTokenResponse struct {
	Details *tokens.Override `json:"claimsOverrideDetails"`
}

type preTokenBothResponse struct {
	Details *tokens.OverrideBoth `json:"claimsAndScopeOverrideDetails"`
}

// Attributes returns a user's attributes as triggers receive them.
func (r *Runner) Attributes(a *users.Account) map[string]string {
	m := a.AllAttributes()
	m["cognito:user_status"] = a.Status
	for _, alias := range r.cfg.AliasAttributes {
		if alias != "preferred_username" && m[alias+"_verified"] == "true" {
			m["cognito:"+alias+"_alias"] = m[alias]
		}
	}
	return m
}

type metadata = map[string]string

// Define calls DefineAuthChallenge for the next step of a sign-in.
func (r *Runner) Define(ctx context.Context, s *session.State, who Person, m metadata) (out DefineResponse, err error) {
	request := defineRequest{who.Attributes, rows(s), m, who.NotFound}
	err = r.run(ctx, config.DefineAuthChallenge, authentication, who.UserName, s.Client, request, &out)
	return out, err
}

// Create calls CreateAuthChallenge for a challenge.
func (r *Runner) Create(ctx context.Context, s *session.State, who Person, m metadata) (out CreateResponse, err error) {
	request := createRequest{who.Attributes, "CUSTOM_CHALLENGE", rows(s), m, who.NotFound}
	err = r.run(ctx, config.CreateAuthChallenge, authentication, who.UserName, s.Client, request, &out)
	return out, err
}

// Verify calls VerifyAuthChallengeResponse and reports whether the answer is right.
func (r *Runner) Verify(ctx context.Context, s *session.State, who Person, answer string, m metadata) (bool, error) {
	var out verifyResponse
	request := verifyRequest{who.Attributes, s.Private, answer, m, who.NotFound}
	err := r.run(ctx, config.VerifyAuthChallengeResponse, authentication, who.UserName, s.Client, request, &out)
	return IsTrue(out.AnswerCorrect), err
}

// PreSignUp calls PreSignUp for a new user; without the trigger nothing is confirmed or verified.
// The source is the part of triggerSource after "PreSignUp_".
func (r *Runner) PreSignUp(ctx context.Context, source, userName, clientID string,
	request PreSignUpRequest) (out PreSignUpResponse, err error) {
	err = r.run(ctx, config.PreSignUp, source, userName, clientID, request, &out)
	return out, err
}

// PreAuthentication lets the trigger refuse a sign-in. InitiateAuth's ClientMetadata becomes
// validationData.
func (r *Runner) PreAuthentication(ctx context.Context, clientID string, who Person, m metadata) error {
	request := preAuthenticationRequest{who.Attributes, m, who.NotFound}
	return r.run(ctx, config.PreAuthentication, authentication, who.UserName, clientID, request, &struct{}{})
}

// PostAuthentication calls the trigger after a successful sign-in.
func (r *Runner) PostAuthentication(ctx context.Context, clientID string, a *users.Account, m metadata) error {
	request := postAuthenticationRequest{UserAttributes: r.Attributes(a), ClientMetadata: m}
	return r.run(ctx, config.PostAuthentication, authentication, a.Username, clientID, request, &struct{}{})
}

// PostConfirmation calls the trigger for a user who was confirmed or has reset the password. The
// source is the part of triggerSource after "PostConfirmation_".
func (r *Runner) PostConfirmation(ctx context.Context, source, clientID string, a *users.Account, m metadata) error {
	return r.run(ctx, config.PostConfirmation, source, a.Username, clientID, postConfirmationRequest{r.Attributes(a), m},
		&struct{}{})
}

// CustomMessage calls the trigger for a mail of Cognito's own, and returns the zero value where the
// pool has none. The source is the part of triggerSource after "CustomMessage_".
func (r *Runner) CustomMessage(ctx context.Context, source, clientID string, a *users.Account,
	m metadata) (out CustomMessageResponse, err error) {
	request := customMessageRequest{UserAttributes: r.Attributes(a), CodeParameter: CodePlaceholder,
		LinkParameter: "{##Click Here##}", ClientMetadata: m}
	if source == "AdminCreateUser" {
		request.UsernameParameter = new(string)
		*request.UsernameParameter = UsernamePlaceholder
	}
	err = r.run(ctx, config.CustomMessage, source, a.Username, clientID, request, &out)
	return out, err
}

// PreTokenGeneration calls the trigger for the claims, with an event of the pool's version. The
// source is the part of triggerSource after "TokenGeneration_".
func (r *Runner) PreTokenGeneration(ctx context.Context, source, clientID string, a *users.Account,
	m metadata) (tokens.Change, error) {
	request := preTokenRequest{
		UserAttributes:     r.Attributes(a),
		GroupConfiguration: tokens.Groups{GroupsToOverride: []string{}, IAMRolesToOverride: []string{}},
		ClientMetadata:     m,
	}
	if r.cfg.TokenVersion == "" || r.cfg.TokenVersion == "V1_0" {
		var out preTokenResponse
		err := r.run(ctx, config.PreTokenGeneration, source, a.Username, clientID, request, &out)
		return out.Details, err
	}
	var out preTokenBothResponse
	request.Scopes = tokens.Scopes()
	err := r.run(ctx, config.PreTokenGeneration, source, a.Username, clientID, request, &out)
	return out.Details, err
}

// IsTrue reads a boolean of a response, where null means false.
func IsTrue(b *bool) bool { return b != nil && *b }
