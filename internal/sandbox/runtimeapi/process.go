package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/procgroup"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
)

// process is one process of a function. Each has a Runtime API of its own, so that a request
// belongs to it.
type process struct {
	fn     *function
	cmd    *exec.Cmd
	server *loopback.Server

	work     chan *invocation // unbuffered: sent is taken
	ready    chan struct{}    // closed at the first request for an event
	answered chan result      // holds one: the current call's answer
	exited   chan struct{}    // closed when the process has ended

	mu      sync.Mutex
	current *invocation
	isReady bool
	words   string        // why it ended
	initErr *lambda.Error // what it reported when its start failed
	killed  bool
}

// start starts a process, whose end Host.Close waits for.
func (f *function) start() (*process, error) {
	if !f.host.begin() {
		return nil, errClosed
	}
	p := &process{
		fn: f, work: make(chan *invocation), ready: make(chan struct{}),
		answered: make(chan result, 1), exited: make(chan struct{}),
	}
	l, err := loopback.Listen(context.Background(), 0, "the Runtime API", "")
	if err != nil {
		f.host.running.Done()
		return nil, err
	}
	p.server = loopback.Serve(l, loopback.Guard(p.api()), f.host.opts.Logger)
	if err := p.launch(l.Addr().String()); err != nil {
		_ = p.server.Close()
		f.host.running.Done()
		return nil, err
	}
	go p.watch()
	return p, nil
}

func (p *process) launch(api string) error {
	f := p.fn
	environment := f.environment()
	environment["AWS_LAMBDA_RUNTIME_API"] = api
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		stdout, stderr := f.log.stream(), f.log.stream()
		p.cmd = exec.Command(f.command[0], f.command[1:]...)
		p.cmd.Dir, p.cmd.Env = f.root, list(environment)
		p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
		p.cmd.WaitDelay = time.Second // its children may hold its output open
		procgroup.Lead(p.cmd)
		// Registered under the lock that Close takes: Close kills every process.
		f.mu.Lock()
		err := f.host.closed()
		if err == nil {
			err = p.cmd.Start()
		}
		if err == nil {
			f.all[p] = true
		}
		f.mu.Unlock()
		// Another goroutine's fork can hold a just-written binary open for writing.
		if !busyText(err) || wait > time.Second {
			return err
		}
		time.Sleep(wait)
	}
}

// watch waits for the process's end and cleans up.
func (p *process) watch() {
	defer p.fn.host.running.Done()
	err := p.cmd.Wait()
	procgroup.Kill(p.cmd.Process) // children that it left behind
	p.mu.Lock()
	p.words = exitWords(p.cmd.ProcessState, err)
	p.mu.Unlock()
	p.fn.mu.Lock()
	delete(p.fn.all, p)
	p.fn.mu.Unlock()
	p.fn.log.flush(p.cmd.Stdout, p.cmd.Stderr)
	close(p.exited)
	_ = p.server.Close()
}

// exitWords describes the end of a process in Lambda's words.
func exitWords(state *os.ProcessState, err error) string {
	if state != nil && !state.Success() {
		return "Runtime exited with error: " + state.String()
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return "Runtime exited with error: " + err.Error()
	}
	return "Runtime exited without providing a reason"
}

func (p *process) lastWords(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("RequestId: %s Error: %s", id, p.words)
}

// failedStart is the result of a call whose process ended before it asked for an event.
func (p *process) failedStart(id string) result {
	words := p.lastWords(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.initErr != nil {
		if p.initErr.Type == "Runtime.ImportModuleError" {
			p.fn.log.line([]byte("bundle the missing module with the function; for what Lambda's runtimes bring along, as the " +
				"AWS SDK, name a directory that has it: --modules DIR, or Options.Modules"))
		}
		return result{err: p.initErr}
	}
	return failed(lambda.Exited, "Runtime.ExitError", words)
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed || p.cmd.Process == nil {
		return
	}
	p.killed = true
	procgroup.Kill(p.cmd.Process)
}
