package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// Change changes the address of a user who has just signed in, by the function behind a sign-in
// page with ChangeAddress. All fields are required.
type Change struct {
	// URL is the function's, such as "https://login.example.com/account/email".
	URL string
	// Client makes the requests. It must not follow redirects with the token.
	Client *http.Client
	// Token is the access token of a sign-in of the last 5 minutes.
	Token  string
	Person Person
	// From is the present address, for the prompts; To is the new one.
	From, To string
}

// changeAnswer is what the function answers to both requests.
type changeAnswer struct {
	Digits    int    `json:"digits"`
	ExpiresIn int    `json:"expires_in"`
	SignedOut bool   `json:"signed_out"`
	Error     string `json:"error"`
}

// Run requests a code for both addresses, reads codes from the user until both are right or
// expired, and changes the address. isSignedOut is false where Cognito failed to end the user's
// sign-ins.
func (c Change) Run(ctx context.Context) (isSignedOut bool, err error) {
	started, err := c.post(ctx, "", map[string]string{"email": c.To})
	if err != nil {
		return false, err
	}
	asked := Challenge{CodeLength: started.Digits, AttemptsLeft: -1, Reason: contract.ReasonSent,
		Expires: time.Now().Add(time.Duration(started.ExpiresIn) * time.Second)}
	for {
		var codes [2]string
		for i, address := range []string{c.From, c.To} {
			asked.Destination = address
			if codes[i], err = c.Person.Code(ctx, asked); err != nil {
				return false, err
			}
		}
		done, err := c.post(ctx, "/confirm",
			map[string]string{"email": c.To, "present_code": codes[0], "new_code": codes[1]})
		if done.Error == "wrong_code" {
			c.Person.Tell("One of the two codes is wrong.")
			continue
		}
		return done.SignedOut, err
	}
}

// refusedChanges are the sentences for what the function refuses, by its ids.
var refusedChanges = map[string]string{
	"invalid_address":        "mail can't be sent to the new address",
	"same_address":           "that is the address of the account already",
	"wrong_code":             "one of the two codes is wrong",
	"expired":                "the codes don't count any longer: they are used, too old, or were tried too often",
	"invalid_token":          "the sign-in has ended",
	"login_required":         "the sign-in is older than 5 minutes",
	"administrator_required": "the present address can't get a code: it is not verified, or mail to it came back",
	"not_changed":            "another account has the new address by now, or is just changing to it",
}

// post makes one request. A refusal is a [*Refused] beside the answer.
func (c Change) post(ctx context.Context, path string, body map[string]string) (answer changeAnswer, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(text))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	response, err := c.Client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return answer, ctx.Err()
		}
		return answer, &Unavailable{"the sign-in page does not answer: " + root(err).Error(), err}
	}
	defer response.Body.Close()
	all, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(all, &answer)
	}
	switch sentence := refusedChanges[answer.Error]; {
	case response.StatusCode == http.StatusOK && err == nil:
		return answer, nil
	case sentence != "":
		return answer, &Refused{Sentence: sentence}
	case response.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return answer, &Refused{Sentence: fmt.Sprintf("there were too many requests to change an address; try again in %v",
			max(time.Minute, time.Duration(seconds)*time.Second))}
	case response.StatusCode >= http.StatusInternalServerError:
		return answer, &Unavailable{Sentence: "the change of an address is not available just now"}
	}
	return answer, fmt.Errorf("%s answers %s, as no function that changes addresses does", c.URL, response.Status)
}
