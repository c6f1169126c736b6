//go:build unix

// Package procgroup ends a process together with all that it started.
package procgroup

import (
	"os"
	"os/exec"
	"syscall"
)

// Lead makes the command, before its start, the leader of a process group. A terminal's Ctrl-C does
// not reach the group.
func Lead(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Kill ends the leader's group at once. A group that has ended already is no error.
func Kill(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }

// Terminate sends SIGTERM to each process of the leader's group.
func Terminate(leader *os.Process) error { return syscall.Kill(-leader.Pid, syscall.SIGTERM) }
