//go:build unix

package runtimeapi

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the process the leader of a group, which can be killed as a whole and does not
// receive a terminal's Ctrl-C.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // already gone is fine

func busyText(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
