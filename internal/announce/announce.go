// Package announce prints what a person needs of a running sandbox: its addresses, its users and
// the commands to sign in.
package announce

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// DefaultUser is the address of the user that `dev` creates without --user.
const DefaultUser = "user@example.com"

// User is a user whom `dev` creates, with the password that it prints.
type User struct {
	Email     string `json:"email"`
	Password  string `json:"password,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`
}

// Ready is what there is to know of a running sandbox. Its JSON is the first line of `dev --json`.
type Ready struct {
	Event     string         `json:"event"` // "ready"
	Config    sandbox.Config `json:"config"`
	ReadyFile string         `json:"readyFile"`
	Assembly  string         `json:"assembly"`
	Triggers  []string       `json:"triggers"`
	Users     []User         `json:"users"`
	// ExampleURL is the example app's address; empty without --example.
	ExampleURL string   `json:"exampleUrl,omitempty"`
	Report     []string `json:"report"`
	// Program is how this program is called again. IsDefaultFile is true where its commands find
	// the ready file by themselves.
	Program       string `json:"-"`
	IsDefaultFile bool   `json:"-"`
}

// Print prints the addresses, what is not as on AWS, the users and the commands to sign in.
func (r Ready) Print(out io.Writer, p terminal.Painter) {
	c := r.Config
	fmt.Fprintf(out, "\n%s is running: %s, mode %s\n\n", p.Bold("EmailOTP"), c.Stack, p.Bold(string(c.Mode)))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"user pool", c.UserPoolID}, {"app client", c.UserPoolClientID}, {"triggers", strings.Join(r.Triggers, ", ")},
		{"API", c.Endpoint}, {"inbox", c.InboxURL}, {"assembly", terminal.Path(r.Assembly)}, {"ready file", r.ReadyFile},
	} {
		fmt.Fprintf(w, "  %s\t%s\n", row[0], row[1])
	}
	if c.SignInURL != "" {
		fmt.Fprintf(w, "  sign-in page\t%s\n", c.SignInURL)
	}
	if c.OAuth != nil {
		fmt.Fprintf(w, "  OAuth\t%s\n", c.OAuth.DiscoveryURL)
		for _, client := range c.OAuth.Clients {
			fmt.Fprintf(w, "  OAuth client\t%s for %s\n", client.ClientID, strings.Join(client.CallbackURLs, ", "))
		}
	}
	if r.ExampleURL != "" {
		fmt.Fprintf(w, "  example app\t%s\n", p.Bold(r.ExampleURL))
	}
	if c.TLS != nil {
		fmt.Fprintf(w, "  by https\t%s (certificate %s)\n", c.TLS.DiscoveryURL, terminal.Path(c.TLS.CertificateFile))
	}
	w.Flush()
	if len(r.Report) > 0 {
		fmt.Fprintln(out, "\nNot as on AWS:")
		for _, line := range merged(r.Report) {
			fmt.Fprintln(out, "  - "+line)
		}
	}
	if len(r.Users) > 0 {
		fmt.Fprintln(out, "\nUsers:")
		for _, u := range r.Users {
			fmt.Fprintln(out, "  "+u.describe())
		}
	}
	fmt.Fprintln(out, "\nSign in from another terminal; the code is in the inbox:")
	for _, command := range r.signInCommands() {
		fmt.Fprintln(out, "  "+p.Bold(command))
	}
	fmt.Fprintln(out, "\nCtrl-C stops it. Calls of the triggers follow.")
}

// merged replaces lines that are the same for several functions by one: "4 functions: the asset is
// for ...".
func merged(report []string) []string {
	count := map[string]int{}
	for _, line := range report {
		count[ofFunction(line)]++
	}
	var lines []string
	for _, line := range report {
		what := ofFunction(line)
		switch n := count[what]; {
		case what == "" || n == 1:
			lines = append(lines, line)
		case n > 1:
			lines = append(lines, fmt.Sprintf("%d functions: %s", n, what))
			count[what] = 0
		}
	}
	return lines
}

// ofFunction returns what a line reports about a function, and "" for other lines.
func ofFunction(line string) string {
	if !strings.HasPrefix(line, "function ") {
		return ""
	}
	_, what, _ := strings.Cut(line, ": ")
	return what
}

// describe returns the address, and the password for who signs in.
func (u User) describe() string {
	switch {
	case u.Password == "":
		return u.Email
	case u.Temporary:
		return u.Email + "  temporary password " + u.Password
	}
	return u.Email + "  password " + u.Password
}

// signInCommands returns commands that work unchanged in the working directory.
func (r Ready) signInCommands() []string {
	at := ""
	if !r.IsDefaultFile {
		at = " --ready-file " + terminal.Quote(r.ReadyFile)
	}
	command := r.Program + " sign-in" + at
	user := DefaultUser
	if len(r.Users) > 0 {
		user = r.Users[0].Email
	}
	all := []string{command + " --user " + terminal.Quote(user)}
	if string(r.Config.Mode) == signin.Passwordless {
		all = append(all, command+" --user new@example.com --sign-up")
	}
	if r.ExampleURL != "" {
		all = append(all, command+" --browser")
	}
	if r.Config.ChangeAddressURL != "" {
		all = append(all, r.Program+" change-address"+at+" --user "+terminal.Quote(user)+" --to new@example.com")
	}
	return all
}
