package userpool

// event is what a trigger gets. The order of the fields is that of the real
// events; members that the service leaves out when there is nothing to say are
// marked omitzero or omitempty in the request types.
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

// noClient is the client id in the event of an operation that has no client.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

// row is an element of an event's session: one challenge that was answered.
type row struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// person is the user whom an event is about, known or not.
type person struct {
	userName   string
	attributes map[string]string
	// notFound is nil where the client doesn't hide who exists: the member is
	// then absent from events.
	notFound *bool
}

type defineRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Session        []row             `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	UserNotFound   *bool             `json:"userNotFound,omitempty"`
}

type defineResponse struct {
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

// createResponse takes pointers as values so that a null among them shows.
type createResponse struct {
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

type preSignUpRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

type preSignUpResponse struct {
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

type groupConfiguration struct {
	GroupsToOverride   []string `json:"groupsToOverride"`
	IAMRolesToOverride []string `json:"iamRolesToOverride"`
	PreferredRole      *string  `json:"preferredRole"`
}

type preTokenRequest struct {
	UserAttributes     map[string]string  `json:"userAttributes"`
	GroupConfiguration groupConfiguration `json:"groupConfiguration"`
	ClientMetadata     map[string]string  `json:"clientMetadata,omitempty"`
}

type preTokenResponse struct {
	Details *claimsOverride `json:"claimsOverrideDetails"`
}

// claimsOverride is what a V1 pre token generation trigger may change.
type claimsOverride struct {
	AddOrOverride map[string]string   `json:"claimsToAddOrOverride"`
	Suppress      []string            `json:"claimsToSuppress"`
	Groups        *groupConfiguration `json:"groupOverrideDetails"`
}

// newEvent wraps a request and the response as the trigger finds it: nulls, or
// false for PreSignUp.
func (p *Pool) newEvent(source, userName, clientID string, request, response any) event {
	return event{
		Version: "1", Region: p.cfg.Region, UserPoolID: p.cfg.ID, UserName: userName,
		CallerContext: callerContext{AWSSDKVersion: "aws-sdk-unknown-unknown", ClientID: clientID},
		TriggerSource: source, Request: request, Response: response,
	}
}

// eventAttributes are a user's attributes as triggers see them.
func (p *Pool) eventAttributes(a *account) map[string]string {
	m := a.allAttributes()
	m["cognito:user_status"] = a.status
	for _, alias := range p.cfg.AliasAttributes {
		if alias != "preferred_username" && m[alias+"_verified"] == "true" {
			m["cognito:"+alias+"_alias"] = m[alias]
		}
	}
	return m
}

// define asks DefineAuthChallenge what comes next.
func (p *Pool) define(c *call, client *Client, who person, rows []row, metadata map[string]string) (defineResponse, error) {
	var out defineResponse
	request := defineRequest{who.attributes, rows, metadata, who.notFound}
	e := p.newEvent("DefineAuthChallenge_Authentication", who.userName, client.ID, request, defineResponse{})
	err := p.run(c.ctx, DefineAuthChallenge, e, &out)
	return out, err
}

// create asks CreateAuthChallenge for a challenge.
func (p *Pool) create(c *call, client *Client, who person, rows []row, metadata map[string]string) (createResponse, error) {
	var out createResponse
	request := createRequest{who.attributes, challengeCustom, rows, metadata, who.notFound}
	e := p.newEvent("CreateAuthChallenge_Authentication", who.userName, client.ID, request, createResponse{})
	err := p.run(c.ctx, CreateAuthChallenge, e, &out)
	return out, err
}

// verify asks VerifyAuthChallengeResponse about an answer.
func (p *Pool) verify(c *call, client *Client, who person, private map[string]string, answer string, metadata map[string]string) (bool, error) {
	var out verifyResponse
	request := verifyRequest{who.attributes, private, answer, metadata, who.notFound}
	e := p.newEvent("VerifyAuthChallengeResponse_Authentication", who.userName, client.ID, request, verifyResponse{})
	err := p.run(c.ctx, VerifyAuthChallengeResponse, e, &out)
	return isTrue(out.AnswerCorrect), err
}

// preSignUp asks PreSignUp about a new user; without the trigger nothing is
// confirmed or verified.
func (p *Pool) preSignUp(c *call, source, userName, clientID string, request preSignUpRequest) (preSignUpResponse, error) {
	var out preSignUpResponse
	if !p.has(PreSignUp) {
		return out, nil
	}
	err := p.run(c.ctx, PreSignUp, p.newEvent(source, userName, clientID, request, preSignUpResponse{}), &out)
	return out, err
}

// preAuthentication lets PreAuthentication refuse a sign-in that has just begun.
// InitiateAuth's ClientMetadata arrives as validationData.
func (p *Pool) preAuthentication(c *call, client *Client, who person, metadata map[string]string) error {
	if !p.has(PreAuthentication) {
		return nil
	}
	request := preAuthenticationRequest{who.attributes, metadata, who.notFound}
	e := p.newEvent("PreAuthentication_Authentication", who.userName, client.ID, request, struct{}{})
	return p.run(c.ctx, PreAuthentication, e, &struct{}{})
}

// postAuthentication tells PostAuthentication of a sign-in that succeeded.
func (p *Pool) postAuthentication(c *call, client *Client, a *account, metadata map[string]string) error {
	if !p.has(PostAuthentication) {
		return nil
	}
	request := postAuthenticationRequest{UserAttributes: p.eventAttributes(a), ClientMetadata: metadata}
	e := p.newEvent("PostAuthentication_Authentication", a.username, client.ID, request, struct{}{})
	return p.run(c.ctx, PostAuthentication, e, &struct{}{})
}

// postConfirmation tells PostConfirmation of a user who was confirmed or who
// chose a new password. The source is its part behind "PostConfirmation_".
func (p *Pool) postConfirmation(c *call, source, clientID string, a *account, metadata map[string]string) error {
	if !p.has(PostConfirmation) {
		return nil
	}
	request := postConfirmationRequest{p.eventAttributes(a), metadata}
	e := p.newEvent("PostConfirmation_"+source, a.username, clientID, request, struct{}{})
	return p.run(c.ctx, PostConfirmation, e, &struct{}{})
}

// preTokenGeneration asks PreTokenGeneration about the claims. The source is its
// part behind "TokenGeneration_".
func (p *Pool) preTokenGeneration(c *call, source string, client *Client, a *account, metadata map[string]string) (*claimsOverride, error) {
	if !p.has(PreTokenGeneration) {
		return nil, nil
	}
	var out preTokenResponse
	request := preTokenRequest{
		UserAttributes:     p.eventAttributes(a),
		GroupConfiguration: groupConfiguration{GroupsToOverride: []string{}, IAMRolesToOverride: []string{}},
		ClientMetadata:     metadata,
	}
	e := p.newEvent("TokenGeneration_"+source, a.username, client.ID, request, preTokenResponse{})
	err := p.run(c.ctx, PreTokenGeneration, e, &out)
	return out.Details, err
}

// isTrue reads a boolean of a response, where null means false.
func isTrue(b *bool) bool { return b != nil && *b }
