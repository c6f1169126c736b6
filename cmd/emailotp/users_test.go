package main

import (
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/announce"
)

func TestUsersAreReadFromTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arg  string
		want announce.User
		err  string
	}{
		{arg: "user@example.com", want: announce.User{Email: "user@example.com"}},
		{arg: "user@example.com:horse", want: announce.User{Email: "user@example.com", Password: "horse"}},
		{arg: "user@example.com:horse:temporary",
			want: announce.User{Email: "user@example.com", Password: "horse", Temporary: true}},
		{arg: "user@example.com:a:b:c", want: announce.User{Email: "user@example.com", Password: "a:b:c"}},
		{arg: "user@example.com:temporary:temporary",
			want: announce.User{Email: "user@example.com", Password: "temporary", Temporary: true}},
		{arg: "user@example.com:", err: "no password behind the colon"},
		{arg: "user@example.com::temporary", err: "no password behind the colon"},
		{arg: "user@example.com:temporary", err: "write user@example.com:PASSWORD:temporary"},
		{arg: "", err: "--user must be EMAIL"},
		{arg: "person:horse", err: `(received: "person:...")`},
		{arg: "Person <user@example.com>", err: "--user must be EMAIL"},
		{arg: "jane..doe@example.com:horse", err: `(received: "jane..doe@example.com:...")`},
	} {
		got, err := parseUser(test.arg)
		if test.err == "" && (err != nil || got != test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.arg, got, err, test.want)
		}
		if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) ||
			strings.Contains(err.Error(), "horse")) {
			t.Errorf("%s: error %v, want one with %q", test.arg, err, test.err)
		}
	}
}
