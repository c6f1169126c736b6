package runtimeapi_test

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
)

// foreign is a processor that this host isn't.
func foreign() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// foreignAsset has a binary that this host can't run, and a file beside it.
func foreignAsset(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := compile(foreign(), filepath.Join(dir, "bootstrap")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mail.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func prepare(t *testing.T, opts runtimeapi.Options, f runtimeapi.Function) (*runtimeapi.Host, []string, error) {
	t.Helper()
	opts.Logger = slog.New(slog.DiscardHandler)
	f.Name, f.Timeout = "probe", 10e9
	if f.Runtime == "" {
		f.Runtime = "provided.al2023"
	}
	h := runtimeapi.New([]runtimeapi.Function{f}, opts)
	t.Cleanup(func() { _ = h.Close() })
	report, failures := h.Prepare(t.Context())
	return h, report, failures["probe"]
}

// fromSource builds the test function; other sources would give other bytes.
func fromSource(_ context.Context, _, goos, goarch, out string) error {
	if goos != "linux" {
		return errors.New("only tried for Linux")
	}
	return compile(goarch, out)
}

func TestAForeignBinaryIsRebuiltKeptAndReported(t *testing.T) {
	needLinux(t)
	cache, dir := t.TempDir(), foreignAsset(t)
	builds := 0
	build := func(ctx context.Context, folder, goos, goarch, out string) error {
		builds++
		return fromSource(ctx, folder, goos, goarch, out)
	}
	f := runtimeapi.Function{Folder: "create-auth-challenge", Asset: dir, AssetHash: strings.Repeat("ab", 32),
		Architecture: lambdaArch(foreign())}
	for round, want := range []int{2, 2} {
		h, report, err := prepare(t, runtimeapi.Options{Build: build, CacheDir: cache}, f)
		if err != nil {
			t.Fatal(err)
		}
		if len(report) != 1 || !strings.Contains(report[0], "probe") || !strings.Contains(report[0], "linux/"+foreign()) ||
			!strings.Contains(report[0], "linux/"+runtime.GOARCH) || strings.Contains(report[0], "WARNING") {
			t.Errorf("report %q", report)
		}
		if builds != want {
			t.Errorf("round %d: %d builds, want %d", round, builds, want)
		}
		wantWhole(t, h)
	}
}

// wantWhole fails the test unless the function runs beside its asset's other files.
func wantWhole(t *testing.T, h *runtimeapi.Host) {
	t.Helper()
	a, err := invoke(t, h, `{"text":"runs"}`)
	if err != nil || a.Text != "runs" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := os.Stat(filepath.Join(a.Directory, "mail.json")); err != nil {
		t.Errorf("the asset's other files are missing: %v", err)
	}
}

func TestARebuildFromOtherSourcesIsAWarningAndNotKept(t *testing.T) {
	needLinux(t)
	cache, dir := t.TempDir(), foreignAsset(t)
	program, err := os.OpenFile(filepath.Join(dir, "bootstrap"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(program, "changed"); err != nil {
		t.Fatal(err)
	}
	program.Close()
	_, report, err := prepare(t, runtimeapi.Options{Build: fromSource, CacheDir: cache},
		runtimeapi.Function{Folder: "x", Asset: dir, AssetHash: "cd", Architecture: lambdaArch(foreign())})
	if err != nil {
		t.Fatal(err)
	}
	if len(report) != 1 || !strings.Contains(report[0], "built from other sources than the assembly's") ||
		!strings.Contains(report[0], "run cdk synth") {
		t.Errorf("report %q", report)
	}
	if kept, _ := filepath.Glob(filepath.Join(cache, "functions", "*")); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
}

func TestWhatCannotRunIsRefusedWithTheRemedy(t *testing.T) {
	needLinux(t)
	good, err := asset()
	if err != nil {
		t.Fatal(err)
	}
	away := foreignAsset(t)
	text := t.TempDir()
	if err := os.WriteFile(filepath.Join(text, "bootstrap"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		f     runtimeapi.Function
		build func(context.Context, string, string, string, string) error
		want  []string
	}{
		"no source": {runtimeapi.Function{Folder: "x", Asset: away, Architecture: lambdaArch(foreign())}, nil,
			[]string{"linux/" + foreign(), "linux/" + runtime.GOARCH, "no source"}},
		"somebody else's": {runtimeapi.Function{Asset: away, Architecture: lambdaArch(foreign())}, fromSource,
			[]string{"not one of EmailOTP's own"}},
		"a build that fails": {runtimeapi.Function{Folder: "x", Asset: away, Architecture: lambdaArch(foreign())},
			func(context.Context, string, string, string, string) error { return errors.New("syntax error") },
			[]string{"rebuilding it failed", "syntax error"}},
		"two minds": {runtimeapi.Function{Asset: good, Architecture: lambdaArch(foreign())}, nil,
			[]string{"make the two agree"}},
		"no binary": {runtimeapi.Function{Asset: t.TempDir(), Architecture: "x86_64"}, nil,
			[]string{"no file named bootstrap", "run cdk synth"}},
		"a script": {runtimeapi.Function{Asset: text, Architecture: "x86_64"}, nil,
			[]string{"not a Linux binary", "GOOS=linux"}},
		"nothing there": {runtimeapi.Function{Asset: filepath.Join(text, "none"), Architecture: "x86_64"}, nil,
			[]string{"missing", "run cdk synth"}},
		"another runtime": {runtimeapi.Function{Asset: good, Runtime: "java21", Architecture: "x86_64"}, nil,
			[]string{`"java21"`, "nodejs, python and OS-only runtimes can"}},
		"neither folder nor zip": {runtimeapi.Function{Asset: filepath.Join(text, "bootstrap"), Architecture: "x86_64"}, nil,
			[]string{"neither a directory nor a zip file"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := prepare(t, runtimeapi.Options{Build: c.build}, c.f)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
		})
	}
}

func writeZip(t *testing.T, entries map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asset.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, content := range entries {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		entry, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(entry, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAZipFileRunsFromATemporaryDirectoryThatGoesAway(t *testing.T) {
	needLinux(t)
	dir, err := asset()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := prepare(t, runtimeapi.Options{},
		runtimeapi.Function{Asset: writeZip(t, map[string]string{"bootstrap": string(program), "data/mail.json": "{}"}),
			Architecture: lambdaArch(runtime.GOARCH)})
	if err != nil {
		t.Fatal(err)
	}
	a, err := invoke(t, h, `{"text":"zipped"}`)
	if err != nil || a.Text != "zipped" {
		t.Fatalf("%+v, %v", a, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(a.Directory); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there", a.Directory)
	}
}

func TestAZipFileCannotWriteOutside(t *testing.T) {
	needLinux(t)
	_, _, err := prepare(t, runtimeapi.Options{},
		runtimeapi.Function{Asset: writeZip(t, map[string]string{"../escaped": "x"}), Architecture: "x86_64"})
	if err == nil || !strings.Contains(err.Error(), "escaped") {
		t.Errorf("got %v", err)
	}
}
