//go:build unix

package runtimeapi

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the process at the head of its own group, so that all that it
// starts can be ended with it, and so that a terminal's Ctrl-C stays with us.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // nobody left is fine

func busyText(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
