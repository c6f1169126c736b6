package signin_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

func TestAForgottenPasswordIsReset(t *testing.T) {
	const forgot, reset = "forgot user@example.com", "reset user@example.com 123456 "
	weak := answer{err: &types.InvalidPasswordException{Message: aws.String("too short")}}
	for _, tc := range []struct {
		name      string
		answers   []answer
		codes     []string
		passwords []string
		calls     []string
		refused   bool
	}{
		{"and signed in with", []answer{{}, {}, verifier, code, tokens}, []string{"123456", "12345678"}, []string{"new horse"},
			[]string{forgot, reset + "new horse", startSRP, proof, answered}, false},
		{"after another mail and a weak password", []answer{{}, {}, weak, {}, verifier, code, tokens},
			[]string{signin.Resend, "123456", "12345678"}, []string{"a", "new horse"},
			[]string{forgot, forgot, reset + "a", reset + "new horse", startSRP, proof, answered}, false},
		{"but not by a wrong code", []answer{{}, {err: &types.CodeMismatchException{}}}, []string{"123456"},
			[]string{"new horse"}, []string{forgot, reset + "new horse"}, true},
		{"nor for an account that can't be recovered, which looks the same", []answer{{err: &types.InvalidParameterException{}},
			{err: &types.NotAuthorizedException{}}}, []string{"123456"}, []string{"new horse"},
			[]string{forgot, reset + "new horse"}, true},
		{"nor past Cognito's limit", []answer{{err: &types.LimitExceededException{Message: aws.String("Attempt limit exceeded")}}},
			nil, nil, []string{forgot}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, p := newSignIn(t, &person{passwords: tc.passwords, codes: tc.codes}, signin.Password, tc.answers...)
			s.Device = "an old secret"
			err := s.Recover(t.Context())
			refused := (*signin.Refused)(nil)
			if errors.As(err, &refused) != tc.refused || err != nil && !tc.refused {
				t.Fatal(err)
			}
			if err == nil {
				if _, err = s.Run(t.Context()); err != nil || s.Device != "" {
					t.Errorf("%v, device %q", err, s.Device)
				}
			}
			if !slices.Equal(p.asked, tc.calls) {
				t.Errorf("calls %q,\nwant %q", p.asked, tc.calls)
			}
		})
	}
}
