// Package shims runs functions of the nodejs and python runtimes with the machine's own Node and
// Python: one small program for each, which asks the Runtime API for work as Lambda's do.
package shims

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var (
	//go:embed node.mjs
	node []byte
	//go:embed python.py
	python []byte
)

// A family is the runtimes that one program serves.
type family struct {
	prefix   string
	program  []byte
	file     string
	commands []string
	// flags come before the program's path.
	flags []string
	// self makes the interpreter print its own path: what is on PATH may be a version manager's
	// program, which needs the developer's environment.
	self []string
	// inline is the file that code in a template becomes.
	inline string
	remedy string
}

var families = []family{
	{"nodejs", node, "node.mjs", []string{"node"}, nil, []string{"-p", "process.execPath"}, "index.js",
		"install Node 22 or 24 from https://nodejs.org"},
	// -s leaves the user's own packages out, -B writes no byte code beside the asset.
	{"python", python, "python.py", []string{"python3", "python"}, []string{"-s", "-B"},
		[]string{"-c", "import sys; print(sys.executable)"}, "index.py", "install Python 3 from https://www.python.org"},
}

func familyOf(runtime string) (family, bool) {
	for _, f := range families {
		if strings.HasPrefix(runtime, f.prefix) {
			return f, true
		}
	}
	return family{}, false
}

// Runs reports whether functions of a Lambda runtime, such as "nodejs22.x", run here.
func Runs(runtime string) bool { _, ok := familyOf(runtime); return ok }

// InlineFile returns the name of the file that a function's code in the template becomes, such as
// "index.js"; empty for runtimes without inline code.
func InlineFile(runtime string) string { f, _ := familyOf(runtime); return f.inline }

// Command writes the runtime's program into dir and returns the command that runs it: the machine's
// interpreter, then its arguments. It fails with a remedy where the machine has no interpreter.
func Command(ctx context.Context, runtime, dir string) ([]string, error) {
	f, ok := familyOf(runtime)
	if !ok {
		return nil, fmt.Errorf("its runtime is %q, which can't run here; nodejs, python and OS-only runtimes can", runtime)
	}
	found := fmt.Errorf("%s is not on PATH", f.commands[0])
	for _, name := range f.commands {
		interpreter, err := f.interpreter(ctx, name)
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err != nil {
			found = err
			continue
		}
		program := filepath.Join(dir, f.file)
		if old, err := os.ReadFile(program); err != nil || !bytes.Equal(old, f.program) {
			if err := os.WriteFile(program, f.program, 0o600); err != nil {
				return nil, err
			}
		}
		return append(append([]string{interpreter}, f.flags...), program), nil
	}
	return nil, fmt.Errorf("its runtime is %q, and %w; %s", runtime, found, f.remedy)
}

// interpreter returns the path of the interpreter that a command leads to.
func (f family) interpreter(ctx context.Context, name string) (string, error) {
	command, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, command, f.self...).Output()
	if err != nil {
		return "", fmt.Errorf("%s does not run: %w", command, err)
	}
	if at := strings.TrimSpace(string(out)); filepath.IsAbs(at) {
		return at, nil
	}
	return command, nil
}
