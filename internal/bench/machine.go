package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where a report was made.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPU  string `json:"cpu,omitempty"`
	CPUs int    `json:"cpus"`
	Go   string `json:"go"`
	// Node is Node's version, empty where there is none.
	Node string `json:"node,omitempty"`
	// LoadBefore and LoadAfter are the load averages of one minute; -1 where the system tells none.
	LoadBefore float64 `json:"loadBefore"`
	LoadAfter  float64 `json:"loadAfter"`
}

func machine(ctx context.Context) Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuName(), CPUs: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: loadAverage()}
	if out, err := exec.CommandContext(ctx, "node", "--version").Output(); err == nil {
		m.Node = strings.TrimSpace(string(out))
	}
	return m
}

// String names the machine in a line.
func (m Machine) String() string {
	node := "no Node"
	if m.Node != "" {
		node = "Node " + strings.TrimPrefix(m.Node, "v")
	}
	name := m.CPU
	if name == "" {
		name = m.Arch
	}
	return fmt.Sprintf("%s/%s, %d x %s, %s, %s", m.OS, m.Arch, m.CPUs, name, m.Go, node)
}

// busy reports whether others kept the machine busy before the run began: what the run itself does
// is in LoadAfter.
func (m Machine) busy() bool { return m.LoadBefore > float64(m.CPUs)/2 }

func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func loadAverage() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return -1
	}
	first, _, _ := strings.Cut(string(b), " ")
	x, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return -1
	}
	return x
}
