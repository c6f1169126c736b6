package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin/prompt"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// The exit codes; scripts rely on them.
const (
	exitError       = 1
	exitUsage       = 2
	exitRefused     = 3
	exitUnavailable = 4
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// hinted is an error with advice.
type hinted struct {
	error
	hints []string
}

func (h *hinted) Unwrap() error { return h.error }

// hint adds advice to an error.
func hint(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &hinted{err, hints}
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

// usage makes an error a wrong use of a command.
func usage(cmd *cobra.Command, err error) error {
	return hint(&usageError{err}, fmt.Sprintf("%s --help explains the command", cmd.CommandPath()))
}

// finish prints a command's error and returns the exit code.
func finish(ctx context.Context, w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	if ctx.Err() != nil || errors.Is(err, terminal.ErrInterrupted) {
		fmt.Fprintln(w, "emailotp: interrupted")
		return exitInterrupted
	}
	p := terminal.Paint(w)
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(w, p.Red("emailotp: error:"), terminal.Printable(line))
	}
	for _, h := range hintsOf(err) {
		fmt.Fprintln(w, p.Bold("emailotp: hint:"), terminal.Printable(h))
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var wrong *usageError
	var refused *signin.Refused
	var gone *signin.Unavailable
	switch {
	case errors.As(err, &wrong), errors.Is(err, prompt.ErrNoTerminal):
		return exitUsage
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &gone):
		return exitUnavailable
	}
	return exitError
}

// hintsOf returns the advice of an error and of all errors that it wraps.
func hintsOf(err error) []string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		if h, ok := err.(*hinted); ok {
			all = append(all, h.hints...)
		}
	}
	return all
}
