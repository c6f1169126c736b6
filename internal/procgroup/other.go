//go:build !unix

// Package procgroup ends a process. This system has no process groups: what the process started
// goes on.
package procgroup

import (
	"os"
	"os/exec"
)

// Lead does nothing.
func Lead(*exec.Cmd) {}

// Kill ends the process at once. A process that has ended already is no error.
func Kill(leader *os.Process) { _ = leader.Kill() }

// Terminate ends the process at once.
func Terminate(leader *os.Process) error { return leader.Kill() }
