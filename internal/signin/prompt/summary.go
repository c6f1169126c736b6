package prompt

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// Summarize prints who signed in, without the tokens themselves.
func Summarize(w io.Writer, t signin.Tokens) error {
	id, err := signin.Decode(t.ID)
	if err != nil {
		return err
	}
	access, err := signin.Decode(t.Access)
	if err != nil {
		return err
	}
	p := terminal.Paint(w)
	verified := "not verified"
	if id.EmailVerified {
		verified = "verified"
	}
	fmt.Fprintf(w, "%s as %s\n", p.Green("Signed in"), p.Bold(id.Email))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"user", id.Sub},
		{"e-mail", id.Email + ", " + verified},
		{"issuer", id.Issuer},
		{"app client", id.Audience},
		{"scope", access.Scope},
		{"valid until", validity(access)},
		{"refresh token", map[bool]string{true: "yes", false: "no"}[t.Refresh != ""]},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, p.Faint("The tokens themselves are printed with --json."))
	return err
}

func validity(c signin.Claims) string {
	until, life := time.Unix(c.ExpiresAt, 0), time.Duration(c.ExpiresAt-c.IssuedAt)*time.Second
	return until.Format("2006-01-02 15:04:05 -0700") + ", " + strings.TrimSuffix(life.String(), "0s") + " in all"
}
