// Package report has what the attacks found, as a table for a person and as JSON for a program.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

// Row is one attack in one mode and its result.
type Row struct {
	Attack string `json:"attack"`
	// Mode is "password", "passwordless" or, where it makes no difference, "both".
	Mode string `json:"mode"`
	// Tried is what was done, and Count how often.
	Tried string `json:"tried"`
	Count int    `json:"count"`
	// Result is what was observed, Bound what must hold.
	Result string `json:"result"`
	Bound  string `json:"bound"`
	OK     bool   `json:"ok"`
	// Why describes what broke, if OK is false.
	Why string `json:"why,omitempty"`
}

// Report is the result of a run.
type Report struct {
	Small   bool    `json:"small"`
	Rows    []Row   `json:"rows"`
	Seconds float64 `json:"seconds"`
	// Broken is how many bounds did not hold.
	Broken int `json:"broken"`
}

// Err returns an error if a bound broke.
func (r Report) Err() error {
	if r.Broken == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d bounds are broken", r.Broken, len(r.Rows))
}

// Table writes the report as a table.
func (r Report) Table(w io.Writer) error {
	lines := [][]string{{"attack", "mode", "what was tried", "count", "result", "bound", ""}}
	why := ""
	for _, row := range r.Rows {
		verdict := "ok"
		if !row.OK {
			verdict = "BROKEN"
			why += fmt.Sprintf("\nBROKEN %s, %s, %s:\n  %s\n", row.Attack, row.Mode, row.Tried, row.Why)
		}
		lines = append(lines, []string{row.Attack, row.Mode, row.Tried, Grouped(row.Count), row.Result, row.Bound, verdict})
	}
	kind := ""
	if r.Small {
		kind = " (small run: shorter years, fewer samples, no timing)"
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n%d bounds, %d broken, %.0f s%s\n", strings.Join(tool.Align(lines, 3), "\n"), why,
		len(r.Rows), r.Broken, r.Seconds, kind)
	return err
}

// Grouped writes a number with commas between thousands.
func Grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Short writes a duration in hours or minutes.
func Short(d time.Duration) string {
	if d >= time.Hour {
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f min", d.Minutes())
}
