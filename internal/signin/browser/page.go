package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// PageOrigin returns the origin of a sign-in page, whose path is "/".
func PageOrigin(page string) (string, error) {
	u, err := url.Parse(page)
	isLoopback, _ := IsLoopback(page)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery+u.Fragment != "" ||
		u.Scheme != "https" && !isLoopback {
		return "", fmt.Errorf("must be the https address of a sign-in page, or http on this machine, such as "+
			"https://login.example.com (received: %q)", page)
	}
	return u.Scheme + "://" + u.Host, nil
}

// Discovered are the members of a sign-in page's document that a sign-in needs.
type Discovered struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
}

// maxDocument is the most that is read of the page's document, in bytes; the page's own has 1,500.
const maxDocument = 64 << 10

// Discover reads the document of the page at an origin of [PageOrigin]. Its endpoints must be of
// the page's origin, since the code and its verifier go there, and hold nothing that a terminal
// obeys, since one is printed. It returns a [*signin.Unavailable] where the page does not answer.
func Discover(ctx context.Context, origin string) (found Discovered, err error) {
	address := origin + "/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return found, err
	}
	client := http.Client{Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return found, &signin.Unavailable{Sentence: "the sign-in page does not answer: " + err.Error()}
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		return found, &signin.Unavailable{Sentence: address + " answers " + response.Status}
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxDocument)).Decode(&found)
	if response.StatusCode != http.StatusOK || err != nil {
		return found, fmt.Errorf("%s must be a JSON document with the endpoints (received: %s)", address, response.Status)
	}
	for name, endpoint := range map[string]string{"authorization_endpoint": found.Authorize, "token_endpoint": found.Token} {
		u, err := url.Parse(endpoint)
		if err != nil || u.String() != endpoint || !strings.HasPrefix(endpoint, origin+"/") {
			return found, fmt.Errorf("%s: %s must be below %s (received: %.200q)", address, name, origin, endpoint)
		}
	}
	if found.Issuer == "" {
		return found, fmt.Errorf("%s: issuer must name the user pool (received: none)", address)
	}
	return found, nil
}
