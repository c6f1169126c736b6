package doctor_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The version is that which the construct wrote, or that of the release whose zips run.
func TestTheVersionOfTheFunctionsIsNamed(t *testing.T) {
	functions := append(settings.Functions(settings.Password), settings.HandOver, settings.ChangeAddress)
	described := func(a *aws) {
		for _, f := range functions {
			a.in("lambda:GetFunction "+string(f), "Configuration")["Description"] = "EmailOTP " + string(f) + ", version v1.4.0"
		}
	}
	zips := func(a *aws) {
		a.command = doctor.Command{Version: "v1.5.0", Zips: map[string]string{}}
		for i, f := range functions {
			sum := bytes.Repeat([]byte{byte(i)}, 32)
			a.command.Zips["arm64/"+string(f)] = hex.EncodeToString(sum)
			a.in("lambda:GetFunction "+string(f), "Configuration")["CodeSha256"] = base64.StdEncoding.EncodeToString(sum)
		}
	}
	for name, c := range map[string]struct {
		change func(*aws)
		want   string
		words  string
	}{
		"by the construct": {described, "v1.4.0", "of version v1.4.0"},
		"another command": {func(a *aws) { described(a); a.command.Version = "v1.5.0" }, "v1.4.0",
			"of version v1.4.0, and this command of v1.5.0"},
		"zips of the release": {zips, "v1.5.0", "of version v1.5.0"},
		"a zip of another one": {func(a *aws) { zips(a); delete(a.command.Zips, "arm64/pre-token-generation") }, "",
			"not known (pre-token-generation); v1.5.0 (define-auth-challenge"},
		"a checkout": {func(*aws) {}, "", "not known: the app builds them from a directory"},
	} {
		a := healthy(settings.Password)
		c.change(a)
		r := examine(t, a, records())
		if r.Version != c.want || !slices.ContainsFunc(r.Findings,
			func(f doctor.Finding) bool { return strings.Contains(f.What, c.words) }) {
			t.Errorf("%s: %q, %v", name, r.Version, r.Findings)
		}
	}
}
