package build_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// cached builds a function through the cache and returns its bytes.
func cached(t *testing.T, cache, dir string, target build.Target) []byte {
	t.Helper()
	out := t.TempDir()
	if err := (build.Cache{Dir: cache}).Functions(context.Background(), dir, target, out, "pre-sign-up"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(out, "pre-sign-up")
	if info, err := os.Stat(file); err != nil || info.Mode()&0o111 == 0 {
		t.Fatalf("it can't be run: %v, %v", info, err)
	}
	content := disk.Read(t, file)
	return content
}

// states returns the files of a function in the cache.
func states(t *testing.T, cache string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(cache, "*", "pre-sign-up"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func change(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "lambdas", "pre-sign-up", "more.go"),
		[]byte("package main\n\nfunc init() { println(\""+text+"\") }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsKeptHasTheBytesOfABuild(t *testing.T) {
	dir, cache := module(t, t.TempDir()), filepath.Join(t.TempDir(), "made", "when needed")
	want := compile(t, dir, build.Target{})
	for _, from := range []string{"built", "kept"} {
		if !bytes.Equal(cached(t, cache, dir, build.Target{}), want) {
			t.Errorf("%s, the bytes differ", from)
		}
	}
	if n := len(states(t, cache)); n != 1 {
		t.Errorf("%d states are kept, want one", n)
	}
}

func TestWhatIsKeptIsUsed(t *testing.T) {
	dir, cache := module(t, t.TempDir()), t.TempDir()
	cached(t, cache, dir, build.Target{})
	mark := []byte("kept")
	if err := os.WriteFile(states(t, cache)[0], mark, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(states(t, cache)[0]+".sha256", fmt.Appendf(nil, "%x", sha256.Sum256(mark)), 0o600); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(cached(t, cache, dir, build.Target{}), mark) {
		t.Error("it was built again")
	}
	if !bytes.Equal(cached(t, cache, module(t, t.TempDir()), build.Target{}), mark) {
		t.Error("the same source in another directory was built again")
	}
}

func TestWhatIsNotWholeIsBuiltAnew(t *testing.T) {
	dir, cache := module(t, t.TempDir()), t.TempDir()
	want := cached(t, cache, dir, build.Target{})
	for _, damage := range []func(file string) error{
		func(file string) error { return os.Truncate(file, 0) },
		func(file string) error { return os.WriteFile(file, want[:len(want)/2], 0o755) },
		func(file string) error { return os.Remove(file + ".sha256") },
	} {
		if err := damage(states(t, cache)[0]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(cached(t, cache, dir, build.Target{}), want) {
			t.Error("a damaged program was taken")
		}
	}
}

// A file that is saved while its function is built must not come back as another state's.
func TestASourceThatChangesInTheMiddleIsNotKept(t *testing.T) {
	dir, cache := module(t, t.TempDir()), t.TempDir()
	want := compile(t, dir, build.Target{})
	shim := t.TempDir()
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	more := filepath.Join(dir, "lambdas", "pre-sign-up", "more.go")
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = build ]; then printf 'package main\\nfunc init() { println(1) }\\n' >'%s'; fi\nexec '%s' \"$@\"\n", more, real)
	if err := os.WriteFile(filepath.Join(shim, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", shim+string(os.PathListSeparator)+path)
	cached(t, cache, dir, build.Target{})
	t.Setenv("PATH", path)
	if err := os.Remove(more); err != nil {
		t.Skip("no shell that runs the shim:", err)
	}
	if !bytes.Equal(cached(t, cache, dir, build.Target{}), want) {
		t.Error("a program of another source was taken")
	}
}

func TestAnythingThatChangesTheBytesIsBuiltAnew(t *testing.T) {
	dir, cache := module(t, t.TempDir()), t.TempDir()
	seen := map[string]string{}
	see := func(what string, target build.Target) {
		t.Helper()
		content := string(cached(t, cache, dir, target))
		if before, ok := seen[content]; ok {
			t.Errorf("%s has the bytes of %s", what, before)
		}
		seen[content] = what
	}
	see("the source", build.Target{})
	see("another processor", build.Target{GOARCH: "amd64"})
	change(t, dir, "one")
	see("a further file", build.Target{})
	change(t, dir, "two")
	see("a changed file", build.Target{})
}

func TestACacheIsNotNeeded(t *testing.T) {
	dir := module(t, t.TempDir())
	want := compile(t, dir, build.Target{})
	file := filepath.Join(t.TempDir(), "file")
	disk.Write(t, file, "")
	for what, cache := range map[string]string{"none": "", "one that can't be written": filepath.Join(file, "below")} {
		if !bytes.Equal(cached(t, cache, dir, build.Target{}), want) {
			t.Errorf("with %s the bytes differ", what)
		}
	}
}

func TestTheLastUsedStatesAreKept(t *testing.T) {
	dir, cache := module(t, t.TempDir()), t.TempDir()
	cached(t, cache, dir, build.Target{})
	first := states(t, cache)[0]
	for i := range 9 {
		change(t, dir, fmt.Sprint(i))
		cached(t, cache, dir, build.Target{})
		// The first is used again and again, the others have an age.
		now := time.Now()
		for _, file := range states(t, cache) {
			age := now.Add(-time.Hour)
			if file == first {
				age = now
			}
			if err := os.Chtimes(filepath.Dir(file), age, age); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := states(t, cache)
	if len(left) != 8 {
		t.Errorf("%d states are kept, want 8", len(left))
	}
	if _, err := os.Stat(first); err != nil {
		t.Errorf("the one in use is gone: %v", err)
	}
}

// The go command is called for a source that differs, and for nothing but its version where none
// does.
func TestAnUnchangedSourceIsNotListedAgain(t *testing.T) {
	dir, cache, shim := module(t, t.TempDir()), t.TempDir(), t.TempDir()
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	calls := filepath.Join(shim, "calls")
	script := fmt.Sprintf("#!/bin/sh\necho $1 >>'%s'\nexec '%s' \"$@\"\n", calls, real)
	if err := os.WriteFile(filepath.Join(shim, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", shim+string(os.PathListSeparator)+os.Getenv("PATH"))
	called := func() string {
		t.Helper()
		os.Remove(calls)
		cached(t, cache, dir, build.Target{})
		text, err := os.ReadFile(calls)
		if err != nil {
			t.Skip("no shell that runs the shim:", err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	put := func(file, text string) {
		t.Helper()
		disk.Write(t, filepath.Join(dir, file), text)
	}
	for _, step := range []struct {
		what   string
		change func()
		want   string
	}{
		{"the first time", func() {}, "version list build list"},
		{"nothing changed", func() {}, "version"},
		{"a test changed", func() { put("lambdas/pre-sign-up/main_test.go", "package main\n") }, "version"},
		{"what no function has changed", func() { put("other.txt", "x") }, "version list"},
		{"that is known now", func() {}, "version"},
		{"a function changed", func() { change(t, dir, "one") }, "version list build list"},
		{"a module may lie elsewhere", func() {
			put("go.mod", "module "+build.Module+"\n\ngo 1.26\n\nreplace example.com/x => ../x\n")
		}, "list build list"},
		{"and is looked at every time", func() {}, "list"},
	} {
		step.change()
		if got := called(); got != step.want {
			t.Errorf("%s: the go command ran %q, want %q", step.what, got, step.want)
		}
	}
}
