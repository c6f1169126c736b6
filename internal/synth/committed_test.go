package synth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// put writes a file of an app.
func put(t *testing.T, app, name, text string) {
	t.Helper()
	file := filepath.Join(app, name)
	disk.Write(t, file, text)
}

// committedApp is an app of this module's name with this repository's templates.
func committedApp(t *testing.T) string {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GOWORK", "")
	app := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module " + build.Module + "\n\ngo 1.26\n",
		"app.go":       "package main\n\nimport _ \"" + build.Module + "/shape\"\n",
		"shape/a.go":   "package shape\n\nimport _ \"embed\"\n\n//go:embed texts\nvar X string\n",
		"shape/texts":  "one",
		"lambdas/x.go": "package x\n",
		"cdk.json": `{"context": {"emailotp": {
			"dev": {"region": "eu-west-1", "mode": "passwordless", "sender": "no-reply@example.com"},
			"more": {"region": "eu-west-1", "mode": "passwordless", "sender": "no-reply@example.com"}}}}`,
	} {
		put(t, app, name, text)
	}
	if err := os.CopyFS(filepath.Join(app, "stacks/testdata"), os.DirFS("../../stacks/testdata")); err != nil {
		t.Fatal(err)
	}
	sum(t, app)
	return app
}

func sum(t *testing.T, app string) {
	t.Helper()
	sums, err := synth.Inputs(app)
	if err != nil {
		t.Fatal(err)
	}
	put(t, app, "stacks/testdata/inputs.sum", string(sums))
}

func committed(t *testing.T, app, stage, mode string) (string, bool) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "cdk.out")
	ok, err := synth.Committed(synth.Options{App: app, Output: out}, stage, mode)
	if err != nil {
		t.Fatal(err)
	}
	return out, ok
}

func TestACommittedTemplateIsAnAssemblyWithoutPrograms(t *testing.T) {
	app := committedApp(t)
	for mode, want := range map[string]string{"": "passwordless", "passwordless": "passwordless", "password": "password"} {
		out, ok := committed(t, app, "dev", mode)
		if !ok {
			t.Fatalf("mode %q: nothing is committed", mode)
		}
		loaded, err := assembly.Load(out, "")
		if err != nil {
			t.Fatal(err)
		}
		plan, err := loaded.Plan(assembly.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Mode != want || plan.Stack != "EmailOtp-dev" || plan.Region != "eu-west-1" || len(plan.Functions) < 5 {
			t.Errorf("mode %q: %s, %s in %s with %d functions", mode, plan.Mode, plan.Stack, plan.Region, len(plan.Functions))
		}
		for _, f := range plan.Functions {
			source, err := os.ReadFile(filepath.Join(f.Asset, "NOT-BUILT"))
			if err != nil || string(source) != app || !strings.HasSuffix(f.Asset, f.Folder) {
				t.Errorf("%s is to be built from %q, %v", f.Folder, source, err)
			}
		}
	}
}

func TestACommittedTemplateServesWhileNothingThatShapesItDiffers(t *testing.T) {
	app := committedApp(t)
	same := map[string]func(){
		"a function's program": func() { put(t, app, "lambdas/x.go", "package x\n\nvar Y = 1\n") },
		"a test":               func() { put(t, app, "shape/a_test.go", "package shape\n") },
		"a comment and the layout": func() {
			put(t, app, "shape/a.go", "// Package shape.\npackage shape\n\nimport   _ \"embed\"\n\n//go:embed texts\nvar X string // x\n")
		},
	}
	for what, change := range same {
		change()
		if _, ok := committed(t, app, "dev", ""); !ok {
			t.Errorf("%s changed and the template no longer serves", what)
		}
	}
	for what, change := range map[string]func(){
		"a package that the app imports": func() { put(t, app, "shape/a.go", "package shape\n\nvar X = 1\n") },
		"a new file of it":               func() { put(t, app, "shape/b.go", "package shape\n") },
		"an embedded file":               func() { put(t, app, "shape/texts", "two") },
		"a directive": func() {
			put(t, app, "app.go", "//go:build linux\n\npackage main\n\nimport _ \""+build.Module+"/shape\"\n")
		},
		"cdk.json":                   func() { put(t, app, "cdk.json", `{}`) },
		"the CLI's context":          func() { put(t, app, "cdk.context.json", `{}`) },
		"a version":                  func() { put(t, app, "go.mod", "module "+build.Module+"\n\ngo 1.27\n") },
		"the module":                 func() { put(t, app, "go.mod", "module example.com/shop\n") },
		"the CLI's settings at home": func() { put(t, os.Getenv("HOME"), ".cdk.json", `{}`) },
		"a workspace":                func() { put(t, filepath.Dir(app), "go.work", "go 1.26\n") },
		"the workspace's variable":   func() { t.Setenv("GOWORK", "/work") },
		"what is committed":          func() { put(t, app, "stacks/testdata/inputs.sum", "") },
	} {
		t.Run(what, func(t *testing.T) {
			app = committedApp(t)
			change()
			if _, ok := committed(t, app, "dev", ""); ok {
				t.Error("it changed and the old template serves")
			}
		})
		_ = os.Remove(filepath.Join(filepath.Dir(app), "go.work"))
	}
	app = committedApp(t)
	for _, other := range [][2]string{{"more", ""}, {"nowhere", ""}, {"dev", "both"}} {
		if _, ok := committed(t, app, other[0], other[1]); ok {
			t.Errorf("stage %s in mode %q has a template", other[0], other[1])
		}
	}
}
