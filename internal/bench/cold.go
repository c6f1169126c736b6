package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// start is one cold start, in seconds and bytes.
type start struct{ ready, answered, cpu, memory []float64 }

// entrant is one program among those that are started in turns.
type entrant struct {
	program program
	event   []byte
	check   string // the function whose answer is expected, empty for any
	got     start
	err     error
}

// starter starts functions, bare ones and Node handlers against the same services.
type starter struct {
	programs *programs
	services *services
	entrants map[string]*entrant
	order    []string
}

func newStarter(p *programs, s *services) *starter {
	return &starter{programs: p, services: s, entrants: map[string]*entrant{}}
}

// enter adds a program once, to be given f's environment and event.
func (s *starter) enter(name string, f settings.Function) {
	if s.entrants[name] != nil {
		return
	}
	e := &entrant{event: event(f)}
	e.program, e.err = s.programs.need(name)
	if e.err == nil {
		e.program.env = environment(f, filepath.Dir(e.program.path), s.services.endpoints)
		if !strings.Contains(name, "/") {
			e.check = name
		}
	}
	s.entrants[name] = e
	s.order = append(s.order, name)
}

// rounds starts every program n times, each once a round and in an order that changes, so that a busy
// moment and what a neighbour leaves in the processor's caches hit all alike. One round before is not
// counted: it fills the system's caches.
func (s *starter) rounds(ctx context.Context, n int) error {
	for round := range n + 1 {
		for _, i := range rand.Perm(len(s.order)) {
			name := s.order[i]
			e := s.entrants[name]
			if e.err != nil {
				continue
			}
			if err := e.start(ctx, round > 0); err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				e.err = fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (e *entrant) start(ctx context.Context, counts bool) error {
	w, err := startWorker(e.program)
	if err != nil {
		return err
	}
	w.give(e.event)
	ready, err := w.awaitReady(ctx)
	var a answer
	if err == nil {
		a, err = w.await(ctx)
	}
	if err == nil {
		err = accepted(e.check, a.body)
	}
	peak, known := peakMemory(w.cmd.Process.Pid)
	cpu := w.stop()
	if err != nil || !counts {
		return err
	}
	e.got.ready = append(e.got.ready, ready.Seconds())
	e.got.answered = append(e.got.answered, a.at.Sub(w.began).Seconds())
	e.got.cpu = append(e.got.cpu, cpu.Seconds())
	if known {
		e.got.memory = append(e.got.memory, peak)
	}
	return nil
}

// row compares one measure of two programs.
func (s *starter) row(what, name, beside, of, unit string, measure func(start) []float64, t *Target) Row {
	row := Row{What: what, Of: of, Target: t}
	a, b := s.entrants[name], s.entrants[beside]
	for _, e := range []*entrant{a, b} {
		if e.err != nil {
			row.Missing = oneLine(e.err)
			return row
		}
	}
	row.Value, row.Baseline = sample(unit, measure(a.got)...), sample(unit, measure(b.got)...)
	if row.Value == nil {
		row.Missing = "this system does not tell it"
	}
	return row
}

func ready(s start) []float64    { return s.ready }
func answered(s start) []float64 { return s.answered }
func cpuTime(s start) []float64  { return s.cpu }
func memory(s start) []float64   { return s.memory }

// coldTargets are bounds for the time from a function's start to its first question for work, by that
// of an empty Go function. Nobody waits for mail-events, so it has none.
var coldTargets = map[settings.Function]float64{
	settings.DefineAuthChallenge: 1.2, settings.PreSignUp: 1.2, settings.PreTokenGeneration: 1.2,
	settings.VerifyAuthChallenge: 1.8, settings.CreateAuthChallenge: 2.2,
}

func coldTarget(f settings.Function) *Target {
	if bound := coldTargets[f]; bound > 0 {
		return ratioAtMost(bound)
	}
	return nil
}

// peers are what a function is measured beside: the bare one and the Node handler with the same calls.
func peers(f settings.Function) (bareName, nodeName string) {
	switch f {
	case settings.CreateAuthChallenge:
		return "bare/create", "node/create"
	case settings.VerifyAuthChallenge:
		return "bare/verify", "node/verify"
	case settings.MailEvents:
		return "bare/update", "node/update"
	}
	return "bare/empty", "node/decide"
}

var functions = []settings.Function{settings.DefineAuthChallenge, settings.CreateAuthChallenge, settings.VerifyAuthChallenge,
	settings.PreSignUp, settings.PreTokenGeneration, settings.MailEvents}

func coldStarts(ctx context.Context, r *run) error {
	p, err := r.getPrograms(ctx)
	if err != nil {
		return err
	}
	s, err := r.startAll(ctx, p, 0, functions...)
	if err != nil {
		return err
	}
	for _, f := range functions {
		r.add(s.row(string(f)+": start to first /next", string(f), "bare/empty", "empty Go", "s", ready, coldTarget(f)))
	}
	for _, name := range []string{"bare/create", "bare/verify"} {
		r.add(s.row(name+": start to first /next", name, "bare/empty", "empty Go", "s", ready, nil))
	}
	for _, f := range functions {
		bareName, _ := peers(f)
		r.add(s.row(string(f)+": start to first answer", string(f), bareName, "the same calls in Go", "s", answered, nil))
	}
	distant, err := r.startAll(ctx, p, away, settings.CreateAuthChallenge, settings.VerifyAuthChallenge)
	if err != nil {
		return err
	}
	for _, f := range functions[1:3] {
		bareName, nodeName := peers(f)
		what := fmt.Sprintf("%s: start to first answer, services %v away", f, away)
		r.add(distant.row(what, string(f), bareName, "the same calls in Go", "s", answered, nil))
		r.add(distant.row("Node beside "+what, nodeName, string(f), string(f), "s", answered, nil))
	}
	for _, f := range functions {
		r.add(s.row(string(f)+": processor time of start and answer", string(f), "bare/empty", "empty Go", "s", cpuTime, nil))
	}
	for _, f := range functions {
		_, nodeName := peers(f)
		r.add(s.row("Node beside "+string(f)+": start to first /next", nodeName, string(f), string(f), "s", ready, ratioAtLeast(12)))
		r.add(s.row("Node beside "+string(f)+": start to first answer", nodeName, string(f), string(f), "s", answered, nil))
		r.add(s.row("Node beside "+string(f)+": peak memory", nodeName, string(f), string(f), "B", memory, ratioAtLeast(4)))
	}
	for _, f := range functions {
		r.add(s.row(string(f)+": peak memory after one answer", string(f), "bare/empty", "empty Go", "B", memory, valueAtMost(16e6)))
	}
	return nil
}

// away is how far off the services are in the rows that say so: about what lies between two
// availability zones, with the service's own time.
const away = 2 * time.Millisecond

// startAll starts the functions, their peers and the empty one.
func (r *run) startAll(ctx context.Context, p *programs, away time.Duration, functions ...settings.Function) (*starter, error) {
	served, err := startServices(p.certificate, away)
	if err != nil {
		return nil, err
	}
	defer served.close()
	s := newStarter(p, served)
	s.enter("bare/empty", settings.DefineAuthChallenge)
	for _, f := range functions {
		bareName, nodeName := peers(f)
		s.enter(string(f), f)
		s.enter(bareName, f)
		s.enter(nodeName, f)
	}
	n := r.samples(31, 5)
	r.say("         %d starts each of %d programs", n, len(s.order))
	return s, s.rounds(ctx, n)
}
