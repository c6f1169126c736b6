package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

// goStub stands for the go command: it notes its calls and writes the command.
const goStub = `#!/bin/sh
case $1 in
version) echo "go version ${STUB_VERSION:-go1.26} here";;
*) echo "$1" >>"$STUB_CALLS"
   printf '#!/bin/sh\necho "$@"\n' >bin/emailotp && chmod +x bin/emailotp;;
esac
`

// `make dev` builds the command where something changed, and loses no time where nothing did.
func TestMakeDevBuildsTheCommandWhereSomethingChanged(t *testing.T) {
	for _, tool := range []string{"make", "find"} {
		testkit.Need(t, tool)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	dir, shim := t.TempDir(), t.TempDir()
	past := time.Now().Add(-time.Hour)
	put := func(file, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dir, "Makefile"), string(makefile), 0o644)
	put(filepath.Join(dir, "internal/mail/catalog/en.json"), "{}", 0o644)
	put(filepath.Join(dir, "web/node_modules/x/x.js"), "", 0o644)
	put(filepath.Join(shim, "go"), goStub, 0o755)
	calls := filepath.Join(shim, "calls")
	build := func(env ...string) string {
		t.Helper()
		os.Remove(calls)
		cmd := exec.Command("make", "--no-print-directory", "dev", "MODE=password")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), append(env, "STUB_CALLS="+calls, "MAKEFLAGS=",
			"PATH="+shim+string(os.PathListSeparator)+os.Getenv("PATH"))...)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "dev --example --mode password\n") {
			t.Fatalf("%v\n%s", err, out)
		}
		text, _ := os.ReadFile(calls)
		// What was there before the build is older than it, whatever the file system's resolution.
		err = filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
			if err != nil || strings.HasSuffix(path, ".built") {
				return err
			}
			return os.Chtimes(path, past, past)
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	for _, step := range []struct {
		what, want string
		change     func()
		env        string
	}{
		{"the first start", "run", func() {}, ""},
		{"nothing changed", "", func() {}, ""},
		{"a changed text", "build", func() { put(filepath.Join(dir, "internal/mail/catalog/en.json"), "{1}", 0o644) }, ""},
		{"a removed file", "build", func() { os.Remove(filepath.Join(dir, "internal/mail/catalog/en.json")) }, ""},
		{"an installed package", "", func() { put(filepath.Join(dir, "web/node_modules/x/y.js"), "", 0o644) }, ""},
		{"a test", "", func() {
			put(filepath.Join(dir, "x_test.go"), "", 0o644)
			if err := os.Chtimes(dir, past, past); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"another toolchain", "build", func() {}, "STUB_VERSION=go1.27"},
		{"a command that is gone", "run", func() { os.Remove(filepath.Join(dir, "bin/emailotp")) }, "STUB_VERSION=go1.27"},
	} {
		step.change()
		if got := build(step.env); got != step.want {
			t.Errorf("%s: go %q, want %q", step.what, got, step.want)
		}
	}
}
