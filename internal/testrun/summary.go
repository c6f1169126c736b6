package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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

// summary counts tests over several runs at once and prints what is worth reading.
type summary struct {
	out     io.Writer
	verbose bool

	mu                      sync.Mutex
	passed, failed, skipped int
	bad                     []string // names, for the end
	reasons                 []string // of skips
	output                  map[string][]string
	inPackage               map[string]int
	left                    map[string]bool // packages that have not ended, of the running jobs
	done, total             int             // packages and commands
	running                 []*job
	ticker                  *time.Timer
}

func newSummary(out io.Writer, verbose bool) *summary {
	return &summary{out: out, verbose: verbose, output: map[string][]string{}, inPackage: map[string]int{},
		left: map[string]bool{}}
}

// begin and end keep the list of running jobs.
func (s *summary) begin(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, j)
	for _, p := range j.packages {
		s.left[p] = true
	}
	what := j.name
	if n := len(j.packages); n > 1 {
		what = fmt.Sprintf("%s, %d packages", j.name, n)
	}
	s.printf("%7s  starts  %s\n", "", what)
}

func (s *summary) end(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = slices.DeleteFunc(s.running, func(r *job) bool { return r == j })
	for _, p := range j.packages {
		delete(s.left, p)
	}
}

// tick names what is running, when nothing was printed for a while.
func (s *summary) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) == 0 {
		return
	}
	var names []string
	for _, j := range s.running {
		name := j.name
		if len(j.packages) > 1 {
			n, example := 0, ""
			for _, p := range j.packages {
				if s.left[p] {
					n++
					example = short(p)
				}
			}
			name = fmt.Sprintf("%s (%d left, such as %s)", j.name, n, example)
		}
		names = append(names, name)
	}
	s.printf("%7s  runs    %s\n", s.progress(), strings.Join(names, "; "))
}

func (s *summary) progress() string { return fmt.Sprintf("%d/%d", s.done, s.total) }

// printf prints and puts the next tick off.
func (s *summary) printf(format string, args ...any) {
	fmt.Fprintf(s.out, format, args...)
	if s.ticker != nil {
		s.ticker.Reset(quiet)
	}
}

// command reports the end of a command that is no test.
func (s *summary) command(j *job, took time.Duration, err error, output string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if err == nil {
		s.printf("%7s  ok      %-40s %6.1f s\n", s.progress(), j.name, took.Seconds())
		return
	}
	s.failed++
	s.bad = append(s.bad, j.name)
	s.printf("%7s  FAIL    %-40s %6.1f s\n%s\n%v\n", s.progress(), j.name, took.Seconds(), output, err)
}

// skipJob reports a job whose condition failed.
func (s *summary) skipJob(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done += len(j.packages)
	for _, p := range j.packages {
		s.failed++
		s.bad = append(s.bad, short(p)+", not run: "+j.after.name+" failed")
	}
}

// read takes the events of a run until its end and reports whether a package failed. Lines that are
// no events are passed on.
func (s *summary) read(r io.Reader) (failed bool) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				s.take(e)
				failed = failed || e.Action == "fail"
			} else {
				s.mu.Lock()
				fmt.Fprint(s.out, string(line))
				s.mu.Unlock()
			}
		}
		if err != nil {
			return failed
		}
	}
}

func (s *summary) take(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
		s.printf("--- FAIL: %s (%.1f s)\n%s", e.Test, e.Elapsed, strings.Join(s.output[key], ""))
	default:
		return
	}
	if s.verbose {
		s.printf("    %s %s (%.1f s)\n", e.Action, e.Test, e.Elapsed)
	}
	s.inPackage[e.Package]++
	delete(s.output, key)
}

func (s *summary) takePackage(e event, key string) {
	switch e.Action {
	case "pass", "skip":
		s.done++
		s.printf("%7s  ok      %-40s %6.1f s  %d tests\n", s.progress(), short(e.Package), e.Elapsed, s.inPackage[e.Package])
	case "fail":
		s.done++
		s.printf("%7s  FAIL    %-40s %6.1f s\n", s.progress(), short(e.Package), e.Elapsed)
		name := short(e.Package)
		// A failure without a failed test: it didn't compile, panicked, or ran out of time.
		if !slices.ContainsFunc(s.bad, func(b string) bool { return strings.HasPrefix(b, name+" ") }) {
			s.failed++
			s.bad = append(s.bad, name)
		}
		s.printf("%s%s", strings.Join(s.output[e.FailedBuild], ""), strings.Join(s.output[key], ""))
	default:
		return
	}
	delete(s.inPackage, e.Package)
	delete(s.left, e.Package)
	for k := range s.output { // the rest is output of tests that never ended
		if strings.HasPrefix(k, e.Package+" ") {
			if e.Action == "fail" && k != key {
				s.printf("%s", strings.Join(s.output[k], ""))
			}
			delete(s.output, k)
		}
	}
}

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
