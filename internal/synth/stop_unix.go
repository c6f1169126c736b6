//go:build unix

package synth

import (
	"os/exec"
	"syscall"
)

// stopTree has the whole process tree (shell, go, app, Node) stopped when the context ends, not the
// CLI alone, which would leave the rest running.
func stopTree(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
