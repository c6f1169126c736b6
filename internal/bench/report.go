package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what a run measured.
type Report struct {
	Started time.Time `json:"started"`
	Machine Machine   `json:"machine"`
	// Quick says that few samples were taken.
	Quick   bool    `json:"quick"`
	Seconds float64 `json:"seconds"`
	Rows    []Row   `json:"rows"`
}

// JSON writes the report for programs. Times are in seconds, sizes in bytes.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Table writes the report for people. A row's verdict judges its target; no time is ever a failure.
func (r Report) Table(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.Machine)
	titles := map[string]string{}
	for _, s := range sections() {
		titles[s.name] = s.title
	}
	section := ""
	lines := [][]string{{"what", "median (quartiles)", "beside", "", "ratio", "target", ""}}
	starts := map[int]string{}
	for _, row := range r.Rows {
		if row.Section != section {
			section = row.Section
			starts[len(lines)] = section + ": " + titles[section]
		}
		lines = append(lines, row.cells())
	}
	widths := make([]int, len(lines[0]))
	for _, l := range lines {
		if l[1] == "" && len(l[2]) > 0 {
			continue
		}
		for i, cell := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, l := range lines {
		if title, ok := starts[i]; ok {
			fmt.Fprintf(&b, "\n%s\n", title)
		}
		b.WriteString(strings.TrimRight("  "+join(l, widths), " ") + "\n")
		if i > 0 && r.Rows[i-1].Note != "" {
			fmt.Fprintf(&b, "      %s\n", r.Rows[i-1].Note)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func join(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(c)
		b.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(c))+2))
	}
	return b.String()
}

func (r Row) cells() []string {
	if r.Value == nil {
		return []string{r.What, "", "not measured: " + r.Missing, "", "", "", ""}
	}
	cells := []string{r.What, r.Value.String(), r.Of, r.Baseline.String(), "", r.Target.words(r.Value.Unit), ""}
	if r.Ratio != nil {
		cells[4] = digits(*r.Ratio) + " x"
	}
	if r.Met != nil {
		cells[6] = map[bool]string{true: "ok", false: "MISSED"}[*r.Met]
	}
	return cells
}

func (r Report) summary() string {
	met, missed, missing := 0, 0, 0
	for _, row := range r.Rows {
		switch {
		case row.Value == nil:
			missing++
		case row.Met != nil && *row.Met:
			met++
		case row.Met != nil:
			missed++
		}
	}
	s := fmt.Sprintf("%d rows in %.0f s: %d targets met, %d missed, %d not measured", len(r.Rows), r.Seconds, met, missed, missing)
	if r.Machine.busy() {
		s += fmt.Sprintf("\nThe machine did other work beside (load average %.1f before, %.1f after, on %d CPUs): take the ratios with care, and the times not at all.",
			r.Machine.LoadBefore, r.Machine.LoadAfter, r.Machine.CPUs)
	}
	return s
}
