package route_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/signinpage/route"
)

var _ lambda.Handler = route.Handler(nil)

// A function behind a path answers what came through the distribution, and nothing else.
func TestAFunctionBehindAPathAnswersTheDistributionAlone(t *testing.T) {
	var failure error
	faults := 0
	h := route.Handler(route.Guard(func(_ context.Context, _ bool) (string, error) { return "s", failure },
		func(error) { faults++ }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.Path, " ", route.Origin(r), " ", r.Header.Get(route.SecretHeader))
		})))
	call := func(headers string) string {
		t.Helper()
		out, err := h.Invoke(t.Context(), []byte(`{"version":"2.0","rawPath":"/account/orders","headers":`+headers+
			`,"requestContext":{"http":{"method":"GET"}}}`))
		var answer struct {
			StatusCode int
			Body       string
		}
		if err == nil {
			err = json.Unmarshal(out, &answer)
		}
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(answer.StatusCode, " ", answer.Body)
	}
	const right = `{"x-emailotp-origin":"https://login.example.com","x-emailotp-origin-secret":"s"}`
	for headers, want := range map[string]string{
		right: "200 /account/orders https://login.example.com ",
		`{"x-emailotp-origin":"https://attacker.example"}`:                                 "403 ",
		`{"x-emailotp-origin-secret":""}`:                                                  "403 ",
		`{"x-emailotp-origin-secret":"wrong","x-emailotp-origin":"https://a.example.com"}`: "403 ",
	} {
		if got := call(headers); got != want {
			t.Errorf("%s: %q, want %q", headers, got, want)
		}
	}
	if failure = errors.New("no secret"); call(right) != "503 " || faults != 1 {
		t.Errorf("without the secret: %d faults", faults)
	}
}

// A function links what it imports: the package must bring neither the CDK nor an SDK.
func TestThePackageLinksNoCDK(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		if strings.Contains(dep, "aws/") || strings.Contains(dep, "constructs-go") {
			t.Errorf("the package links %s", dep)
		}
	}
}
