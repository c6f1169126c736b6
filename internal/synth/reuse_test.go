//go:build unix

package synth_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

// ownApp is an app of this module's name, whose CLI writes an assembly.
func ownApp(t *testing.T, module string) (o synth.Options) {
	t.Helper()
	o = synth.Options{App: newApp(t, `while [ "$1" != --output ]; do shift; done; mkdir -p "$2" && echo {} > "$2/manifest.json"`),
		Output: filepath.Join(t.TempDir(), "cdk.out"), Context: []string{"stage=dev"}}
	write(t, filepath.Join(o.App, "go.mod"), "module "+module+"\n\ngo 1.26\n", 0o644)
	write(t, filepath.Join(o.App, "app.go"), "package main\n", 0o644)
	return o
}

func update(t *testing.T, o synth.Options) bool {
	t.Helper()
	ran, err := synth.Update(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

func TestAnAssemblyIsWrittenAgainWhenAnythingChanged(t *testing.T) {
	o := ownApp(t, build.Module)
	linked := filepath.Join(t.TempDir(), "linked.go")
	write(t, linked, "package main\n", 0o644)
	if err := os.Symlink(linked, filepath.Join(o.App, "linked.go")); err != nil {
		t.Fatal(err)
	}
	if !update(t, o) {
		t.Fatal("the first synthesis did not run")
	}
	if update(t, o) {
		t.Fatal("nothing changed, and it was synthesised again")
	}
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"a source", func() { write(t, filepath.Join(o.App, "app.go"), "package main // changed\n", 0o644) }},
		{"a new file", func() { write(t, filepath.Join(o.App, "stacks", "more.go"), "package stacks\n", 0o644) }},
		{"a name", func() {
			if err := os.Rename(filepath.Join(o.App, "stacks", "more.go"),
				filepath.Join(o.App, "stacks", "other.go")); err != nil {
				t.Fatal(err)
			}
		}},
		{"cdk.json", func() { write(t, filepath.Join(o.App, "cdk.json"), `{"context": {}}`, 0o644) }},
		{"the context", func() { o.Context = append(o.Context, "mode=password") }},
		{"the person's own cdk.json", func() {
			home := t.TempDir()
			t.Setenv("HOME", home)
			write(t, filepath.Join(home, ".cdk.json"), `{"context": {"stage": "prod"}}`, 0o644)
		}},
		{"a variable", func() { t.Setenv("CDK_DEFAULT_REGION", "eu-central-1") }},
		{"a file behind a link", func() { write(t, linked, "package main // changed\n", 0o644) }},
		{"a package with a manifest.json", func() { write(t, filepath.Join(o.App, "stacks", "manifest.json"), "{}", 0o644) }},
		{"a package called bin", func() {
			write(t, filepath.Join(o.App, "stacks", "bin", "bin.go"), "package bin\n",
				0o644)
		}},
		{"the assembly, by another synthesis",
			func() { write(t, filepath.Join(o.Output, "manifest.json"), `{"other": true}`, 0o644) }},
		{"the assembly itself", func() { remove(t, filepath.Join(o.Output, "manifest.json")) }},
	} {
		change.do()
		if !update(t, o) {
			t.Errorf("%s changed and nothing was synthesised", change.name)
		}
		if update(t, o) {
			t.Errorf("after a change of %s it was synthesised twice", change.name)
		}
	}
	t.Setenv("AWS_SESSION_TOKEN", "changes with each login")
	t.Setenv("CDK_DISABLE_CLI_TELEMETRY", "as the Makefile sets it, and a person doesn't")
	write(t, filepath.Join(o.App, "node_modules", "some", "index.js"), "", 0o644)
	write(t, filepath.Join(o.App, ".emailotp", "local.json"), "{}", 0o644)
	if update(t, o) {
		t.Error("what no synthesis reads had it synthesised again")
	}
}

func TestAFailureLeavesNothingToReuse(t *testing.T) {
	o := ownApp(t, build.Module)
	update(t, o)
	write(t, filepath.Join(o.App, "node_modules/.bin/cdk"), "#!/bin/sh\nexit 1\n", 0o755)
	write(t, filepath.Join(o.App, "app.go"), "package main // broken\n", 0o644)
	for range 2 {
		if _, err := synth.Update(t.Context(), o); err == nil {
			t.Fatal("a failed synthesis was taken for a good one")
		}
	}
	write(t, filepath.Join(o.App, "app.go"), "package main\n", 0o644)
	if _, err := synth.Update(t.Context(), o); err == nil {
		t.Error("the assembly of before a failure was taken again")
	}
}

func TestAppsOfWhichNobodyKnowsWhatTheyReadAreAlwaysSynthesised(t *testing.T) {
	for what, prepare := range map[string]func(t *testing.T, o synth.Options){
		"another module": func(t *testing.T, o synth.Options) {
			write(t, filepath.Join(o.App, "go.mod"), "module example.com/shop\n\ngo 1.26\n", 0o644)
		},
		"a module replaced by a folder": func(t *testing.T, o synth.Options) {
			write(t, filepath.Join(o.App, "go.mod"), "module "+build.Module+"\n\ngo 1.26\n\nreplace example.com/x => ../x\n",
				0o644)
		},
		"a folder that lies elsewhere": func(t *testing.T, o synth.Options) {
			if err := os.Symlink(t.TempDir(), filepath.Join(o.App, "stacks")); err != nil {
				t.Fatal(err)
			}
		},
		"a workspace": func(t *testing.T, o synth.Options) {
			work := filepath.Join(t.TempDir(), "go.work")
			write(t, work, "go 1.26\n\nuse "+o.App+"\n", 0o644)
			t.Setenv("GOWORK", work)
		},
	} {
		t.Run(what, func(t *testing.T) {
			o := ownApp(t, build.Module)
			prepare(t, o)
			for range 2 {
				if !update(t, o) {
					t.Error("it was not synthesised")
				}
			}
		})
	}
}
