// Package bench measures EmailOTP: how fast its functions start and answer, what they weigh, how long
// a synthesis takes, what the sandbox carries and what the budgets cost.
//
// Every number stands beside a baseline that was measured in the same run on the same machine, the two
// taking turns, so that what counts is their ratio: times of a busy or a slow machine mean nothing by
// themselves. What can't be measured is named with the reason, never estimated.
//
//	report, err := bench.Run(ctx, bench.Options{App: ".", Progress: os.Stderr})
//	report.Table(os.Stdout)
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
)

// Options say what to measure.
type Options struct {
	// App is the directory with this module's cdk.json and node_modules.
	App string
	// Only names the sections to run; empty means all. [Sections] has them.
	Only []string
	// Quick takes few samples and leaves out what takes minutes.
	Quick bool
	// CacheDir keeps npm packages and the table engine; empty means the user's cache directory.
	CacheDir string
	// Progress is told what is going on, a line at a time; nil means nobody.
	Progress io.Writer
}

// section is one group of rows.
type section struct {
	name, title string
	run         func(ctx context.Context, r *run) error
}

func sections() []section {
	return []section{
		{"cold", "starting a function", coldStarts},
		{"warm", "a warm function", warmCalls},
		{"work", "a handler's own work", ownWork},
		{"size", "the functions' zips", zipSizes},
		{"calls", "calls to AWS", awsCalls},
		{"synth", "cdk synth", synthTimes},
		{"build", "bundling a function", bundlingTimes},
		{"sandbox", "starting the sandbox and signing in to it", sandboxLoad},
		{"leak", "the sandbox over thousands of sign-ins", sandboxLeak},
		{"inbox", "a growing inbox", inboxGrowth},
		{"guard", "the budgets in a large pool", guardModel},
		{"mail", "writing the mail", mailTimes},
		{"page", "the sign-in page", pageBundle},
	}
}

// Sections returns the names that [Options.Only] takes, in the order of the report.
func Sections() []string {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return names
}

// run is one run of the benchmark: what the sections share.
type run struct {
	opts Options
	dir  string // temporary, gone at the end

	section string
	rows    []Row

	// What is made when a section first asks for it.
	programs   once[*programs]
	assemblies [2]once[string]
}

// Run measures. A section that can't be measured leaves a row that says why, and the others go on; the
// error is for a wrong option or an end of ctx. What was started is gone when Run returns.
func Run(ctx context.Context, opts Options) (Report, error) {
	chosen, err := choose(opts.Only)
	if err != nil {
		return Report{}, err
	}
	if opts.Progress == nil {
		opts.Progress = io.Discard
	}
	if opts.App, err = filepath.Abs(opts.App); err != nil {
		return Report{}, fmt.Errorf("resolve the app's directory: %w", err)
	}
	if opts.CacheDir == "" {
		if opts.CacheDir, err = cachedir.Dir(); err != nil {
			return Report{}, err
		}
	}
	dir, err := os.MkdirTemp("", "emailotp-bench-")
	if err != nil {
		return Report{}, fmt.Errorf("make a working directory: %w", err)
	}
	defer os.RemoveAll(dir)
	r := &run{opts: opts, dir: dir}
	report := Report{Machine: machine(ctx), Quick: opts.Quick, Started: time.Now().UTC().Truncate(time.Second)}
	for _, s := range chosen {
		r.section = s.name
		r.say("%-8s %s", s.name, s.title)
		err := s.run(ctx, r)
		if ctx.Err() != nil {
			return Report{}, fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
		if err != nil {
			r.add(Row{What: s.title, Missing: oneLine(err)})
		}
	}
	report.Rows, report.Seconds = r.rows, time.Since(report.Started).Seconds()
	report.Machine.LoadAfter = loadAverage()
	return report, nil
}

func choose(only []string) ([]section, error) {
	all := sections()
	if len(only) == 0 {
		return all, nil
	}
	var chosen []section
	var unknown []string
	for _, name := range only {
		i := slices.IndexFunc(all, func(s section) bool { return s.name == name })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		chosen = append(chosen, all[i])
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("there is no section %s; there are %s", strings.Join(unknown, ", "), strings.Join(Sections(), ", "))
	}
	return chosen, nil
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.opts.Progress, format+"\n", args...) }

func (r *run) add(row Row) {
	row.Section = r.section
	r.rows = append(r.rows, row.judged())
}

// samples returns how many samples to take.
func (r *run) samples(full, quick int) int {
	if r.opts.Quick {
		return quick
	}
	return full
}

// once makes a value when it is first asked for, and remembers a failure too.
type once[T any] struct {
	made  bool
	value T
	err   error
}

func (o *once[T]) get(make func() (T, error)) (T, error) {
	if !o.made {
		o.value, o.err = make()
		o.made = true
	}
	return o.value, o.err
}

// oneLine makes a table's cell of an error.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	s := strings.Join(parts, "; ")
	if len(s) > 400 {
		s = s[:400] + "..."
	}
	return s
}

var errNoNode = errors.New("node is not on PATH; install Node 22 or 24 from https://nodejs.org")
