package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

// Report is the result of a run.
type Report struct {
	Started time.Time `json:"started"`
	Machine Machine   `json:"machine"`
	// Quick means that few samples were taken.
	Quick   bool    `json:"quick"`
	Seconds float64 `json:"seconds"`
	Rows    []*Row  `json:"rows"`
}

// Err returns nil: no measurement is a failure.
func (r Report) Err() error { return nil }

// Table writes the report for people.
func (r Report) Table(w io.Writer) error {
	titles := map[string]string{}
	for _, s := range sections() {
		titles[s.name] = s.title
	}
	cells := [][]string{{"what", "median (quartiles)", "beside", "", "ratio", "target", ""}}
	met, missed, missing := 0, 0, 0
	for _, row := range r.Rows {
		line := []string{row.What, "not measured: " + row.Missing}
		if row.Value != nil {
			line = []string{row.What, row.Value.String(), row.Of, row.Baseline.String(), "",
				row.Target.words(row.Value.Unit), ""}
			if row.Ratio != nil {
				line[4] = digits(*row.Ratio) + " x"
			}
		}
		switch {
		case row.Value == nil:
			missing++
		case row.Met != nil && *row.Met:
			met++
			line[6] = "ok"
		case row.Met != nil:
			missed++
			line[6] = "MISSED"
		}
		cells = append(cells, line)
	}
	var b strings.Builder
	section := ""
	for i, line := range tool.Align(cells, -1) {
		if i > 0 && r.Rows[i-1].Section != section {
			section = r.Rows[i-1].Section
			fmt.Fprintf(&b, "\n%s: %s\n", section, titles[section])
		}
		fmt.Fprintf(&b, "  %s\n", line)
		if i > 0 && r.Rows[i-1].Note != "" {
			fmt.Fprintf(&b, "      %s\n", r.Rows[i-1].Note)
		}
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n%d rows in %.0f s: %d targets met, %d missed, %d not measured\n%s", r.Machine,
		b.String(),
		len(r.Rows), r.Seconds, met, missed, missing, r.Machine.warning())
	return err
}

// Machine is where a report was made.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPU  string `json:"cpu,omitempty"`
	CPUs int    `json:"cpus"`
	Go   string `json:"go"`
	// Node is Node's version, empty without Node.
	Node string `json:"node,omitempty"`
	// LoadBefore and LoadAfter are the load averages of one minute; -1 if the system has none.
	LoadBefore float64 `json:"loadBefore"`
	LoadAfter  float64 `json:"loadAfter"`
}

var modelName = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)

func machine(ctx context.Context) Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Go: runtime.Version(), LoadBefore: loadAverage()}
	info, _ := os.ReadFile("/proc/cpuinfo") // Linux alone has it
	if found := modelName.FindSubmatch(info); found != nil {
		m.CPU = string(found[1])
	}
	if out, err := exec.CommandContext(ctx, "node", "--version").Output(); err == nil {
		m.Node = strings.TrimSpace(string(out))
	}
	return m
}

// String describes the machine in a line.
func (m Machine) String() string {
	node := "no Node"
	if m.Node != "" {
		node = "Node " + strings.TrimPrefix(m.Node, "v")
	}
	return fmt.Sprintf("%s/%s, %d x %s, %s, %s", m.OS, m.Arch, m.CPUs, m.CPU, m.Go, node)
}

// warning returns a line if other work kept the machine busy before the run.
func (m Machine) warning() string {
	if m.LoadBefore <= float64(m.CPUs)/2 {
		return ""
	}
	return fmt.Sprintf("The machine did other work beside (load average %.1f before, %.1f after, on %d CPUs): read the "+
		"ratios with care, and ignore the times.\n",
		m.LoadBefore, m.LoadAfter, m.CPUs)
}

func loadAverage() float64 {
	x := -1.0
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(b), &x)
	}
	return x
}
