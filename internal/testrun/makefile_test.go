package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

// A newcomer may have neither Go nor npm, and learns so before a minute of compiling.
func TestMakeWithoutAToolSaysWhatToInstall(t *testing.T) {
	testkit.Need(t, "make")
	path, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir, target, want string) {
		t.Helper()
		cmd := exec.Command(path, "-C", "../..", target)
		cmd.Env = []string{"PATH=" + dir, "SHELL=/bin/sh"}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("make %s: %v, want %q\n%s", target, err, want, out)
		}
	}
	dir := t.TempDir()
	for _, target := range []string{"dev", "check", "test", "release"} {
		run(dir, target, "go is not on PATH; install Go 1.26 or later")
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(dir, "dev", "npm is not on PATH; install Node 22 or 24")
}
