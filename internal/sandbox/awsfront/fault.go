package awsfront

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault is trouble for the calls that it matches.
type Fault struct {
	Service, Operation string // empty Operation: all
	// AccessKeyIDs limits the fault to these callers; empty means everybody.
	AccessKeyIDs []string
	Calls, After int // hits at most Calls (0: no end), once After calls have passed

	Latency        time.Duration
	Error, Message string // the error's type; Status 0 is 400
	Status         int
	Throttle       bool
	LoseAnswer     bool // after the work is done
}

type faults struct {
	mu     sync.Mutex
	active []*Fault
}

// Inject switches a fault on and returns what switches it off.
func (f *Front) Inject(fault Fault) (remove func()) {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	p := &fault
	f.faults.active = append(f.faults.active, p)
	return func() {
		f.faults.mu.Lock()
		defer f.faults.mu.Unlock()
		f.faults.active = slices.DeleteFunc(f.faults.active, func(q *Fault) bool { return p == q })
	}
}

// ClearFaults switches all faults off.
func (f *Front) ClearFaults() {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	f.faults.active = nil
}

// next is the first active fault that is due for the call. Each call uses up one
// After or one Calls of every fault that it looks at, so a fault with After
// counts calls even while an earlier one hits.
func (fs *faults) next(c Call) (hit Fault, ok bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := 0; i < len(fs.active); i++ {
		f := fs.active[i]
		if f.Service != c.Service || f.Operation != "" && f.Operation != c.Operation ||
			len(f.AccessKeyIDs) > 0 && !slices.Contains(f.AccessKeyIDs, c.AccessKeyID) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if ok {
			continue
		}
		hit, ok = *f, true
		if f.Calls == 1 {
			fs.active = slices.Delete(fs.active, i, i+1)
			i--
		} else if f.Calls > 1 {
			f.Calls--
		}
	}
	return hit, ok
}

// answer is what the fault says instead of the service, if it says anything.
func (f Fault) answer(service string) (Answer, bool) {
	switch {
	case f.Throttle:
		return throttled(service), true
	case f.Error != "":
		status := f.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		message := f.Message
		if message == "" {
			message = "a fault that was switched on in the sandbox"
		}
		return Error(service, status, f.Error, message), true
	}
	return Answer{}, false
}

// throttled is how each service refuses a caller in too great a hurry.
func throttled(service string) Answer {
	switch service {
	case SES:
		return Error(service, http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded.")
	case DynamoDB:
		return Error(service, http.StatusBadRequest, "ThrottlingException", "Throughput exceeds the current capacity for one or more indexes of the table.")
	case Cognito:
		return Error(service, http.StatusBadRequest, "TooManyRequestsException", "Rate exceeded")
	}
	return Error(service, http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
}
