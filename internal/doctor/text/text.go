// Package text prints what the doctor found, for a person.
package text

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

var titles = map[doctor.Level]string{doctor.Broken: "Broken", doctor.Doubtful: "Doubtful",
	doctor.Unseen: "Not seen", doctor.Advice: "Advice", doctor.Right: "Right"}

// Findings prints the findings under a heading for each level. Sentences are not broken into
// lines: terminals do that at any width.
func Findings(w io.Writer, r *doctor.Report) error {
	p, text := terminal.Paint(w), &strings.Builder{}
	fmt.Fprintf(text, "%s (%s, mode %s, user pool %s, functions of version %s)\n", p.Bold("stack "+r.Stack), r.Region,
		orNone(r.Mode), orNone(terminal.Printable(r.PoolID)), orNone(terminal.Printable(r.Version)))
	colours := map[doctor.Level]func(string) string{doctor.Broken: p.Red, doctor.Doubtful: p.Yellow,
		doctor.Unseen: p.Faint, doctor.Advice: p.Bold, doctor.Right: p.Green}
	for _, level := range doctor.Levels() {
		for i, f := range r.Has(level) {
			if i == 0 {
				fmt.Fprintf(text, "\n%s\n", colours[level](titles[level]))
			}
			fmt.Fprintf(text, "  %s: %s\n", f.Area, terminal.Printable(f.What))
			if f.Remedy != "" {
				fmt.Fprintf(text, "    remedy: %s\n", terminal.Printable(f.Remedy))
			}
			if f.Command != "" {
				fmt.Fprintf(text, "    %s\n", p.Faint(terminal.Printable(f.Command)))
			}
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// Proof prints the walk and the settled points.
func Proof(w io.Writer, proof *live.Proof) error {
	p, text := terminal.Paint(w), &strings.Builder{}
	fmt.Fprintf(text, "\n%s\n", p.Bold("Sign-in"))
	for _, s := range proof.Steps {
		fmt.Fprintf(text, "  %s: %s (%d ms)\n", s.Name, terminal.Printable(s.Outcome),
			s.Took.Round(time.Millisecond).Milliseconds())
	}
	for _, t := range proof.Triggers {
		start := ""
		if t.Start > 0 {
			start = fmt.Sprintf(", the longest start %.0f ms", t.Start)
		}
		fmt.Fprintf(text, "  %s, of all users meanwhile: %s, the slowest %.0f ms%s\n", t.Function,
			terminal.Count(t.Calls, "call"), t.Slowest, start)
	}
	fmt.Fprintf(text, "\n%s\n", p.Bold("What AWS's documents leave open"))
	for _, point := range proof.Points {
		fmt.Fprintf(text, "  %s %s: %s\n", point.Question, p.Bold(point.Answer), terminal.Printable(point.Reason))
	}
	switch {
	case len(proof.Left) > 0:
		fmt.Fprintf(text, "\n%s\n", p.Red("Not removed: "+terminal.Printable(strings.Join(proof.Left, ", "))+
			"\nLook at each by emailotp users show, and delete it by emailotp users delete SUB; one that an address names may "+
			"be another's"))
	default:
		fmt.Fprintf(text, "\nremoved: %s\n", terminal.Count(proof.Removed, "user"))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func orNone(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
