package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheClientOfADeployedPageIsChosenByItsName(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "outputs.json")
	write := func(clients string) {
		t.Helper()
		text := `{"Shop": {"UserPoolClientId": "page", "SignInUrl": "https://login.example.com/"` + clients + `}}`
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
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
