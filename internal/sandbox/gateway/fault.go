package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault makes the matching calls fail or wait.
type Fault struct {
	Service, Operation string // empty Operation: all
	// AccessKeyIDs limits the fault to these callers; empty means all callers.
	AccessKeyIDs []string
	Calls, After int // hits at most Calls (0: no end), once After calls have passed

	Latency        time.Duration
	Error, Message string // the error's type and text
	Status         int    // of the error; 0 is 400
	Throttle       bool
	LoseAnswer     bool // after the work is done
}

type faults struct {
	mu     sync.Mutex
	active []*Fault
}

// Inject switches a fault on and returns a function that switches it off.
func (g *Gateway) Inject(fault Fault) (remove func()) {
	fs := &g.faults
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.active = append(fs.active, &fault)
	return func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		fs.active = slices.DeleteFunc(fs.active, func(f *Fault) bool { return f == &fault })
	}
}

// ClearFaults switches all faults off.
func (g *Gateway) ClearFaults() {
	g.faults.mu.Lock()
	defer g.faults.mu.Unlock()
	g.faults.active = nil
}

func (f *Fault) matches(c Call) bool {
	return f.Service == c.Service && (f.Operation == "" || f.Operation == c.Operation) &&
		(len(f.AccessKeyIDs) == 0 || slices.Contains(f.AccessKeyIDs, c.AccessKeyID))
}

// next returns the first active fault that is due for the call. A matching call counts towards
// After of every fault, even while an earlier fault hits.
func (fs *faults) next(c Call) (hit Fault, ok bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.active = slices.DeleteFunc(fs.active, func(f *Fault) bool {
		switch {
		case !f.matches(c):
			return false
		case f.After > 0:
			f.After--
			return false
		case ok:
			return false
		}
		hit, ok = *f, true
		f.Calls--
		return f.Calls == 0
	})
	return hit, ok
}

// answer returns the error that the fault puts in place of the service's answer, if it has one.
func (f Fault) answer(service string) (Answer, bool) {
	switch {
	case f.Throttle:
		return throttled(service), true
	case f.Error != "":
		message := cmp.Or(f.Message, "a fault that was switched on in the sandbox")
		return Error(service, cmp.Or(f.Status, http.StatusBadRequest), f.Error, message), true
	}
	return Answer{}, false
}

// throttled is the error with which each service limits a caller's rate.
func throttled(service string) Answer {
	switch service {
	case SES:
		return Error(service, http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded.")
	case Lambda:
		return Error(service, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	case DynamoDB:
		return Error(service, http.StatusBadRequest, "ThrottlingException",
			"Throughput exceeds the current capacity for one or more indexes of the table.")
	case Cognito:
		return Error(service, http.StatusBadRequest, "TooManyRequestsException", "Rate exceeded")
	}
	return Error(service, http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
}
