package runtimeapi

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"
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
	return &invocation{id: randomUUID(), event: event, done: make(chan result, 1)}
}

func (inv *invocation) finish(r result) {
	select {
	case inv.done <- r:
	default: // a result that came too late
	}
}

func (inv *invocation) fail(f Failure, kind, message string) { inv.finish(failed(f, kind, message)) }

func failed(f Failure, kind, message string) result {
	return result{err: &Error{Failure: f, Type: kind, Message: message}}
}

func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// run finds or starts a process and sees the call through. Calls never wait for
// one another: a repeat that Cognito sends runs beside the first.
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
		// The warm process was gone before it took the call; nothing has happened yet.
	}
}

// serve hands the call to a process that is idle. It is false when the process
// ended without having taken it.
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
		f.putIdle(p) // first, so that who has the answer finds the process warm
		inv.finish(r)
	case <-p.exited:
		select {
		case r := <-p.answered: // it answered and then ended, as after a panic
			inv.finish(r)
		default:
			inv.fail(Exited, "Runtime.ExitError", p.lastWords(inv.id))
		}
	case <-timer.C:
		p.kill()
		<-p.exited
		inv.timedOut(f.Timeout)
	}
	return true
}

func (inv *invocation) timedOut(timeout time.Duration) {
	inv.fail(TimedOut, "Sandbox.Timedout", fmt.Sprintf("%s %s Task timed out after %.2f seconds",
		time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), inv.id, timeout.Seconds()))
}

// startReady starts a process and waits for its first question. As on Lambda, an
// initialisation that fails is repeated once, within the call and its timeout.
func (f *function) startReady(inv *invocation) *process {
	for attempt, limit := 1, f.host.opts.InitTimeout; ; attempt, limit = attempt+1, f.Timeout {
		p, err := f.start()
		if err != nil {
			inv.fail(Exited, "Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: %v", inv.id, err))
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
				inv.fail(Exited, "Runtime.ExitError", p.lastWords(inv.id))
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

// takeIdle takes the process that was busy last, so that state which leaks from
// one call to the next shows.
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
