package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64
	Output      string
	ImportPath  string // of a build
	FailedBuild string
}

// summary counts tests over several runs and prints what is worth reading.
type summary struct {
	out     io.Writer
	verbose bool

	passed, failed, skipped int
	bad                     []string // names, for the end
	reasons                 []string // of skips
	output                  map[string][]string
	inPackage               map[string]int // packages run side by side
}

// test runs one group.
func (s *summary) test(ctx context.Context, g group) error {
	cmd := exec.CommandContext(ctx, "go", g.args()...)
	cmd.Env = append(os.Environ(), g.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failedBefore := len(s.bad)
	s.read(pipe)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err
	}
	if err != nil && len(s.bad) == failedBefore && ctx.Err() == nil {
		return fmt.Errorf("go test failed without a failed test: %w", err)
	}
	return nil
}

// read takes the events of a run. Lines that are none are passed on.
func (s *summary) read(r io.Reader) {
	s.output, s.inPackage = map[string][]string{}, map[string]int{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				s.take(e)
			} else {
				fmt.Fprint(s.out, string(line))
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *summary) take(e event) {
	key := e.Package + " " + e.Test
	switch {
	case e.Action == "build-output":
		s.output[e.ImportPath] = append(s.output[e.ImportPath], e.Output)
	case e.Action == "output":
		s.output[key] = append(s.output[key], e.Output)
	case e.Test != "":
		s.takeTest(e, key)
	default:
		s.takePackage(e, key)
	}
}

func (s *summary) takeTest(e event, key string) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		s.reasons = append(s.reasons, e.Test+": "+reason(s.output[key]))
	case "fail":
		s.failed++
		s.bad = append(s.bad, short(e.Package)+" "+e.Test)
		fmt.Fprintf(s.out, "--- FAIL: %s (%.1f s)\n%s", e.Test, e.Elapsed, strings.Join(s.output[key], ""))
	default:
		return
	}
	if s.verbose {
		fmt.Fprintf(s.out, "    %s %s (%.1f s)\n", e.Action, e.Test, e.Elapsed)
	}
	s.inPackage[e.Package]++
	delete(s.output, key)
}

func (s *summary) takePackage(e event, key string) {
	switch e.Action {
	case "pass", "skip":
		fmt.Fprintf(s.out, "  ok    %-40s %6.1f s  %d tests\n", short(e.Package), e.Elapsed, s.inPackage[e.Package])
	case "fail":
		fmt.Fprintf(s.out, "  FAIL  %-40s %6.1f s\n", short(e.Package), e.Elapsed)
		name := short(e.Package)
		// A failure without a failed test: it didn't compile, panicked, or ran out of time.
		if !slices.ContainsFunc(s.bad, func(b string) bool { return strings.HasPrefix(b, name+" ") }) {
			s.failed++
			s.bad = append(s.bad, name)
		}
		fmt.Fprint(s.out, strings.Join(s.output[e.FailedBuild], ""), strings.Join(s.output[key], ""))
	default:
		return
	}
	delete(s.inPackage, e.Package)
	for k := range s.output { // what is left was output of tests that never ended
		if strings.HasPrefix(k, e.Package+" ") {
			if e.Action == "fail" && k != key {
				fmt.Fprint(s.out, strings.Join(s.output[k], ""))
			}
			delete(s.output, k)
		}
	}
}

func (s *summary) failures() bool { return s.failed > 0 }

// close prints the end: what was skipped and why, what failed, and the counts.
func (s *summary) close(took time.Duration) {
	fmt.Fprintln(s.out)
	for _, r := range s.reasons {
		fmt.Fprintln(s.out, "skipped:", r)
	}
	for _, name := range s.bad {
		fmt.Fprintln(s.out, "failed:", name)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped in %v\n", s.passed, s.failed, s.skipped, took.Round(time.Second))
}

// reason is the sentence of a skip among what the test printed.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, text, _ = strings.Cut(text, ": ")
			return text
		}
		return line
	}
	return "no reason given"
}

// short cuts the module off a package's path.
func short(path string) string {
	_, rest, ok := strings.Cut(path, "/cdk-emailotp")
	switch {
	case !ok:
		return path
	case rest == "":
		return "."
	}
	return strings.TrimPrefix(rest, "/")
}
