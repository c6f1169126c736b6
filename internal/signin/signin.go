// Package signin signs a user in to a user pool with an EmailOTP, as any client does: by the public
// operations of Cognito's API, SRP included.
//
//	s := signin.SignIn{API: client, Person: terminal, PoolID: id, ClientID: client, Username: "user@example.com"}
//	tokens, err := s.Run(ctx)
//
// The [Person] asks the user, in whatever way. A failure is a [*Refused] if the pool refuses, an
// [*Unavailable] if the pool doesn't answer, and otherwise the error that the Person returned.
package signin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// The modes of a pool, as texts.
const (
	Password     = string(settings.Password)
	Passwordless = string(settings.Passwordless)
)

// API has the operations that a sign-in calls; [*cognito.Client] is one.
type API interface {
	InitiateAuth(context.Context, *cognito.InitiateAuthInput, ...option) (*cognito.InitiateAuthOutput, error)
	RespondToAuthChallenge(context.Context, *cognito.RespondToAuthChallengeInput, ...option) (
		*cognito.RespondToAuthChallengeOutput, error)
	SignUp(context.Context, *cognito.SignUpInput, ...option) (*cognito.SignUpOutput, error)
	ForgotPassword(context.Context, *cognito.ForgotPasswordInput, ...option) (*cognito.ForgotPasswordOutput, error)
	ConfirmForgotPassword(context.Context, *cognito.ConfirmForgotPasswordInput, ...option) (
		*cognito.ConfirmForgotPasswordOutput, error)
}

type option = func(*cognito.Options)

// Person answers for the user. [SignIn.Run] returns its errors as they are, and ends the sign-in.
type Person interface {
	// Password returns the password; it is called once.
	Password(ctx context.Context) (string, error)
	// NewPassword returns a password in place of a temporary one. It is called again with the
	// pool's reason if the pool's policy refuses that one.
	NewPassword(ctx context.Context, refused string) (string, error)
	// Attribute returns an attribute that the pool requires with a new password.
	Attribute(ctx context.Context, name string) (string, error)
	// Code returns the code of a round, or [Resend] to request the mail again.
	Code(ctx context.Context, c Challenge) (string, error)
	// Tell shows a sentence about what happens in between.
	Tell(sentence string)
}

// Resend is the answer to a [Challenge] that requests the mail again.
const Resend = "\x00resend"

// Tokens are the result of a sign-in.
type Tokens struct {
	ID      string `json:"idToken"`
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
	// ExpiresIn is the life of ID and access token in seconds.
	ExpiresIn int32 `json:"expiresIn"`
	// Type is "Bearer".
	Type string `json:"tokenType"`
}

// SignIn is the sign-in of one user. API to Username are required.
type SignIn struct {
	API    API
	Person Person
	// PoolID, such as "eu-west-1_Ab3dEf9Gh", is part of what SRP proves.
	PoolID   string
	ClientID string
	// Username is the e-mail address.
	Username string
	// Mode is [Password] or [Passwordless]. If it is empty, Run finds out by trying and sets it.
	Mode string
	// Now is nil for time.Now.
	Now func() time.Time

	// Device is the secret of this machine, where an earlier Run had it remembered; empty for none.
	// Run empties it where the pool no longer remembers it, and sets it where Remember is true.
	Device string
	// Remember has this machine remembered, beside the code. The pool does not report whether it
	// did.
	Remember bool
	// Forget has all of the user's devices forgotten, beside the code.
	Forget bool

	password string
}

// step is a challenge of the pool, or the tokens.
type step struct {
	name    types.ChallengeNameType
	params  map[string]string
	session *string
	tokens  *types.AuthenticationResultType
}

// Run signs in. After a new password it signs in again if the pool requires that.
func (s *SignIn) Run(ctx context.Context) (Tokens, error) {
	for again := false; ; again = true {
		tokens, err := s.once(ctx)
		if r := (*Refused)(nil); !again && errors.As(err, &r) && r.ID == contract.RefusalSignInAgain {
			s.Person.Tell("The new password is set. Signing in with it:")
			continue
		}
		return tokens, err
	}
}

func (s *SignIn) once(ctx context.Context) (Tokens, error) {
	next, err := s.start(ctx)
	for err == nil && next.tokens == nil {
		switch next.name {
		case types.ChallengeNameTypeNewPasswordRequired:
			next, err = s.newPassword(ctx, next)
		case types.ChallengeNameTypeCustomChallenge:
			next, err = s.code(ctx, next)
		default:
			err = fmt.Errorf("the pool asks for %s, which no EmailOTP does; is it the right pool?", next.name)
		}
	}
	if err != nil {
		return Tokens{}, err
	}
	t := next.tokens
	return Tokens{ID: aws.ToString(t.IdToken), Access: aws.ToString(t.AccessToken), Refresh: aws.ToString(t.RefreshToken),
		ExpiresIn: t.ExpiresIn, Type: aws.ToString(t.TokenType)}, nil
}

// start begins in the pool's mode. For an unknown mode it tries without a password first: a
// password pool refuses a start without SRP in the words of a wrong password.
func (s *SignIn) start(ctx context.Context) (step, error) {
	if s.Mode == Password {
		return s.startPassword(ctx)
	}
	next, err := s.initiate(ctx, map[string]string{"USERNAME": s.Username})
	r := (*Refused)(nil)
	credentials := errors.As(err, &r) && r.credentials
	switch {
	case credentials && s.Mode == "":
		s.Mode = Password
		return s.startPassword(ctx)
	case credentials:
		r.Sentence = "the user pool refuses a sign-in with this address"
	case err == nil:
		s.Mode = Passwordless
	}
	return next, err
}

func (s *SignIn) startPassword(ctx context.Context) (step, error) {
	if s.password == "" {
		var err error
		if s.password, err = s.Person.Password(ctx); err != nil {
			return step{}, err
		}
	}
	client, err := srp.NewClient(s.PoolID)
	if err != nil {
		return step{}, err
	}
	next, err := s.initiate(ctx, map[string]string{
		"USERNAME": s.Username, "CHALLENGE_NAME": "SRP_A", "SRP_A": client.SRPA()})
	if err != nil {
		return step{}, err
	}
	if next.name != types.ChallengeNameTypePasswordVerifier {
		return step{}, fmt.Errorf("the pool asks for %s where a proof of the password is due; is it a password pool?",
			next.name)
	}
	answer, err := client.Answer(next.params, s.password, s.now())
	if err != nil {
		return step{}, fmt.Errorf("proving the password: %w", err)
	}
	return s.respond(ctx, next, answer, s.hasDevice())
}

func (s *SignIn) initiate(ctx context.Context, params map[string]string) (step, error) {
	out, err := s.API.InitiateAuth(ctx, &cognito.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &s.ClientID, AuthParameters: params})
	if err != nil {
		return step{}, understand(err)
	}
	return step{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
}

// respond answers a step, with the user's name as the pool sends it.
func (s *SignIn) respond(ctx context.Context, to step, answers, metadata map[string]string) (step, error) {
	responses := map[string]string{"USERNAME": s.Username}
	if name := to.params["USERNAME"]; name != "" {
		responses["USERNAME"] = name
	} else if name := to.params["USER_ID_FOR_SRP"]; name != "" {
		responses["USERNAME"] = name
	}
	maps.Copy(responses, answers)
	out, err := s.API.RespondToAuthChallenge(ctx, &cognito.RespondToAuthChallengeInput{
		ChallengeName: to.name, ClientId: &s.ClientID, ChallengeResponses: responses, Session: to.session,
		ClientMetadata: metadata})
	if err != nil {
		return step{}, understand(err)
	}
	next := step{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}
	if next.tokens == nil && next.params["USERNAME"] == "" {
		// Later steps belong to the same user, also if they lack the name.
		next.params = maps.Clone(next.params)
		if next.params == nil {
			next.params = map[string]string{}
		}
		next.params["USERNAME"] = responses["USERNAME"]
	}
	return next, nil
}

func (s *SignIn) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
