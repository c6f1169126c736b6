package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func module(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/x\n\ngo 1.26\n", "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func TestABuildIsReportedAndItsMessagesArePassedOn(t *testing.T) {
	dir := module(t, "package main\n\nfunc main() {}\n")
	var out bytes.Buffer
	if err := build(t.Context(), &out, []string{"-o", "x", "."}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err != nil || !strings.Contains(out.String(), "compiling . ...") {
		t.Errorf("%v; printed %q", err, out.String())
	}
	module(t, "package main\n\nfunc main() { x() }\n")
	if err := build(t.Context(), &out, []string{"-o", "x", "."}); err == nil ||
		!strings.Contains(err.Error(), "main.go:3:15: undefined: x") {
		t.Errorf("a program that doesn't compile: %v", err)
	}
	if got, want := detail(3, 10, 2), "3 of at most 10 packages, 2 modules downloaded"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
