package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what a run found.
type Report struct {
	// Small says that it was a small run.
	Small bool  `json:"small"`
	Rows  []Row `json:"rows"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

func (r *run) report(began time.Time) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Report{Small: r.opts.Small, Rows: slices.Clone(r.rows), Seconds: time.Since(began).Seconds()}
}

// Broken returns how many bounds did not hold.
func (r Report) Broken() int {
	n := 0
	for _, row := range r.Rows {
		if !row.OK {
			n++
		}
	}
	return n
}

// JSON writes the report for programs.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Report
		Broken int `json:"broken"`
	}{r, r.Broken()})
}

// Table writes the report for people.
func (r Report) Table(w io.Writer) error {
	lines := [][]string{{"attack", "mode", "what was tried", "count", "result", "bound", ""}}
	for _, row := range r.Rows {
		verdict := "ok"
		if !row.OK {
			verdict = "BROKEN"
		}
		lines = append(lines, []string{row.Attack, row.Mode, row.Tried, grouped(row.Count), row.Result, row.Bound, verdict})
	}
	var b strings.Builder
	writeColumns(&b, lines)
	for _, row := range r.Rows {
		if !row.OK {
			fmt.Fprintf(&b, "\nBROKEN %s, %s, %s:\n  %s\n", row.Attack, row.Mode, row.Tried, row.Why)
		}
	}
	kind := ""
	if r.Small {
		kind = " (small run: shorter years, fewer samples, no timing)"
	}
	fmt.Fprintf(&b, "\n%d bounds, %d broken, %.0f s%s\n", len(r.Rows), r.Broken(), r.Seconds, kind)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeColumns aligns; numbers stand to the right.
func writeColumns(b *strings.Builder, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	const numbers = 3
	for n, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == numbers:
				b.WriteString(pad + cell + "  ")
			case i == len(line)-1:
				b.WriteString(cell)
			default:
				b.WriteString(cell + pad + "  ")
			}
		}
		b.WriteByte('\n')
		if n == 0 {
			total := 2 * (len(widths) - 1)
			for _, w := range widths {
				total += w
			}
			b.WriteString(strings.Repeat("─", total) + "\n")
		}
	}
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
