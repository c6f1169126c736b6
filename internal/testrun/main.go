// Command testrun runs the repository's tests, each package in the way that it
// needs, and ends with one line that says how many passed and failed:
//
//	go run ./internal/testrun            all tests
//	go run ./internal/testrun -update    write the golden files anew
//
// Packages that link the CDK run one at a time, for each has a binary of some 100
// MB and a Node process beside it, and without the race detector, which jsii was
// never meant for. All others run under the race detector where there is a C
// compiler. internal/flow runs a second time without it, since its exhaustive
// tests are shorter under it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	update := flag.Bool("update", false, "write the golden files anew")
	verbose := flag.Bool("v", false, "name every test")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, *update, *verbose)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, update, verbose bool) int {
	started := time.Now()
	packages, err := list(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun: error:", err)
		return 1
	}
	groups := plan(packages, hasRace(ctx))
	if update {
		groups = updating(packages)
	}
	s := &summary{out: os.Stdout, verbose: verbose}
	for _, g := range groups {
		if len(g.packages) == 0 {
			continue
		}
		fmt.Printf("\n%s: %d packages\n", g.name, len(g.packages))
		if err := s.test(ctx, g); err != nil {
			fmt.Fprintln(os.Stderr, "testrun: error:", err)
			return 1
		}
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "testrun: interrupted")
			return 130
		}
	}
	s.close(time.Since(started))
	if s.failures() {
		return 1
	}
	return 0
}
