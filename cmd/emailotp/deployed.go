package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
	if _, err := browser.PageOrigin(f.page); f.page != "" && err != nil {
		errs = append(errs, fmt.Errorf("--page %w", err))
	}
	return errs
}

// deployedPage returns the origin of the page and the client's id.
func (f signInFlags) deployedPage() (origin, client string, err error) {
	page, client := f.page, f.clientID
	if f.from != "" {
		found, err := f.pageOutputs()
		if err != nil {
			return "", "", hint(err, "give the page's address by --page")
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
	origin, err = browser.PageOrigin(page)
	return origin, client, err
}

// pageOutputs reads the outputs of a stack with a sign-in page from the file of --from.
func (f signInFlags) pageOutputs() (outputs.Page, error) {
	data, err := os.ReadFile(f.from)
	if err != nil {
		return outputs.Page{}, err
	}
	page, err := outputs.ReadPage(data, f.stack)
	if err != nil {
		err = fmt.Errorf("%s: %w", f.from, err)
	}
	return page, err
}

// runDeployed signs in by redirect on a deployed page. The page's own document names the endpoints.
func (f signInFlags) runDeployed(ctx context.Context, s streams) (signin.Tokens, error) {
	origin, client, err := f.deployedPage()
	if err != nil {
		return signin.Tokens{}, err
	}
	found, err := browser.Discover(ctx, origin)
	if err != nil {
		return signin.Tokens{}, hint(err, "is this the address of a sign-in page that apps redirect to? docs/clients.md")
	}
	session := &browser.SignIn{AuthorizeURL: found.Authorize, TokenURL: found.Token, Issuer: found.Issuer,
		ClientID: client, Callback: f.callback, User: f.user, IsSignUp: f.signUp,
		Show: func(address string) { f.show(s, address, "") }}
	tokens, err := session.Run(ctx)
	return tokens, advise(err, target{})
}
