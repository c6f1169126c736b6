package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// readyEvent is the first line of `dev --json`.
type readyEvent struct {
	Event     string         `json:"event"` // "ready"
	Config    sandbox.Config `json:"config"`
	ReadyFile string         `json:"readyFile"`
	Assembly  string         `json:"assembly"`
	Triggers  []string       `json:"triggers"`
	Users     []seeded       `json:"users"`
	// ExampleURL is the example app's address; empty without --example.
	ExampleURL string   `json:"exampleUrl,omitempty"`
	Report     []string `json:"report"`
}

// announce prints the addresses and the commands to sign in.
func (d *dev) announce(sb *sandbox.Sandbox, users []seeded) error {
	e := readyEvent{Event: "ready", Config: sb.Config(), ReadyFile: d.flags.readyFile, Assembly: d.flags.assembly,
		Users: append([]seeded{}, users...), Report: append([]string{}, sb.Report()...)}
	for _, t := range sb.Triggers() {
		e.Triggers = append(e.Triggers, string(t))
	}
	if d.exampleListener != nil {
		e.ExampleURL = d.exampleURL() + "/"
	}
	if d.flags.json {
		return json.NewEncoder(d.out).Encode(e)
	}
	d.announceHuman(e)
	return nil
}

func (d *dev) announceHuman(e readyEvent) {
	p, c := d.paint, e.Config
	fmt.Fprintf(d.out, "\n%s is running: %s, mode %s\n\n", p.Bold("EmailOTP"), c.Stack, p.Bold(string(c.Mode)))
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"user pool", c.UserPoolID}, {"app client", c.UserPoolClientID}, {"triggers", strings.Join(e.Triggers, ", ")},
		{"API", c.Endpoint}, {"inbox", c.InboxURL}, {"assembly", display(e.Assembly)}, {"ready file", e.ReadyFile},
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
	if e.ExampleURL != "" {
		fmt.Fprintf(w, "  example app\t%s\n", p.Bold(e.ExampleURL))
	}
	if c.TLS != nil {
		fmt.Fprintf(w, "  by https\t%s (certificate %s)\n", c.TLS.DiscoveryURL, display(c.TLS.CertificateFile))
	}
	w.Flush()
	if len(e.Report) > 0 {
		fmt.Fprintln(d.out, "\nNot as on AWS:")
		for _, line := range merged(e.Report) {
			fmt.Fprintln(d.out, "  - "+line)
		}
	}
	if len(e.Users) > 0 {
		fmt.Fprintln(d.out, "\nUsers:")
		for _, u := range e.Users {
			fmt.Fprintln(d.out, "  "+u.describe())
		}
	}
	fmt.Fprintln(d.out, "\nSign in from another terminal; the code is in the inbox:")
	for _, command := range d.signInCommands(e) {
		fmt.Fprintln(d.out, "  "+p.Bold(command))
	}
	fmt.Fprintln(d.out, "\nCtrl-C stops it. Calls of the triggers follow.")
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

func (u seeded) describe() string {
	switch {
	case u.Password == "":
		return u.Email
	case u.Temporary:
		return u.Email + "  temporary password " + u.Password
	}
	return u.Email + "  password " + u.Password
}

// signInCommands returns commands that work unchanged in the working directory.
func (d *dev) signInCommands(e readyEvent) []string {
	at := ""
	if e.ReadyFile != defaultReadyFile {
		at = " --ready-file " + quote(e.ReadyFile)
	}
	command := self() + " sign-in" + at
	user := defaultUser
	if len(e.Users) > 0 {
		user = e.Users[0].Email
	}
	all := []string{command + " --user " + quote(user)}
	if string(e.Config.Mode) == signin.Passwordless {
		all = append(all, command+" --user new@example.com --sign-up")
	}
	if d.exampleListener != nil {
		all = append(all, command+" --browser")
	}
	if e.Config.ChangeAddressURL != "" {
		all = append(all, self()+" change-address"+at+" --user "+quote(user)+" --to new@example.com")
	}
	return all
}

// self returns the name by which this program can be called again.
func self() string {
	name := os.Args[0]
	if strings.Contains(name, "go-build") { // a program of `go run`
		return "go run ./cmd/emailotp"
	}
	if !strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if filepath.IsAbs(name) {
		if short := display(name); !strings.HasPrefix(short, "..") && !filepath.IsAbs(short) {
			return "." + string(filepath.Separator) + short
		}
	}
	return quote(name)
}

// quote quotes an argument for a POSIX shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
