// Package text prints what the check of the mails found, for a person.
package text

import (
	"fmt"
	"io"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// Checked is what a check of the mails found. Its JSON is what --check --json prints. Errors is how
// many findings must be mended.
type Checked struct {
	Mails    []preview.Report  `json:"mails"`
	Warnings []compile.Warning `json:"warnings"`
	Errors   int               `json:"errors"`
}

// Print prints each finding once, with the number of the mails that have it too.
func (c Checked) Print(w io.Writer) error {
	colours := terminal.Paint(w)
	sizes := []int{}
	count := map[check.Finding]int{} // a template of one's own has the same finding in every mail
	for _, r := range c.Mails {
		for _, f := range r.Findings {
			count[f]++
		}
	}
	for _, r := range c.Mails {
		sizes = append(sizes, r.Bytes)
		for _, f := range r.Findings {
			n := count[f]
			if n == 0 {
				continue
			}
			count[f] = 0
			severity, others := colours.Yellow(string(f.Severity)), ""
			if f.Severity == check.Error {
				severity = colours.Red(string(f.Severity))
			}
			if n > 1 {
				others = fmt.Sprintf(" (and in %s)", terminal.Plural(n-1, "other mail", "other mails"))
			}
			fmt.Fprintf(w, "%s, %s, %s code: %s %s: %s%s\n", r.Language, r.Mode, r.Code, severity, f.Rule, f.Text, others)
		}
	}
	for _, warning := range c.Warnings {
		fmt.Fprintf(w, "%s: %s strings: %s\n", warning.Language, colours.Yellow(string(check.Warning)), warning)
	}
	_, err := fmt.Fprintf(w, "%d mails checked, %d errors; HTML of %d to %d bytes\n", len(c.Mails), c.Errors,
		slices.Min(sizes), slices.Max(sizes))
	return err
}
