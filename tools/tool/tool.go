// Package tool is what the commands below tools/ share: the command line, the choice of parts by
// name, and the table of a report.
package tool

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Exit codes.
const (
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// Command is a tool's command line.
type Command struct {
	// Name is the tool's name, and Part what --only selects, in the singular.
	Name, Part string
	// Parts are the names that --only accepts.
	Parts []string
	// Fewer is the name of the flag for a short run, and FewerHelp its description.
	Fewer, FewerHelp string
}

// Options are the values of the flags.
type Options struct {
	// Only are the selected parts; empty means all.
	Only []string
	// Fewer requests a short run.
	Fewer bool
	// Progress receives what the run is doing, one line at a time.
	Progress io.Writer
}

// Report is the result of a run. Its JSON form is that of the type itself.
type Report interface {
	// Table writes the report for people.
	Table(w io.Writer) error
	// Err returns an error if the result is a failure.
	Err() error
}

// Main parses args, runs the tool and writes its report. It returns the exit code: 0, 1 for an
// error or a failed report, 2 for wrong arguments, 130 after an interrupt.
func (c Command) Main(args []string, out, errOut io.Writer, run func(context.Context, Options) (Report, error)) int {
	o := Options{Progress: errOut}
	asJSON, err := c.parse(args, &o, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(errOut, "%s: error: %v\n%s: hint: --help lists the flags\n", c.Name, err, c.Name)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	report, err := run(ctx, o)
	if err == nil {
		err = errors.Join(write(report, asJSON, out), report.Err())
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(errOut, "%s: interrupted\n", c.Name)
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(errOut, "%s: error: %v\n", c.Name, err)
		return exitError
	}
	return 0
}

func (c Command) parse(args []string, o *Options, errOut io.Writer) (asJSON bool, err error) {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.Fewer, c.Fewer, false, c.FewerHelp)
	flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
	quiet := flags.Bool("quiet", false, "write no progress")
	only := flags.String("only", "", "run these only, separated by commas: "+strings.Join(c.Parts, ", "))
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(errOut, "Flags of %s:\n", c.Name)
			flags.SetOutput(errOut)
			flags.PrintDefaults()
		}
		return false, err
	}
	if flags.NArg() > 0 {
		return false, fmt.Errorf("%s accepts flags alone (received: %q)", c.Name, flags.Arg(0))
	}
	if *quiet {
		o.Progress = io.Discard
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	return asJSON, c.check(o.Only)
}

// check returns an error that lists the unknown names in only.
func (c Command) check(only []string) error {
	unknown := slices.DeleteFunc(slices.Clone(only), func(name string) bool { return slices.Contains(c.Parts, name) })
	if len(unknown) == 0 {
		return nil
	}
	return fmt.Errorf("--only: there is no %s %s; there are %s", c.Part, strings.Join(unknown, ", "),
		strings.Join(c.Parts, ", "))
}

func write(report Report, asJSON bool, w io.Writer) error {
	if !asJSON {
		return report.Table(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(report)
}

// Chosen reports whether only, which may be empty for all, includes the name.
func Chosen(only []string, name string) bool { return len(only) == 0 || slices.Contains(only, name) }

// Align pads the cells of lines to columns. The column with the index right is aligned to the
// right; -1 means none. Lines with fewer cells than the first one don't count for the columns'
// widths.
func Align(lines [][]string, right int) []string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		if len(line) == len(widths) {
			for i, cell := range line {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	var out []string
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			if i == right {
				b.WriteString(pad + cell + "  ")
			} else {
				b.WriteString(cell + pad + "  ")
			}
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}
