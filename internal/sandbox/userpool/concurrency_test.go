package userpool_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// TestManyAtOnce mixes everything that changes a pool: under -race it shows what is shared without
// a lock.
func TestManyAtOnce(t *testing.T) {
	const people, rounds = 40, 6
	w := newWorld(t, autoConfirm(passwordless()), with(userpool.PreSignUp))
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			name := fmt.Sprintf("user%d@example.com", i)
			if _, err := w.signUp(t, name, password); err != nil {
				t.Error(err)
				return
			}
			for range rounds {
				tokens := w.signIn(t, clientID, name)
				if _, err := w.setAttributes(t, tokens.AccessToken, "name", fmt.Sprint(rand.Int())); err != nil {
					t.Error(err)
				}
				if _, err := w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
					t.Error(err)
				}
				if _, err := w.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
					UserPoolId: ptr(poolID), Username: &name, UserAttributes: pairs("email_verified", "true")}); err != nil {
					t.Error(err)
				}
				w.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: ptr(poolID)})
				w.byPassword(t, openID, name, "Wrong1234!")
				w.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: ptr(clientID), Username: &name})
				w.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: tokens.AccessToken})
				w.clock.Advance(1)
			}
		})
	}
	wg.Wait()
	if n := len(w.pool.Users()); n != people {
		t.Errorf("%d users, want %d", n, people)
	}
}

func TestParallelSignUpsOfOneName(t *testing.T) {
	w := newWorld(t, autoConfirm(passwordless()), with(userpool.PreSignUp))
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 30 {
		wg.Go(func() {
			_, err := w.signUp(t, alice, password)
			if code(err) != "UsernameExistsException" && err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			}
		})
	}
	wg.Wait()
	if won != 1 || len(w.pool.Users()) != 1 {
		t.Errorf("%d sign-ups won and %d users exist, want one", won, len(w.pool.Users()))
	}
}

func TestParallelGuessesOfAPassword(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	var mu sync.Mutex
	var wg sync.WaitGroup
	wrong, locked := 0, 0
	for range 30 {
		wg.Go(func() {
			_, err := w.byPassword(t, openID, alice, "Wrong1234!")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case strings.Contains(fmt.Sprint(err), "Password attempts exceeded"):
				locked++
			case strings.Contains(fmt.Sprint(err), "Incorrect username or password."):
				wrong++
			}
		})
	}
	wg.Wait()
	if wrong != 5 || locked != 25 {
		t.Errorf("%d guesses were compared and %d locked out, want 5 and 25", wrong, locked)
	}
}

// FuzzAPI sends anything to every operation: no bug may show, and every answer is a JSON object
// with an error type or without.
func FuzzAPI(f *testing.F) {
	for _, name := range userpool.OperationNames() {
		f.Add(name, `{}`)
	}
	f.Add("InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+clientID+`","AuthParameters":{"USERNAME":"`+alice+
		`","CHALLENGE_NAME":"SRP_A","SRP_A":"abcdef"}}`)
	f.Add("InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"`+openID+`","AuthParameters":{"USERNAME":"`+alice+
		`","PASSWORD":"x"}}`)
	f.Add("RespondToAuthChallenge", `{"ChallengeName":"PASSWORD_VERIFIER","ClientId":"`+clientID+
		`","Session":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","ChallengeResponses":{"USERNAME":"x","TIMESTAMP":"Thu Nov 5 09:05:03 UTC 2026","PASSWORD_CLAIM_SIGNATURE":"x","PASSWORD_CLAIM_SECRET_BLOCK":"AAAA"}}`)
	f.Add("SignUp", `{"ClientId":"`+clientID+
		`","Username":"x@example.com","Password":"Passw0rd!","UserAttributes":[{"Name":"name","Value":"x"},null]}`)
	f.Add("ListUsers", `{"UserPoolId":"`+poolID+`","Filter":"email = \"x\"","Limit":1,"PaginationToken":"YWZ0ZXIgMQ"}`)
	f.Add("GetUser", `{"AccessToken":"a.b.c"}`)
	cfg := config()
	pool, err := userpool.New(cfg, userpool.Options{Invoker: passwordless(), Keys: testKeys()})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := pool.CreateUser(f.Context(), userpool.UserSpec{Email: alice, Password: password}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE")
		rec := httptest.NewRecorder()
		pool.ServeHTTP(rec, r)
		answer, _ := io.ReadAll(rec.Body)
		switch {
		case rec.Code == http.StatusInternalServerError:
			t.Fatalf("%s %s is a bug: %s", operation, body, answer)
		case len(answer) == 0 || answer[0] != '{':
			t.Fatalf("%s %s is answered by %q", operation, body, answer)
		case rec.Code != http.StatusOK && rec.Header().Get("x-amzn-ErrorType") == "":
			t.Fatalf("%s %s: status %d without a type", operation, body, rec.Code)
		}
	})
}

// BenchmarkSignIn is a whole sign-in by code, without the network.
func BenchmarkSignIn(b *testing.B) {
	cfg := config()
	pool, err := userpool.New(cfg, userpool.Options{Invoker: passwordless(), Keys: testKeys()})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := pool.CreateUser(b.Context(), userpool.UserSpec{Email: alice}); err != nil {
		b.Fatal(err)
	}
	post := func(operation, body string) string {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		rec := httptest.NewRecorder()
		pool.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Body)
		}
		return rec.Body.String()
	}
	for b.Loop() {
		started := post("InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+clientID+`","AuthParameters":{"USERNAME":"`+
			alice+`"}}`)
		_, rest, _ := strings.Cut(started, `"Session":"`)
		session, _, _ := strings.Cut(rest, `"`)
		post("RespondToAuthChallenge", `{"ChallengeName":"CUSTOM_CHALLENGE","ClientId":"`+clientID+`","Session":"`+session+
			`","ChallengeResponses":{"USERNAME":"`+alice+`","ANSWER":"`+rightCode+`"}}`)
	}
}
