// Command testrun runs the repository's tests, each package in the way that it needs, and ends with
// one line that counts them:
//
//	go run ./internal/testrun            all tests
//	go run ./internal/testrun -check     gofmt, go vet, staticcheck and the quick tests, without the CDK
//	go run ./internal/testrun -update    write the golden files anew
//	go run ./internal/testrun -portable  vet what does not link the CDK for Windows and macOS
//
// It first compiles and synthesises the repository's app, which takes longest and which many tests
// need. Beside that, packages without the CDK are tested, under the race detector where they have
// concurrency and the machine has a C compiler. Then the packages that link the CDK or run the app
// follow, a few at a time and the largest first.
//
// What a package needs follows from what its tests import, never from a list of packages:
//
//   - a test that links the CDK, or imports internal/testkit/app, waits for the app, runs without
//     the race detector, and is not part of -check
//   - -check passes -short, by which tests that start a browser or wait are skipped with a reason
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	o := options{}
	flag.BoolVar(&o.update, "update", false, "write the golden files anew")
	flag.BoolVar(&o.check, "check", false, "check and test what needs neither the CDK nor a browser")
	flag.BoolVar(&o.portable, "portable", false, "vet what does not link the CDK for Windows and macOS")
	flag.StringVar(&o.staticcheck, "staticcheck", "honnef.co/go/tools/cmd/staticcheck@latest",
		"the staticcheck that -check runs")
	flag.BoolVar(&o.verbose, "v", false, "name every test")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, o)
	stop()
	os.Exit(code)
}

type options struct {
	update, check, portable, verbose bool
	staticcheck                      string
}

func (o options) plan(ctx context.Context, scratch string) ([]*job, error) {
	packages, err := list(ctx, ".")
	switch {
	case err != nil:
		return nil, err
	case o.update:
		return updating(packages), nil
	case o.portable:
		return portable(packages), nil
	case o.check:
		return checking(packages, o.staticcheck), nil
	}
	return everything(packages, hasRace(ctx), scratch), nil
}

func run(ctx context.Context, o options) int {
	started := time.Now()
	scratch, err := os.MkdirTemp("", "emailotp-testrun-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun: error:", err)
		return 1
	}
	defer os.RemoveAll(scratch)
	jobs, err := o.plan(ctx, scratch)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun: error:", err)
		return 1
	}
	s := newSummary(os.Stdout, o.verbose)
	err = s.runAll(ctx, jobs, workers)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "testrun: interrupted")
		return 130
	case err != nil && !errors.Is(err, errFailed):
		fmt.Fprintln(os.Stderr, "testrun: error:", err)
		return 1
	}
	s.close(time.Since(started))
	if s.failed > 0 {
		return 1
	}
	return 0
}
