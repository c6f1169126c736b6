package tables

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/internal/procgroup"
)

// startTimeout is how long the engine may take to start. Node takes a quarter of a second on an
// idle machine.
const startTimeout = 30 * time.Second

// engine is the child process.
type engine struct {
	url    string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	noise  *tail
	exited chan struct{}
	stop   sync.Once
}

// startEngine runs the installed engine and waits until it listens.
func startEngine(ctx context.Context, dir, dataPath string, logger *slog.Logger) (*engine, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errNoNode
	}
	if dataPath != "" {
		if dataPath, err = filepath.Abs(dataPath); err != nil {
			return nil, err
		}
	}
	options, err := json.Marshal(map[string]string{"path": dataPath})
	if err != nil {
		return nil, err
	}
	e := &engine{noise: &tail{}, exited: make(chan struct{})}
	e.cmd = exec.Command(node, filepath.Join(dir, "engine.js"), string(options))
	e.cmd.Dir = dir
	e.cmd.Stderr = e.noise
	e.cmd.WaitDelay = time.Second
	// A terminal's Ctrl-C must not reach the engine: it outlives the functions that write to it.
	procgroup.Lead(e.cmd)
	if e.stdin, err = e.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the table engine: %w", err)
	}
	first := make(chan string, 1)
	go func() {
		reader := bufio.NewReader(stdout)
		line, _ := reader.ReadString('\n') // the exit reports an end without a line
		first <- line
		_, _ = io.Copy(e.noise, reader)
		err := e.cmd.Wait()
		logger.Debug("table engine ended", "error", err)
		close(e.exited)
	}()
	if err := e.await(ctx, first); err != nil {
		e.Close()
		return nil, fmt.Errorf("starting the table engine: %w", err)
	}
	return e, nil
}

func (e *engine) await(ctx context.Context, first <-chan string) error {
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case line := <-first:
		var started struct {
			Port  int    `json:"port"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &started); err != nil {
			<-e.exited
			return fmt.Errorf("it ended: %s", e.noise)
		}
		if started.Error != "" {
			return errors.New(started.Error)
		}
		e.url = fmt.Sprintf("http://127.0.0.1:%d/", started.Port)
		return nil
	case <-timer.C:
		return fmt.Errorf("it didn't listen within %v: %s", startTimeout, e.noise)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close lets the engine write its data, ends it and waits for its process.
func (e *engine) Close() {
	e.stop.Do(func() {
		_ = e.stdin.Close()
		select {
		case <-e.exited:
		case <-time.After(2 * time.Second):
		}
		e.Kill()
	})
	<-e.exited
}

// Kill ends the engine at once.
func (e *engine) Kill() {
	select {
	case <-e.exited:
	default:
		procgroup.Kill(e.cmd.Process)
	}
}

// tail keeps the end of the engine's output.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - 8<<10; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.buf) == 0 {
		return "it printed nothing"
	}
	return npm.LastLines(strings.ToValidUTF8(string(t.buf), "?"), 8)
}
