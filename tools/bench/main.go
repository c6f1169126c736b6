// Command bench measures EmailOTP on this machine and prints a table, every number beside a
// baseline:
//
//	go run ./tools/bench                      everything, some ten minutes
//	go run ./tools/bench --quick --only cold  one section, few samples
//	go run ./tools/bench --json               the report for programs: times in seconds, sizes in bytes
//
// A number and its baseline are measured in turns in the same run, so their ratio counts: times of
// a busy or a slow machine mean nothing by themselves. What can't be measured is named with the
// reason. No time is a failure: the exit code is 1 only for an error, and 2 for wrong arguments.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

func main() {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	command := tool.Command{Name: "bench", Part: "section", Parts: names, Fewer: "quick",
		FewerHelp: "few samples, without what takes minutes"}
	os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr,
		func(ctx context.Context, o tool.Options) (tool.Report, error) {
			return measure(ctx, ".", o)
		}))
}

// section is one group of rows.
type section struct {
	name, title string
	run         func(r *run) error
}

func sections() []section {
	return []section{
		{"cold", "starting a function", coldStarts},
		{"warm", "a warm function", warmCalls},
		{"work", "a handler's own work", ownWork},
		{"size", "the functions' zips", zipSizes},
		{"calls", "calls to AWS", awsCalls},
		{"synth", "cdk synth", synthTimes},
		{"attach", "attaching to an imported pool", attachTimes},
		{"sandbox", "starting the sandbox and signing in to it", sandboxLoad},
		{"leak", "the sandbox over thousands of sign-ins", sandboxLeak},
		{"guard", "the table", guardLoad},
		{"mail", "writing the mail", mailTimes},
		{"page", "the sign-in page", pageTimes},
	}
}

// run is one run of the benchmark.
type run struct {
	ctx context.Context
	tool.Options
	app   string // the directory with this module's cdk.json and node_modules
	cache string // keeps npm packages and the table engine
	dir   string // temporary, removed at the end

	section string
	rows    []*Row

	// What is made when a section first needs it.
	programs        map[string]program
	nodeErr         error
	certificateMade *certificate
	assemblies      map[settings.Mode]string
}

// measure runs the sections. One that fails leaves a row with the reason, and the others go on; the
// error is for the end of ctx. What was started is gone when measure returns.
func measure(ctx context.Context, app string, o tool.Options) (Report, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return Report{}, err
	}
	dir, err := os.MkdirTemp("", "emailotp-bench-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(dir)
	if app, err = filepath.Abs(app); err != nil {
		return Report{}, err
	}
	r := &run{ctx: ctx, Options: o, app: app, cache: cache, dir: dir, programs: map[string]program{},
		assemblies: map[settings.Mode]string{}}
	report := Report{Machine: machine(ctx), Quick: o.Fewer, Started: time.Now().UTC().Truncate(time.Second)}
	for _, s := range sections() {
		if !tool.Chosen(o.Only, s.name) {
			continue
		}
		r.section = s.name
		r.progress("%-8s %s", s.name, s.title)
		err := s.run(r)
		if ctx.Err() != nil {
			return Report{}, fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
		if err != nil {
			r.add(&Row{What: s.title, Missing: oneLine(err)})
		}
	}
	for _, row := range r.rows {
		row.judge()
	}
	report.Rows, report.Seconds = r.rows, time.Since(report.Started).Seconds()
	report.Machine.LoadAfter = loadAverage()
	return report, nil
}

func (r *run) progress(format string, args ...any) { fmt.Fprintf(r.Progress, format+"\n", args...) }

// samples returns how many samples to take.
func (r *run) samples(full, quick int) int {
	if r.Fewer {
		return quick
	}
	return full
}

// oneLine makes a table's cell of an error.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return fmt.Sprintf("%.400s", strings.Join(parts, "; "))
}

var errNoNode = errors.New("node is not on PATH; install Node 22 or 24 from https://nodejs.org")
