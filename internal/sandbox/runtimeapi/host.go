// Package runtimeapi runs unchanged Lambda functions. It serves the Runtime API from which a
// provided.al2023 bootstrap, or the loop of a Node.js or Python function, fetches its events. It
// starts, times and stops the processes.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// InitTimeout is how long a process may take from its start to its first request for an event.
const InitTimeout = 10 * time.Second

// maxProcesses is how many processes of one function run at once. Further calls wait. Lambda's
// default for an account is 1,000.
const maxProcesses = 100

// maxIdle is how many idle processes of one function are kept warm.
const maxIdle = 16

// Function is a function to run.
type Function struct {
	Name, ARN string
	// Folder is the name of its source folder; empty without source.
	Folder string
	// FromSource builds the program from the source and uses only the other files of Asset.
	FromSource bool
	// Environment is the template's. Lambda's own variables override it, Endpoints override both.
	Environment map[string]string
	// Asset is a directory or a zip file.
	Asset, AssetHash string
	// Modules are directories of modules for the interpreted runtimes, absolute.
	Modules []string
	// Inline is code in the template, in place of an asset.
	Inline                 string
	Handler, Runtime       string
	Architecture           string // "x86_64" or "arm64"
	MemoryMB               int
	Timeout                time.Duration
	AccessKeyID, SecretKey string
	Endpoints              map[string]string
}

// Options are what a Host needs beside its functions.
type Options struct {
	Region string
	// Build compiles a function's source; nil without source.
	Build func(ctx context.Context, folder, goos, goarch, out string) error
	// BuildAll compiles functions of the source in a directory for this host, each into a file of
	// its folder's name in out. It is for assets with [contract.UnbuiltFile].
	BuildAll func(ctx context.Context, source string, folders []string, out string) error
	// CacheDir keeps rebuilt functions; empty keeps none.
	CacheDir string
	// InitTimeout overrides the constant of this name unless it is 0.
	InitTimeout time.Duration
	Log         io.Writer // what the functions print; nil drops it
	Logger      *slog.Logger
}

// Host runs functions. Its methods may be called from several goroutines at once.
type Host struct {
	opts      Options
	functions map[string]*function
	temp      tempDir

	mu      sync.Mutex // guards the step from open to closing
	closing chan struct{}
	running sync.WaitGroup // calls and processes
}

type function struct {
	Function
	host    *Host
	root    string   // the task root, once prepared
	command []string // what a process runs, once prepared
	log     *lineLog
	slots   chan struct{}

	mu    sync.Mutex
	idle  []*process // the last one was used last
	all   map[*process]bool
	calls int
}

// New makes a host; nothing runs before Prepare and Invoke.
func New(functions []Function, opts Options) *Host {
	if opts.InitTimeout == 0 {
		opts.InitTimeout = InitTimeout
	}
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	h := &Host{opts: opts, functions: map[string]*function{}, closing: make(chan struct{})}
	shared := &sync.Mutex{}
	for _, f := range functions {
		h.functions[f.Name] = &function{
			Function: f, host: h, all: map[*process]bool{}, slots: make(chan struct{}, maxProcesses),
			log: &lineLog{mu: shared, out: opts.Log, logger: opts.Logger, function: f.Name},
		}
	}
	return h
}

// Invoke runs a function on an event and returns its response. A *[lambda.Error] is the function's
// failure. When ctx ends, Invoke returns its error while the function runs to its end, as on
// Lambda.
func (h *Host) Invoke(ctx context.Context, name string, event []byte) ([]byte, error) {
	f, ok := h.functions[name]
	if !ok {
		return nil, fmt.Errorf("no function %q", name)
	}
	if f.command == nil {
		return nil, fmt.Errorf("function %s was not prepared", name)
	}
	if !h.begin() {
		return nil, errClosed
	}
	inv := newInvocation(event)
	go func() {
		defer h.running.Done()
		f.run(inv)
	}()
	select {
	case r := <-inv.done:
		return r.body, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

var errClosed = errors.New("the sandbox has been closed")

// begin registers a call or process, unless the host is closing.
func (h *Host) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed() != nil {
		return false
	}
	h.running.Add(1)
	return true
}

func (h *Host) closed() error {
	select {
	case <-h.closing:
		return errClosed
	default:
		return nil
	}
}

// Calls returns how often each function was invoked, by name.
func (h *Host) Calls() map[string]int {
	all := map[string]int{}
	for name, f := range h.functions {
		f.mu.Lock()
		all[name] = f.calls
		f.mu.Unlock()
	}
	return all
}

// Close kills all processes with their children, waits for them, and removes the temporary files.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed() == nil {
		close(h.closing)
	}
	h.mu.Unlock()
	for _, f := range h.functions {
		f.mu.Lock()
		for p := range f.all {
			p.kill()
		}
		f.mu.Unlock()
	}
	h.running.Wait()
	return h.temp.remove()
}
