// Package progress shows what a long start does: a line for each step, how long it took, and a line
// that moves while nothing else is printed.
//
// A step is named by a phrase. Code below reports the phrase when it begins the step, and the
// phrase again after [Done] when the step has ended:
//
//	end := progress.Begin(report, "building 5 functions")
//	defer end("")
package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Done begins the report of a step's end. After the phrase a comma and a detail may follow.
const Done = "done: "

// Begin reports a step's begin and returns the function that reports its end, with a detail if it
// is not empty. A nil report drops both.
func Begin(report func(string), phrase string) (end func(detail string)) {
	if report == nil {
		return func(string) {}
	}
	report(phrase)
	return func(detail string) {
		if detail != "" {
			detail = ", " + detail
		}
		report(Done + phrase + detail)
	}
}

// The times of a display.
const (
	// Quiet is how long a plain display prints nothing before it names the running steps.
	Quiet = 10 * time.Second
	// frame is the time between two states of a terminal's moving line.
	frame = 200 * time.Millisecond
	// short is what a step may last without a line about its end.
	short = time.Second
)

// Display prints steps. Its methods may be called from several goroutines.
type Display struct {
	out   io.Writer
	width int // of the terminal's moving line; 0 for plain lines
	now   func() time.Time

	mu                  sync.Mutex
	started, last       time.Time
	running             []*step
	done, begun, expect int
	drawn, closed       bool
	stop                chan struct{}
}

type step struct {
	phrase, detail string
	since          time.Time
}

// New returns a display on a terminal of that width, or with plain lines for width 0. Expect is the
// number of steps that are to come, as far as known. Close ends it.
func New(out io.Writer, width, expect int) *Display {
	d := newDisplay(out, width, expect, time.Now)
	go func() {
		ticker := time.NewTicker(frame)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				d.tick()
			case <-d.stop:
				return
			}
		}
	}()
	return d
}

func newDisplay(out io.Writer, width, expect int, now func() time.Time) *Display {
	return &Display{out: out, width: width, expect: expect, now: now, started: now(), last: now(),
		stop: make(chan struct{})}
}

// Report shows the beginning or the end of a step.
func (d *Display) Report(phrase string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ended, is := strings.CutPrefix(phrase, Done); is {
		d.end(ended)
		return
	}
	d.begun++
	d.running = append(d.running, &step{phrase: phrase, since: d.now()})
	if d.width == 0 {
		d.line(phrase + " ...")
	}
}

func (d *Display) end(phrase string) {
	i := slices.IndexFunc(d.running, func(s *step) bool { return strings.HasPrefix(phrase, s.phrase) })
	if i < 0 {
		return
	}
	took := d.now().Sub(d.running[i].since)
	d.running = slices.Delete(d.running, i, i+1)
	d.done++
	if took >= short {
		d.line(fmt.Sprintf("took %.1f s: %s", took.Seconds(), phrase)) // whether or not it failed
	}
}

// Detail sets how far a running step has come.
func (d *Display) Detail(phrase, detail string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.running {
		if s.phrase == phrase {
			s.detail = ", " + detail
		}
	}
}

// Print prints another line between those of the steps.
func (d *Display) Print(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.line(text)
}

// Close removes the moving line; nothing is printed after it.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.erase()
		d.closed = true
		close(d.stop)
	}
}

// line prints a line with the time since the start and the share of the steps that are done.
func (d *Display) line(text string) {
	if d.closed {
		return
	}
	d.erase()
	fmt.Fprintf(d.out, "  [%3.0f s, %s] %s\n", d.now().Sub(d.started).Seconds(), d.share(), text)
	d.last = d.now()
}

func (d *Display) share() string { return fmt.Sprintf("%d of %d", d.done, d.all()) }

func (d *Display) all() int { return max(d.expect, d.begun, 1) }

func (d *Display) erase() {
	if d.drawn {
		fmt.Fprint(d.out, "\r\x1b[K")
		d.drawn = false
	}
}

// tick moves the line of a terminal, or prints the running steps after a quiet time.
func (d *Display) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.running) == 0 {
		return
	}
	if d.width == 0 {
		if d.now().Sub(d.last) >= Quiet {
			d.line("still " + d.steps())
		}
		return
	}
	const cells = 10
	full := cells * d.done / d.all()
	bar := strings.Repeat("█", full) + strings.Repeat("░", cells-full)
	text := []rune(fmt.Sprintf("  %s %s, %.0f s: %s", bar, d.share(), d.now().Sub(d.started).Seconds(), d.steps()))
	d.erase()
	fmt.Fprint(d.out, string(text[:min(len(text), d.width-1)]))
	d.drawn = true
}

// steps names the running ones.
func (d *Display) steps() string {
	names := make([]string, len(d.running))
	for i, s := range d.running {
		names[i] = fmt.Sprintf("%s%s (%.0f s)", s.phrase, s.detail, d.now().Sub(s.since).Seconds())
	}
	return strings.Join(names, "; ")
}
