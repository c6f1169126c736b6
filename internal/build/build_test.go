package build_test

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// module writes a module that stands for this one, each function a program of one line.
func module(t *testing.T, dir string) string {
	t.Helper()
	files := map[string]string{"go.mod": "module " + build.Module + "\n\ngo 1.26\n"}
	for _, name := range build.Names() {
		files["lambdas/"+name+"/main.go"] = "package main\n\nfunc main() { println(\"" + name + "\") }\n"
	}
	disk.WriteAll(t, dir, files)
	return dir
}

func compile(t *testing.T, dir string, target build.Target) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), build.Bootstrap)
	if err := build.Function(context.Background(), dir, "pre-sign-up", target, out); err != nil {
		t.Fatal(err)
	}
	content := disk.Read(t, out)
	return content
}

func TestTheSameSourceGivesTheSameBytesWhateverSurroundsIt(t *testing.T) {
	want := compile(t, module(t, t.TempDir()), build.Target{})
	for name, surround := range map[string]func(t *testing.T) string{
		"another path": func(t *testing.T) string { return t.TempDir() },
		"a path with spaces and unicode": func(t *testing.T) string {
			return filepath.Join(t.TempDir(),
				"Überall [1] здесь")
		},
		"hostile variables": func(t *testing.T) string {
			for variable, value := range map[string]string{"GOFLAGS": "-mod=vendor -tags=foo -x", "GOARM64": "v9.0",
				"GOWORK": "/no/such/go.work", "GOOS": "plan9",
				"GOARCH": "mips", "CGO_ENABLED": "1", "GOEXPERIMENT": "nothing", "GO111MODULE": "off", "GOFIPS140": "latest"} {
				t.Setenv(variable, value)
			}
			return t.TempDir()
		},
		"a commit": func(t *testing.T) string {
			dir := t.TempDir()
			os.Mkdir(filepath.Join(dir, ".git"), 0o755)
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compile(t, module(t, surround(t)), build.Target{}); !bytes.Equal(got, want) {
				t.Error("the bytes differ")
			}
		})
	}
}

func TestSeveralAtOnceHaveTheSameBytes(t *testing.T) {
	dir, out := module(t, t.TempDir()), t.TempDir()
	if err := build.Functions(context.Background(), dir, build.Target{}, out, "pre-sign-up"); err != nil {
		t.Fatal(err)
	}
	if err := build.Functions(context.Background(), dir, build.Target{}, out, "pre-sign-up",
		"define-auth-challenge"); err != nil {
		t.Fatal(err)
	}
	got := disk.Read(t, filepath.Join(out, "pre-sign-up"))
	if !bytes.Equal(got, compile(t, dir, build.Target{})) {
		t.Error("the bytes differ")
	}
	if _, err := os.Stat(filepath.Join(out, "define-auth-challenge")); err != nil {
		t.Error(err)
	}
}

func TestTargets(t *testing.T) {
	dir := module(t, t.TempDir())
	for target, machine := range map[build.Target]elf.Machine{{}: elf.EM_AARCH64,
		{GOOS: "linux", GOARCH: "amd64"}: elf.EM_X86_64} {
		program, err := elf.NewFile(bytes.NewReader(compile(t, dir, target)))
		if err != nil || program.Machine != machine {
			t.Errorf("%v gives %v, %v", target, program, err)
		}
	}
}

// The recipe is what makes assets equal everywhere: a changed flag changes every importer's
// template.
func TestTheRecipeToTheLetter(t *testing.T) {
	want := "build -mod=readonly -trimpath -buildvcs=false -tags lambda.norpc -ldflags -s -w -buildid= -o /out/bootstrap ./lambdas/pre-sign-up"
	if got := strings.Join(build.Arguments("/out/bootstrap", "pre-sign-up"), " "); got != want {
		t.Errorf("arguments %s", got)
	}
	wantEnv := "GOOS=linux GOARCH=arm64 CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off GO111MODULE=on GOEXPERIMENT= GOFIPS140=off GOARM64=v8.0 GOAMD64=v1 PWD=/src"
	if got := strings.Join(build.Environment(build.Target{}, "/src"), " "); got != wantEnv {
		t.Errorf("environment %s", got)
	}
}

func TestEveryFunctionHasItsSource(t *testing.T) {
	dir, err := build.Locate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range build.Names() {
		if err := build.CheckSource(dir, name); err != nil {
			t.Error(err)
		}
	}
	if !slices.IsSorted(build.Names()) {
		t.Error("the names are not sorted")
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	broken := module(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(broken, "lambdas/pre-sign-up/main.go"),
		[]byte("package main\n\nfunc main() { missing() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for _, c := range []struct {
		name, dir, function, want string
		ctx                       context.Context
		path                      bool
	}{
		{name: "an unknown function", dir: broken, function: "../x",
			want: `unknown function "../x"; the functions are attach-user-pool, change-address, create-auth-challenge,`},
		{name: "no source", dir: t.TempDir(), function: "pre-sign-up",
			want: "the function's source is missing: no Go file in "},
		{name: "a mistake", dir: broken, function: "pre-sign-up",
			want: "does not compile: # github.com/cognito-emailotp/cdk-emailotp/lambdas/pre-sign-up\nlambdas/pre-sign-up/main.go:3:15: undefined: missing"},
		{name: "stopped", dir: broken, function: "pre-sign-up", ctx: stopped,
			want: "building pre-sign-up was stopped: context canceled"},
		{name: "no toolchain", dir: broken, function: "pre-sign-up", path: true,
			want: "needs the go command, which is not on PATH; install Go"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.path {
				t.Setenv("PATH", "")
			}
			if c.ctx == nil {
				c.ctx = context.Background()
			}
			err := build.Function(c.ctx, c.dir, c.function, build.Target{}, filepath.Join(t.TempDir(), "x"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestArchivesDependOnNamesAndContentsAlone(t *testing.T) {
	files := []build.File{{Name: "mail.json", Content: []byte("{}")}, {Name: build.Bootstrap, Content: []byte("program")}}
	var one, two bytes.Buffer
	if err := build.Archive(&one, files); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if err := build.Archive(&two, files); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the order of the files shows")
	}
	r, err := zip.NewReader(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 2 || r.File[0].Name != build.Bootstrap || r.File[0].Mode() != 0o755 || r.File[1].Mode() != 0o644 ||
		r.File[0].Modified.Year() != 1980 {
		t.Errorf("entries %+v", r.File)
	}
	if err := build.Archive(&two, append(files, files[0])); err == nil ||
		!strings.Contains(err.Error(), `two entries are named "bootstrap"`) {
		t.Errorf("twice: %v", err)
	}
}

func TestPackagesAreTheSameEachTimeAndCarryTheirChecksum(t *testing.T) {
	dir, out := module(t, t.TempDir()), filepath.Join(t.TempDir(), "dist")
	var sums []string
	for range 2 {
		p, err := build.WritePackage(context.Background(), dir, "pre-sign-up", build.Target{}, out,
			build.File{Name: "mail.json", Content: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		if p.Path != filepath.Join(out, "pre-sign-up.zip") || len(p.SHA256) != 64 {
			t.Errorf("package %+v", p)
		}
		sums = append(sums, p.SHA256)
	}
	if sums[0] != sums[1] {
		t.Errorf("checksums %v", sums)
	}
}
