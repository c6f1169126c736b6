package signin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

func round(challenge string) answer {
	params := map[string]string{"codeLength": "8"}
	if challenge != "" {
		params["challenge"] = challenge
	}
	return answer{challenge: types.ChallengeNameTypeCustomChallenge, params: params}
}

func TestARememberedDevice(t *testing.T) {
	const old = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, tc := range []struct {
		name             string
		device           string
		remember, forget bool
		answers          []answer
		calls            []string // what is sent after SRP_A; N is a new device's commitment
		want             string   // the device afterwards; N is a new one
		fails            bool
	}{
		{"no device is sent without one", "", false, false, []answer{round(""), tokens},
			[]string{"PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 12345678"}, "", false},
		{"a remembered device answers", old, false, false, []answer{round("device"), tokens},
			[]string{"PASSWORD_VERIFIER sub device", "CUSTOM_CHALLENGE sub " + old + "device"}, old, false},
		{"also beside a mailed code", old, true, false, []answer{round("code-or-device"), tokens},
			[]string{"PASSWORD_VERIFIER sub device", "CUSTOM_CHALLENGE sub " + old + "device"}, old, false},
		{"a refused device is dropped", old, false, false, []answer{round("device"), round(""), tokens},
			[]string{"PASSWORD_VERIFIER sub device", "CUSTOM_CHALLENGE sub " + old + "device", "CUSTOM_CHALLENGE sub 12345678"}, "", false},
		{"a device that the pool does not ask for is dropped", old, false, false, []answer{round(""), tokens},
			[]string{"PASSWORD_VERIFIER sub device", "CUSTOM_CHALLENGE sub 12345678"}, "", false},
		{"a new device is remembered beside the code", "", true, false, []answer{round(""), tokens},
			[]string{"PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 12345678rememberN"}, "N", false},
		{"it is not where the code was wrong", "", true, false, []answer{round(""), {err: wrongCredentials}},
			[]string{"PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 12345678rememberN"}, "", true},
		{"all are forgotten beside a code", old, false, true, []answer{round(""), tokens},
			[]string{"PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 12345678forget"}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, p := newSignIn(t, &person{passwords: []string{"p"}, codes: []string{"1234 5678"}}, signin.Password,
				append([]answer{verifier}, tc.answers...)...)
			s.Device, s.Remember, s.Forget = tc.device, tc.remember, tc.forget
			if _, err := s.Run(t.Context()); (err != nil) != tc.fails {
				t.Fatal(err)
			}
			calls := p.asked[1:]
			var commitment string
			for i, call := range calls {
				if before, after, found := strings.Cut(call, "remember"); found {
					commitment, calls[i] = after, before+"rememberN"
				}
			}
			if !slices.Equal(calls, tc.calls) {
				t.Errorf("calls %q,\nwant %q", calls, tc.calls)
			}
			if tc.want != "N" {
				if s.Device != tc.want {
					t.Errorf("the device is %q, want %q", s.Device, tc.want)
				}
				return
			}
			secret, err := base64.RawURLEncoding.DecodeString(s.Device)
			sum := sha256.Sum256(secret)
			if want := base64.RawURLEncoding.EncodeToString(sum[:]); err != nil || len(secret) != 32 || commitment != want {
				t.Errorf("the secret %q does not fit the commitment %q: %v", s.Device, commitment, err)
			}
		})
	}
}
