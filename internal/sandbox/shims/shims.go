// Package shims runs functions of the nodejs and python runtimes with the machine's own Node and
// Python: one small program for each, which asks the Runtime API for work as Lambda's do.
package shims

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	// inline is the file that code in a template becomes.
	inline string
	remedy string
}

var families = []family{
	{"nodejs", node, "node.mjs", []string{"node"}, nil, "index.js", "install Node 22 or 24 from https://nodejs.org"},
	// -s leaves the user's own packages out, -B writes no byte code beside the asset.
	{"python", python, "python.py", []string{"python3", "python"}, []string{"-s", "-B"}, "index.py",
		"install Python 3 from https://www.python.org"},
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
func Command(runtime, dir string) ([]string, error) {
	f, ok := familyOf(runtime)
	if !ok {
		return nil, fmt.Errorf("the runtime %q can't run here; nodejs, python and OS-only runtimes can", runtime)
	}
	for _, name := range f.commands {
		interpreter, err := exec.LookPath(name)
		if err != nil {
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
	return nil, fmt.Errorf("its runtime is %q, and %s is not on PATH; %s", runtime, f.commands[0], f.remedy)
}
