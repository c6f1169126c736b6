package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// times is what was measured of one program, in seconds and bytes.
type times struct{ ready, answered, cpu, memory []float64 }

// entrant is one program among those that are measured in turns.
type entrant struct {
	program program
	event   []byte
	check   string // the function whose answer is expected, empty for any
	got     times
	worker  *worker
	err     error
}

// contest measures functions, bare ones and Node handlers in turns, against the same services.
type contest struct {
	run      *run
	services *services
	entrants map[string]*entrant
	order    []string
}

// newContest starts the services: with a certificate, each answer delayed by away. The caller must
// close them.
func (r *run) newContest(tls bool, away time.Duration) (*contest, error) {
	var c *certificate
	var err error
	if tls {
		if c, err = r.certificate(); err != nil {
			return nil, err
		}
	}
	s, err := startServices(c, away)
	return &contest{run: r, services: s, entrants: map[string]*entrant{}}, err
}

// enterWithPeers enters the functions, what they are measured beside, and the empty function.
func (c *contest) enterWithPeers(functions ...settings.Function) {
	c.enter("bare/empty", settings.DefineAuthChallenge)
	for _, f := range functions {
		bare, node := peers(f)
		c.enter(string(f), f)
		c.enter(bare, f)
		c.enter(node, f)
	}
}

// enter adds a program once, with f's environment and event.
func (c *contest) enter(name string, f settings.Function) *entrant {
	if e := c.entrants[name]; e != nil {
		return e
	}
	e := c.add(name, name, f, "", event(f))
	if !strings.Contains(name, "/") {
		e.check = name
	}
	return e
}

// enterChained enters a function with one of the adopter's behind it, which answers at once, and
// returns the entrant's name.
func (c *contest) enterChained(f settings.Function) string {
	name := string(f) + " with a chain"
	c.add(name, string(f), f, chainedARN, event(f)).check = string(f)
	return name
}

// enterPage enters a function behind the sign-in page's distribution, with a request past the
// distribution, which it refuses, and with variables beside those of env.
func (c *contest) enterPage(f, env settings.Function, variables map[string]string) string {
	request := []byte(`{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}}}`)
	e := c.add(string(f), string(f), env, "", request)
	maps.Copy(e.program.env, variables)
	return string(f)
}

// add adds an entrant that runs a program with f's environment. chained is the ARN of an adopter's
// function behind it; empty for none.
func (c *contest) add(name, program string, f settings.Function, chained string, event []byte) *entrant {
	e := &entrant{event: event}
	e.program, e.err = c.run.program(program)
	e.program.env = environment(f, chained, filepath.Dir(e.program.path), c.services.endpoints)
	c.entrants[name] = e
	c.order = append(c.order, name)
	return e
}

// peers are what a function is measured beside: the bare one and the Node handler with the same
// calls.
func peers(f settings.Function) (bare, node string) {
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

// rounds has every program measured n times, once a round in an order that changes, so that a busy
// moment and what a neighbour leaves in the processor's caches hit all alike. Rounds below 0 are
// not counted.
func (c *contest) rounds(first, n int, measure func(e *entrant, counts bool) error) error {
	for round := first; round < n; round++ {
		for _, i := range rand.Perm(len(c.order)) {
			e := c.entrants[c.order[i]]
			if e.err != nil {
				continue
			}
			if err := measure(e, round >= 0); err != nil {
				e.err = fmt.Errorf("%s: %w", c.order[i], err)
			}
			if err := c.run.ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// coldStart measures one start of a program up to its first answer.
func (r *run) coldStart(e *entrant, counts bool) error {
	w, err := startWorker(e.program)
	if err != nil {
		return err
	}
	w.give(e.event)
	ready, err := w.awaitReady(r.ctx)
	var a answer
	if err == nil {
		a, err = w.awaitAnswer(r.ctx)
	}
	if err == nil {
		err = accepted(e.check, a.body)
	}
	peak, known := memoryOf(w.cmd.Process.Pid, "VmHWM")
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

// compare adds a row that compares one measure of two programs.
func (c *contest) compare(what, name, beside, of, unit string, measure func(times) []float64, t *Target) {
	a, b := c.entrants[name], c.entrants[beside]
	row := c.run.compare(what, unit, measure(a.got), of, measure(b.got), t)
	for _, e := range []*entrant{a, b} {
		if e.err != nil {
			row.Value, row.Missing = nil, oneLine(e.err)
		}
	}
}

func ready(t times) []float64    { return t.ready }
func answered(t times) []float64 { return t.answered }
func cpuTime(t times) []float64  { return t.cpu }
func memory(t times) []float64   { return t.memory }

const (
	emptyGo   = "empty Go"
	sameCalls = "the same calls in Go"
	// away is how far the services are in the rows with that name: about the time between two
	// availability zones, with the service's own.
	away = 2 * time.Millisecond
)

// coldTarget bounds the time from a function's start to its first request for work, relative to
// that of an empty Go function. No client waits for mail-events, so it has none.
func coldTarget(f settings.Function) *Target {
	switch f {
	case settings.VerifyAuthChallenge:
		return ratioAtMost(1.8)
	case settings.CreateAuthChallenge:
		return ratioAtMost(2.2)
	case settings.MailEvents:
		return nil
	}
	return ratioAtMost(1.2)
}

func coldStarts(r *run) error {
	r.progress("         building the functions")
	c, err := r.newContest(true, 0)
	if err != nil {
		return err
	}
	defer c.services.close()
	c.enterWithPeers(functions...)
	chained := c.enterChained(settings.PreTokenGeneration)
	page := settings.Page{UserPoolID: "eu-west-1_Example01", CodesTable: "Codes", OriginSecret: "arn",
		Clients: []settings.Client{{ID: "web", CallbackURLs: []string{"https://app.example.com/callback"}}}}
	handOver := c.enterPage(settings.HandOver, settings.DefineAuthChallenge, page.Environment())
	changeAddress := c.enterPage(settings.ChangeAddress, settings.ChangeAddress,
		map[string]string{settings.ClientIDsVariable: "web", settings.OriginSecretVariable: "arn"})
	n := r.samples(31, 5)
	r.progress("         %d starts each of %d programs", n, len(c.order))
	if err := c.rounds(-1, n, r.coldStart); err != nil {
		return err
	}
	for _, name := range []string{"bare/create", "bare/verify"} {
		c.compare(name+": start to first /next", name, "bare/empty", emptyGo, "s", ready, nil)
	}
	for _, f := range functions {
		name := string(f)
		bare, node := peers(f)
		c.compare(name+": start to first /next", name, "bare/empty", emptyGo, "s", ready, coldTarget(f))
		c.compare(name+": start to first answer", name, bare, sameCalls, "s", answered, nil)
		c.compare(name+": processor time of start and answer", name, "bare/empty", emptyGo, "s", cpuTime, nil)
		c.compare(name+": peak memory after one answer", name, "bare/empty", emptyGo, "B", memory, valueAtMost(16e6))
		c.compare("Node beside "+name+": start to first /next", node, name, name, "s", ready, ratioAtLeast(12))
		c.compare("Node beside "+name+": start to first answer", node, name, name, "s", answered, nil)
		c.compare("Node beside "+name+": peak memory", node, name, name, "B", memory, ratioAtLeast(4))
	}
	c.compare(chained+": start to first /next", chained, "bare/empty", emptyGo, "s", ready, ratioAtMost(1.6))
	c.compare(handOver+": start to first /next", handOver, "bare/empty", emptyGo, "s", ready, ratioAtMost(1.6))
	// It starts as create does, with the page's checks of tokens; no sign-in waits for it.
	c.compare(changeAddress+": start to first /next", changeAddress, "bare/empty", emptyGo, "s", ready, ratioAtMost(2.6))
	c.compare(chained+": start to first answer", chained, string(settings.PreTokenGeneration), "without", "s", answered,
		nil)
	far := []settings.Function{settings.CreateAuthChallenge, settings.VerifyAuthChallenge}
	d, err := r.newContest(true, away)
	if err != nil {
		return err
	}
	defer d.services.close()
	d.enterWithPeers(far...)
	if err := d.rounds(-1, n, r.coldStart); err != nil {
		return err
	}
	for _, f := range far {
		bare, node := peers(f)
		what := fmt.Sprintf("%s: start to first answer, services %v away", f, away)
		d.compare(what, string(f), bare, sameCalls, "s", answered, nil)
		d.compare("Node beside "+what, node, string(f), string(f), "s", answered, nil)
	}
	return nil
}

// warmCalls measures functions that run already: from the event's handing over to the answer.
func warmCalls(r *run) error {
	for _, f := range functions {
		if err := r.warmCallsOf(f); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) warmCallsOf(f settings.Function) error {
	c, err := r.newContest(false, 0)
	if err != nil {
		return err
	}
	defer c.services.close()
	c.enterWithPeers(f)
	chained := ""
	if f == settings.PreTokenGeneration {
		chained = c.enterChained(f)
	}
	for _, e := range c.entrants {
		if e.err == nil {
			e.worker, e.err = startWorker(e.program)
		}
		if e.worker != nil {
			defer e.worker.stop()
		}
	}
	const turn = 10
	calls := r.samples(1000, 100)
	err = c.rounds(-3, calls/turn, func(e *entrant, counts bool) error {
		for range turn {
			given := time.Now()
			e.worker.give(e.event)
			a, err := e.worker.awaitAnswer(r.ctx)
			if err == nil {
				err = accepted(e.check, a.body)
			}
			if err != nil {
				return err
			}
			if counts {
				e.got.answered = append(e.got.answered, a.at.Sub(given).Seconds())
			}
		}
		return nil
	})
	for _, e := range c.entrants {
		if e.err == nil {
			if rss, ok := memoryOf(e.worker.cmd.Process.Pid, "VmRSS"); ok {
				e.got.memory = []float64{rss}
			}
		}
	}
	var target *Target
	if f == settings.CreateAuthChallenge || f == settings.VerifyAuthChallenge {
		target = ratioAtMost(1.2)
	}
	name := string(f)
	bare, node := peers(f)
	c.compare(name+": one call", name, bare, sameCalls, "s", answered, target)
	if chained != "" {
		// Lambda answers at once here, so what is left is the function's own work.
		c.compare(chained+": one call", chained, name, "without", "s", answered, valueAtMost(2e-3))
	}
	c.compare("Node beside "+name+": one call", node, name, name, "s", answered, nil)
	c.compare(fmt.Sprintf("%s: memory after %d calls", name, calls), name, bare, sameCalls, "B", memory, valueAtMost(16e6))
	return err
}
