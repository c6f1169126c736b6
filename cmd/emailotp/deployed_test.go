package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

func TestTheClientOfADeployedPageIsChosenByItsName(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "outputs.json")
	write := func(clients string) {
		t.Helper()
		disk.Write(t, file, `{"Shop": {"UserPoolClientId": "page", "SignInUrl": "https://login.example.com/"`+clients+`}}`)
	}
	for _, c := range []struct{ clients, flag, want string }{
		{`, "ClientIdCli": "c1"`, "", "c1"},
		{`, "ClientIdCli": "c1", "ClientIdWeb": "w1"`, "Web", "w1"},
		{`, "ClientIdCli": "c1"`, "4rk1", "4rk1"}, // an id
		{`, "ClientIdCli": "c1", "ClientIdWeb": "w1"`, "", "(the stack has: Cli, Web)"},
		{"", "", "(the stack has: no output of one)"},
	} {
		write(c.clients)
		origin, client, err := signInFlags{from: file, clientID: c.flag}.deployedPage()
		if err != nil {
			client = err.Error()
		}
		if !strings.HasSuffix(client, c.want) || err == nil && origin != "https://login.example.com" {
			t.Errorf("%s with --client-id %q: %s %s, want %s", c.clients, c.flag, origin, client, c.want)
		}
	}
}

// Beside the pool and the client, the outputs name the function that changes addresses.
func TestTheFunctionOfADeployedPageIsBelowItsAddress(t *testing.T) {
	f := changeFlags{signInFlags: signInFlags{from: filepath.Join(t.TempDir(), "outputs.json")}}
	for page, want := range map[string]string{
		"https://login.example.com/": "https://login.example.com/account/email",
		"http://login.example.com/":  "",
	} {
		disk.Write(t, f.from, `{"Shop": {"UserPoolClientId": "x", "SignInUrl": "`+page+`"}}`)
		if got, err := f.function(); want != "" && (got != want || err != nil) || want == "" && err == nil {
			t.Errorf("%s: %s, %v", page, got, err)
		}
	}
}
