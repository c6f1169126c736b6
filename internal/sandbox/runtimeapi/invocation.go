package runtimeapi

import (
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
)

// invocation is one call of a function.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	done     chan result // holds one; the first result counts
}

type result struct {
	body []byte
	err  error
}

func newInvocation(event []byte) *invocation {
	return &invocation{id: random.UUID(), event: event, done: make(chan result, 1)}
}

func (inv *invocation) finish(r result) {
	select {
	case inv.done <- r:
	default: // a result that came too late
	}
}

func (inv *invocation) fail(f lambda.Failure, kind, message string) {
	inv.finish(failed(f, kind, message))
}

func failed(f lambda.Failure, kind, message string) result {
	return result{err: &lambda.Error{Failure: f, Type: kind, Message: message}}
}

// run finds or starts a process for the call. Calls don't wait for each other: a call that Cognito
// repeats runs beside the first.
func (f *function) run(inv *invocation) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-f.host.closing:
		inv.finish(result{err: errClosed})
		return
	}
	f.mu.Lock()
	f.calls++
	f.mu.Unlock()
	for {
		p := f.takeIdle()
		if p == nil {
			if p = f.startReady(inv); p == nil {
				return
			}
		}
		if f.serve(p, inv) {
			return
		}
		// The warm process ended before it took the call.
	}
}

// serve passes the call to an idle process. It returns false if the process ended without taking
// it.
func (f *function) serve(p *process, inv *invocation) bool {
	inv.deadline = time.Now().Add(f.Timeout)
	timer := time.NewTimer(f.Timeout)
	defer timer.Stop()
	select {
	case p.work <- inv:
	case <-p.exited:
		return false
	case <-timer.C:
		p.kill()
		<-p.exited
		inv.timedOut(f.Timeout)
		return true
	}
	select {
	case r := <-p.answered:
		f.putIdle(p) // first, so that the next call finds the process warm
		inv.finish(r)
	case <-p.exited:
		select {
		case r := <-p.answered: // it answered before it ended, as after a panic
			inv.finish(r)
		default:
			inv.fail(lambda.Exited, "Runtime.ExitError", p.lastWords(inv.id))
		}
	case <-timer.C:
		p.kill()
		<-p.exited
		inv.timedOut(f.Timeout)
	}
	return true
}

func (inv *invocation) timedOut(timeout time.Duration) {
	inv.fail(lambda.TimedOut, "Sandbox.Timedout", fmt.Sprintf("%s %s Task timed out after %.2f seconds",
		time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), inv.id, timeout.Seconds()))
}

// startReady starts a process and waits for its first request for an event. As on Lambda, a failed
// initialisation is repeated once, within the call and its timeout.
func (f *function) startReady(inv *invocation) *process {
	for attempt, limit := 1, f.host.opts.InitTimeout; ; attempt, limit = attempt+1, f.Timeout {
		p, err := f.start()
		if err != nil {
			inv.fail(lambda.Exited, "Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: %v", inv.id, err))
			return nil
		}
		timer := time.NewTimer(limit)
		select {
		case <-p.ready:
			timer.Stop()
			return p
		case <-p.exited:
			timer.Stop()
			if attempt == 2 {
				inv.finish(p.failedStart(inv.id))
				return nil
			}
		case <-timer.C:
			p.kill()
			<-p.exited
			if attempt == 2 {
				inv.timedOut(f.Timeout)
				return nil
			}
		}
		select {
		case <-f.host.closing:
			inv.finish(result{err: errClosed})
			return nil
		default:
		}
	}
}

// takeIdle takes the process that was busy last: tests then see state that leaks between calls.
func (f *function) takeIdle() *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.idle) > 0 {
		p := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		select {
		case <-p.exited:
		default:
			return p
		}
	}
	return nil
}

func (f *function) putIdle(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.idle) >= maxIdle {
		f.idle[0].kill()
		f.idle = f.idle[1:]
	}
	f.idle = append(f.idle, p)
}
