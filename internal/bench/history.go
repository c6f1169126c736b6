package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// HistoryFile has a line of JSON for each recorded run, below the app's directory.
const HistoryFile = "internal/bench/history.jsonl"

// Entry is a line of the history. Only ratios are kept, and what is the same on every machine: times of
// different machines can't be compared.
type Entry struct {
	// Date is the run's day.
	Date string `json:"date"`
	// Parent is the commit on which the measured source was based, with a "+" for changes upon it.
	Parent string `json:"parent"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Node   string `json:"node,omitempty"`
	// Load is the load average before the run.
	Load float64 `json:"load"`
	// Ratios are by section and row, "cold: create-auth-challenge: start to first /next".
	Ratios map[string]float64 `json:"ratios"`
	// Sizes, Allocations and Calls are values.
	Values map[string]float64 `json:"values"`
}

// exact are the sections whose values don't depend on the machine.
var exact = map[string]bool{"size": true, "calls": true}

// Record appends the report to the history in the app's directory.
func (r Report) Record(ctx context.Context, app string) error {
	parent, err := commit(ctx, app)
	if err != nil {
		return err
	}
	e := Entry{Date: r.Started.Format("2006-01-02"), Parent: parent, CPU: r.Machine.CPU, CPUs: r.Machine.CPUs, Go: r.Machine.Go,
		Node: r.Machine.Node, Load: r.Machine.LoadBefore, Ratios: map[string]float64{}, Values: map[string]float64{}}
	for _, row := range r.Rows {
		name := row.Section + ": " + row.What
		switch {
		case row.Value == nil:
		case exact[row.Section] || row.Value.Unit == "allocations":
			e.Values[name] = row.Value.Median
		case row.Ratio != nil:
			e.Ratios[name] = math.Round(*row.Ratio*1000) / 1000
		}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(app, HistoryFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

func commit(ctx context.Context, dir string) (string, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0") // status writes the index otherwise
		var words bytes.Buffer
		cmd.Stderr = &words
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("record: git %s: %w: %s", args[0], err, bytes.TrimSpace(words.Bytes()))
		}
		return strings.TrimSpace(string(out)), nil
	}
	head, err := git("rev-parse", "HEAD")
	if err != nil {
		return "", err
	}
	changed, err := git("status", "--porcelain")
	if err == nil && changed != "" {
		head += "+"
	}
	return head, err
}
