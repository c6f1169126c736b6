package sandbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

const person = "user@example.com"

func TestAUserSignsInWithTheCodeFromTheInbox(t *testing.T) {
	sb := start(t, sandbox.Options{Users: []sandbox.User{{Email: person}}})
	since := time.Now()
	first, err := initiate(t, sb, person)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	mail, err := sb.WaitForMessage(ctx, "User@Example.com", since)
	if err != nil {
		t.Fatal(err)
	}
	code := strings.TrimSpace(strings.TrimPrefix(mail.Text, "Your code:"))
	second, err := answer(t, sb, first.Session, code)
	if err != nil {
		t.Fatal(err)
	}
	if second.AuthenticationResult == nil || aws.ToString(second.AuthenticationResult.AccessToken) == "" {
		t.Fatalf("no tokens: %+v", second)
	}
	counts := sb.Counts()
	for operation, want := range map[string]int{"lambda:DefineAuthChallenge": 2, "lambda:CreateAuthChallenge": 1,
		"lambda:VerifyAuthChallengeResponse": 1, "ses:SendEmail": 1} {
		if counts[operation] != want {
			t.Errorf("%s was called %d times, want %d", operation, counts[operation], want)
		}
	}
}
