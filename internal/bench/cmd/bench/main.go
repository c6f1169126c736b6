// Command bench measures EmailOTP on this machine and prints a table, every number beside its baseline:
//
//	go run ./internal/bench/cmd/bench                      everything, some ten minutes
//	go run ./internal/bench/cmd/bench -quick -only cold    one section, few samples
//	go run ./internal/bench/cmd/bench -json                for programs
//	go run ./internal/bench/cmd/bench -record              add the ratios to the history
//
// It fails only if it was misused or stopped: no time is a failure.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/cognito-emailotp/cdk-emailotp/internal/bench"
)

func main() { os.Exit(mainCode()) }

func mainCode() int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "sections to run, with commas between: "+strings.Join(bench.Sections(), ", "))
	quick := flags.Bool("quick", false, "few samples, and nothing that takes minutes")
	asJSON := flags.Bool("json", false, "print JSON")
	record := flags.Bool("record", false, "add the ratios to "+bench.HistoryFile)
	switch err := flags.Parse(os.Args[1:]); {
	case err == flag.ErrHelp:
		return 0
	case err != nil || flags.NArg() > 0:
		if err == nil {
			fmt.Fprintf(os.Stderr, "bench: error: unexpected argument %q\n", flags.Arg(0))
		}
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	opts := bench.Options{App: ".", Quick: *quick, Progress: os.Stderr}
	if *only != "" {
		opts.Only = strings.Split(*only, ",")
	}
	report, err := bench.Run(ctx, opts)
	if err == nil {
		err = write(report, *asJSON, os.Stdout)
	}
	if err == nil && *record {
		err = report.Record(ctx, opts.App)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		return 1
	}
	return 0
}

func write(report bench.Report, asJSON bool, w io.Writer) error {
	if asJSON {
		return report.JSON(w)
	}
	return report.Table(w)
}
