package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// load is what a number of clients did to a sandbox.
type load struct {
	signIns         int
	perSecond       []float64 // by slices of the time
	latency, mailed []float64 // seconds
	cpu             float64   // seconds a sign-in, of the sandbox, its processes and the clients
	ownCPU          float64   // of that, the sandbox's and the clients'
	engineCPU       float64   // of that, the table engine's
	own, others     float64   // memory in bytes at the end
	processes       int
	usageKnown      bool
	first, last     float64 // sign-ins a second in the first and the last tenth
	elapsed         time.Duration
}

// address returns the i-th person's.
func address(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// people returns users for n clients.
func people(n int, mode string) []sandbox.User {
	users := make([]sandbox.User, n)
	for i := range users {
		users[i].Email = address(i)
		if mode == "password" {
			users[i].Password = password
		}
	}
	return users
}

// drive has clients sign in, each its own person over and over, until total sign-ins are done or the
// time is up; total 0 means that the time alone decides.
func drive(ctx context.Context, s *sandbox.Sandbox, clients, total int, limit time.Duration, fixed string) (load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var mu sync.Mutex
	var ends []time.Duration
	var l load
	var started atomic.Int64
	before, known := measureUsage()
	began := time.Now()
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() {
			for ctx.Err() == nil && time.Since(began) < limit && (total == 0 || int(started.Add(1)) <= total) {
				all, mailed, err := signInOnce(ctx, s, client, address(i), fixed)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				ends = append(ends, time.Since(began))
				l.latency, l.mailed = append(l.latency, all.Seconds()), append(l.mailed, mailed.Seconds())
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	l.elapsed = time.Since(began)
	if err := context.Cause(ctx); err != nil {
		return l, fmt.Errorf("signing in by %d clients: %w", clients, err)
	}
	if len(ends) < 10 {
		return l, errors.New("fewer than ten sign-ins in the time given")
	}
	l.signIns = len(ends)
	l.perSecond = rates(ends, l.elapsed, 10)
	l.first, l.last = l.perSecond[0], l.perSecond[len(l.perSecond)-1]
	if after, ok := measureUsage(); ok && known {
		l.usageKnown, l.own, l.others, l.processes = true, after.own, after.others, after.processes
		per := func(d time.Duration) float64 { return d.Seconds() / float64(l.signIns) }
		l.cpu, l.ownCPU, l.engineCPU = per(after.cpu-before.cpu), per(after.ownCPU-before.ownCPU), per(after.engineCPU-before.engineCPU)
	}
	return l, nil
}

// rates counts ends in n slices of the time.
func rates(ends []time.Duration, all time.Duration, n int) []float64 {
	counts := make([]float64, n)
	for _, e := range ends {
		counts[min(n-1, int(int64(e)*int64(n)/int64(all)))]++
	}
	for i := range counts {
		counts[i] /= all.Seconds() / float64(n)
	}
	return counts
}

// startSandbox starts a sandbox in a mode, with handlers in place of the functions if there are any.
func (r *run) startSandbox(ctx context.Context, mode string, clients int, invoker sandbox.Invoker) (*sandbox.Sandbox, error) {
	dir, err := r.assembly(ctx, mode)
	if err != nil {
		return nil, err
	}
	return sandbox.Start(ctx, sandbox.Options{Assembly: dir, Mode: sandbox.Mode(mode), Users: people(clients, mode), Invoker: invoker,
		Source: r.opts.App, CacheDir: r.opts.CacheDir, Progress: func(s string) {
			if strings.HasPrefix(s, "building") || strings.HasPrefix(s, "installing") {
				r.say("         %s", s)
			}
		}})
}
