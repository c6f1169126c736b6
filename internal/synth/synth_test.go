//go:build unix

package synth_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

// newApp makes an app whose CLI is a shell script.
func newApp(t *testing.T, cli string) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is missing; install Node 22 or 24")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cdk.json"), "{}", 0o644)
	write(t, filepath.Join(dir, "package.json"), `{"devDependencies": {"aws-cdk": "2.1148.1"}}`, 0o644)
	write(t, filepath.Join(dir, "node_modules/aws-cdk/package.json"), `{"version": "2.1148.1"}`, 0o644)
	write(t, filepath.Join(dir, "node_modules/.bin/cdk"), "#!/bin/sh\n"+cli, 0o755)
	return dir
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestTheCLIGetsTheContextAndNothingElse(t *testing.T) {
	t.Parallel()
	app := newApp(t, `echo "$PWD" "$CDK_DISABLE_CLI_TELEMETRY" "$@"`)
	var log strings.Builder
	out := filepath.Join(t.TempDir(), "cdk.out")
	if err := synth.Run(t.Context(), synth.Options{App: app, Output: out, Context: []string{"stage=dev", "mode=password"},
		Log: &log}); err != nil {
		t.Fatal(err)
	}
	if want := app + " true synth --quiet --no-notices --no-color --output " + out +
		" -c stage=dev -c mode=password\n"; log.String() != want {
		t.Errorf("ran %q\nwant %q", log.String(), want)
	}
}

func TestAFailureIsReducedToItsMessage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, words, want string }{
		{"the app's own sentences stand alone",
			"go: downloading x v1.2.3\nBundling asset A...\nemailotp: error: cdk.json: one\nemailotp: error: cdk.json: two\nexit status 1\ngo mod download && go run .: Subprocess exited with error 1\n",
			"cdk.json: one\ncdk.json: two"},
		{"a panic without its trace",
			"panic: EmailOTP \"Prod/SignIn\": CodeLength must be 6 to 10 digits (received: 4)\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d\nexit status 2\ngo run .: Subprocess exited with error 1\n",
			"EmailOTP \"Prod/SignIn\": CodeLength must be 6 to 10 digits (received: 4)"},
		{"an error of Node without its stack",
			"\x1b[31mError: Cannot find module 'x'\x1b[0m\n    at Module._resolve (node:internal/modules:1:2)\n    at node:internal/main:1\n\nNode.js v22.1.0\nRuntime process exited abnormally: waitid: no child processes",
			"Error: Cannot find module 'x'"},
		{"a repeated line once", "Not authorised\nNot authorised\n", "Not authorised"},
		{"no word at all", "", "cdk synth failed without a word (exit status 1); run `npx cdk synth` in the app's directory to see more"},
		{"a flood is cut", strings.Repeat("a\nb\n", 20), strings.Repeat("a\nb\n", 10) + "(and 20 lines more)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := newApp(t, "cat words >&2; exit 1\n")
			write(t, filepath.Join(app, "words"), test.words, 0o644)
			err := synth.Run(t.Context(), synth.Options{App: app, Output: t.TempDir()})
			var failed *synth.Error
			if !errors.As(err, &failed) || err.Error() != test.want {
				t.Errorf("error %T\n%v\nwant\n%s", err, err, test.want)
			}
		})
	}
}

func TestAnAppThatWritesNothingDoesNotRunByTheAssemblyBefore(t *testing.T) {
	t.Parallel()
	app := newApp(t, `while [ "$1" != --output ]; do shift; done
test -e "$2/manifest.json" || { echo "ENOENT: no such file or directory, open '$2/manifest.json'" >&2; exit 1; }`)
	out := t.TempDir()
	write(t, filepath.Join(out, "manifest.json"), "{}", 0o644)
	if err := synth.Run(t.Context(), synth.Options{App: app, Output: out}); err == nil ||
		!strings.HasPrefix(err.Error(), "the app wrote no assembly; its main function must call app.Synth(nil)") {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsMissingIsNamedWithItsRemedy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, app string)
		want   string
	}{
		{"Node packages", func(t *testing.T, app string) { remove(t, filepath.Join(app, "node_modules")) },
			"the CDK CLI is not installed in "},
		{"the pinned version", func(t *testing.T, app string) {
			write(t, filepath.Join(app, "node_modules/aws-cdk/package.json"), `{"version": "3.0.0"}`, 0o644)
		}, "the CDK CLI must be version 2.1148.1, as package.json pins it (found: 3.0.0); run `npm ci` in "},
		{"sense in package.json", func(t *testing.T,
			app string) {
			write(t, filepath.Join(app, "package.json"), "[", 0o644)
		}, "which can't be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := newApp(t, "exit 0\n")
			test.damage(t, app)
			if err := synth.Run(t.Context(), synth.Options{App: app, Output: t.TempDir()}); err == nil ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

// An app need not have a package.json.
func TestTheCLIIsTheAppsOwnElseTheOneOnPathElseNpxs(t *testing.T) {
	app, bin := newApp(t, "echo own\n"), t.TempDir()
	for _, program := range []string{"node", "go", "sh"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	run := func() (string, error) {
		var log strings.Builder
		err := synth.Run(t.Context(), synth.Options{App: app, Output: t.TempDir(), Log: &log})
		return log.String(), err
	}
	write(t, filepath.Join(bin, "npx"), "#!/bin/sh\necho npx \"$1 $2\"\n", 0o755)
	write(t, filepath.Join(bin, "cdk"), "#!/bin/sh\necho of PATH\n", 0o755)
	for _, step := range []struct{ without, want string }{
		{"", "own\n"}, {filepath.Join(app, "package.json"), "of PATH\n"},
		{filepath.Join(bin, "cdk"), "npx --yes aws-cdk@" + synth.CLI + "\n"},
	} {
		remove(t, step.without)
		if got, err := run(); got != step.want || err != nil {
			t.Errorf("without %s: ran %q, %v; want %q", step.without, got, err, step.want)
		}
	}
	remove(t, filepath.Join(bin, "npx"))
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "give its output by --assembly cdk.out") {
		t.Errorf("without any: %v", err)
	}
	pins, err := os.ReadFile("../../package.json")
	if err != nil || !strings.Contains(string(pins), `"aws-cdk": "`+synth.CLI+`"`) {
		t.Errorf("package.json pins another CLI than %s: %s, %v", synth.CLI, pins, err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func TestARangeOfVersionsIsTheAppsOwnChoice(t *testing.T) {
	t.Parallel()
	app := newApp(t, "exit 0\n")
	write(t, filepath.Join(app, "package.json"), `{"dependencies": {"aws-cdk": "^2.1100.0"}}`, 0o644)
	if err := synth.Run(t.Context(), synth.Options{App: app, Output: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

// A synthesis is a tree of processes: a shell, go, the app, Node.
func TestStoppingEndsTheWholeTree(t *testing.T) {
	t.Parallel()
	app := newApp(t, "sh -c 'trap \"\" HUP; while :; do echo >> alive; sleep 0.05; done' & wait\n")
	written := func() int64 {
		info, err := os.Stat(filepath.Join(app, "alive"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for written() == 0 && t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
	}()
	if err := synth.Run(ctx, synth.Options{App: app, Output: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for before := int64(-1); written() != before; time.Sleep(500 * time.Millisecond) {
		if before = written(); before > 100 {
			t.Fatal("a child process goes on")
		}
	}
}

func TestFindLooksUpwards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b")
	write(t, filepath.Join(deep, "x"), "", 0o644)
	if _, err := synth.Find(deep); err == nil || !strings.Contains(err.Error(), "there is no cdk.json in "+deep) {
		t.Errorf("error %v", err)
	}
	write(t, filepath.Join(dir, "cdk.json"), "{}", 0o644)
	if got, err := synth.Find(deep); err != nil || got != dir {
		t.Errorf("%s, %v; want %s", got, err, dir)
	}
}

func TestAnAssemblyIsStaleWhenASourceIsYounger(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file  string
		stale bool
	}{
		{"cdk.json", true}, {"go.mod", true}, {"stacks/stack.go", true},
		{"stacks/stack_test.go", false}, {"README.md", false}, {"node_modules/x/x.go", false},
		{".git/x.go", false}, {"testdata/x.go", false}, {"other.out/asset/x.go", false},
	} {
		dir := t.TempDir()
		old := time.Now().Add(-time.Hour)
		for _, file := range []string{"cdk.json", "cdk.out/manifest.json", "other.out/manifest.json"} {
			write(t, filepath.Join(dir, file), "{}", 0o644)
			if err := os.Chtimes(filepath.Join(dir, file), old, old); err != nil {
				t.Fatal(err)
			}
		}
		if source, stale := synth.Stale(filepath.Join(dir, "cdk.out")); stale {
			t.Errorf("stale from the start: %s", source)
		}
		write(t, filepath.Join(dir, test.file), "x", 0o644)
		source, stale := synth.Stale(filepath.Join(dir, "cdk.out"))
		if stale != test.stale || stale && source != filepath.Join(dir, test.file) {
			t.Errorf("%s: stale %t by %q", test.file, stale, source)
		}
	}
	if _, stale := synth.Stale(t.TempDir()); stale {
		t.Error("a directory without an assembly is stale")
	}
}
