package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// workers is how many jobs run at once: one more than the processors that CI has, for some tests
// only wait for other processes.
const workers = 3

// errFailed: a job failed, and the summary has what failed.
var errFailed = errors.New("failed")

// quiet is how long nothing is printed before a line names the running jobs.
const quiet = 20 * time.Second

// runAll runs the jobs in their order, up to n at once. An error is one of a command that could not
// run; failed tests are in the summary.
func (s *summary) runAll(ctx context.Context, jobs []*job, n int) error {
	for _, j := range jobs {
		j.done = make(chan struct{})
		s.total += len(j.packages)
		if j.do != nil {
			s.total++
		}
	}
	fmt.Fprintf(s.out, "%d jobs with %d packages, up to %d at once\n", len(jobs), s.total, n)
	ticker := time.AfterFunc(quiet, s.tick)
	defer ticker.Stop()
	s.ticker = ticker
	var running sync.WaitGroup
	slots := make(chan struct{}, n)
	for _, j := range ready(jobs) {
		// A job that waits for another must not hold a slot that the other one needs.
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		if j.after != nil {
			<-j.after.done
		}
		running.Go(func() {
			j.err = s.runJob(ctx, j)
			close(j.done)
			<-slots
		})
	}
	running.Wait()
	var errs []error
	for _, j := range jobs {
		errs = append(errs, j.err)
	}
	return errors.Join(errs...)
}

// ready returns the jobs with those first that wait for none.
func ready(jobs []*job) []*job {
	var first, then []*job
	for _, j := range jobs {
		if j.after == nil {
			first = append(first, j)
		} else {
			then = append(then, j)
		}
	}
	return append(first, then...)
}

func (s *summary) runJob(ctx context.Context, j *job) error {
	if j.after != nil && j.after.err != nil {
		s.skipJob(j)
		return nil
	}
	s.begin(j)
	started := time.Now()
	if j.do == nil {
		err := s.test(ctx, j)
		s.end(j)
		return err
	}
	var out bytes.Buffer
	err := j.do(ctx, &out)
	s.end(j)
	if ctx.Err() == nil {
		s.command(j, time.Since(started), err, strings.TrimSpace(out.String()))
	}
	if err != nil {
		return errFailed
	}
	return nil
}

// polite gives a command a low priority, where the machine has nice. Compilers and tests that
// compute then leave the processors to the functions of the app, which have deadlines of seconds.
func polite(command []string) []string {
	if nice, err := exec.LookPath("nice"); err == nil {
		return append([]string{nice, "-n", "10"}, command...)
	}
	return command
}

// test runs go test for a job.
func (s *summary) test(ctx context.Context, j *job) error {
	command := append([]string{"go"}, j.args()...)
	if j.after == nil {
		command = polite(command)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), j.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failed := s.read(pipe)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err
	}
	switch {
	case err != nil && !failed && ctx.Err() == nil:
		return fmt.Errorf("go test failed without a failed test: %w", err)
	case err != nil:
		return errFailed
	}
	return nil
}
