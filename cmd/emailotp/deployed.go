package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/browser"
)

// checkPage reports what is wrong with the flags of a deployed page.
func (f *signInFlags) checkPage() []error {
	var errs []error
	deployed := f.page+f.from != ""
	if f.page != "" && f.from != "" {
		errs = append(errs, errors.New("--page and --from exclude each other; give one"))
	}
	if f.stack != "" && f.from == "" {
		errs = append(errs, errors.New("--stack goes with --from"))
	}
	if f.browser && f.clientID != "" && !deployed {
		errs = append(errs, errors.New("--client-id goes with --page or --from; the sandbox's client is the --callback's"))
	}
	if f.browser && f.page != "" && f.clientID == "" {
		errs = append(errs, errors.New("--client-id must name a public client of the page (received: none)"))
	}
	if f.browser && deployed && f.callback == "" {
		errs = append(errs, errors.New("--callback must name a callback of the client on this machine, such as "+
			"http://127.0.0.1:9315/callback (received: none)"))
	}
	if _, err := pageOrigin(f.page); f.page != "" && err != nil {
		errs = append(errs, fmt.Errorf("--page %w", err))
	}
	return errs
}

// pageOrigin returns the origin of a sign-in page, whose path is "/".
func pageOrigin(page string) (string, error) {
	u, err := url.Parse(page)
	isLoopback, _ := browser.IsLoopback(page)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery+u.Fragment != "" ||
		u.Scheme != "https" && !isLoopback {
		return "", fmt.Errorf("must be the https address of a sign-in page, or http on this machine, such as "+
			"https://login.example.com (received: %q)", page)
	}
	return u.Scheme + "://" + u.Host, nil
}

// deployedPage returns the origin of the page and the client's id.
func (f signInFlags) deployedPage() (origin, client string, err error) {
	page, client := f.page, f.clientID
	if f.from != "" {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return "", "", err
		}
		found, err := outputs.ReadPage(data, f.stack)
		if err != nil {
			return "", "", hint(fmt.Errorf("%s: %w", f.from, err), "give the page's address by --page")
		}
		page = found.URL
		names := slices.Sorted(maps.Keys(found.Clients))
		if client == "" && len(names) != 1 {
			return "", "", fmt.Errorf("--client-id must choose a client (the stack has: %s)",
				cmp.Or(strings.Join(names, ", "), "no output of one"))
		} else if client == "" {
			client = names[0]
		}
		client = cmp.Or(found.Clients[client], client)
	}
	origin, err = pageOrigin(page)
	return origin, client, err
}

// runDeployed signs in by redirect on a deployed page. The page's own document names the endpoints.
func (f signInFlags) runDeployed(ctx context.Context, s streams) (signin.Tokens, error) {
	origin, client, err := f.deployedPage()
	if err != nil {
		return signin.Tokens{}, err
	}
	found, err := discover(ctx, origin)
	if err != nil {
		return signin.Tokens{}, hint(err, "is this the address of a sign-in page that apps redirect to? docs/clients.md")
	}
	session := &browser.SignIn{AuthorizeURL: found.Authorize, TokenURL: found.Token, Issuer: found.Issuer,
		ClientID: client, Callback: f.callback, User: f.user, IsSignUp: f.signUp,
		Show: func(address string) { f.show(s, address, "") }}
	tokens, err := session.Run(ctx)
	return tokens, advise(err, target{})
}

// discovered are the members of the page's document that a sign-in needs.
type discovered struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
}

// maxDocument is the most that is read of the page's document, in bytes; the page's own has 1,500.
const maxDocument = 64 << 10

// discover reads the page's document. Its endpoints must be of the page's origin, since the code
// and its verifier go there, and hold nothing that a terminal obeys, since one is printed.
func discover(ctx context.Context, origin string) (found discovered, err error) {
	address := origin + "/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return found, err
	}
	client := http.Client{Timeout: requestTimeout,
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
