package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
)

// pkg is a package of this module.
type pkg struct {
	path, dir string
	// tests are its test files; none for a package without tests.
	tests []string
	// size is the length of the test files in bytes, an estimate of how long they run.
	size int64
	// cdk: the package or its tests link the CDK. app: its tests run the repository's app.
	cdk, app bool
	// concurrent: the package or its tests start goroutines or synchronise them.
	concurrent bool
}

// job is one command: a run of go test, or do.
type job struct {
	name     string
	packages []string
	flags    []string
	env      []string
	// update passes -update to the tests.
	update bool
	// do runs in place of go test and writes what it has to report to out.
	do func(ctx context.Context, out io.Writer) error
	// after is a job that must have succeeded before.
	after *job

	done chan struct{}
	err  error
}

const (
	awscdk  = "github.com/aws/aws-cdk-go/awscdk/v2"
	appPath = "github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
)

// simulations are packages whose longest tests simulate days in one goroutine. Under the race
// detector they take minutes and skip those tests, so they run a second time without it.
var simulations = []string{"internal/trigger"}

// unraced are packages whose tests of many attempts take minutes under the race detector, or drive
// programs; what they run is tested under it in its own package.
var unraced = []string{"tools/attack", "tools/bench"}

// list finds the module's packages and what they and their tests import.
func list(ctx context.Context, root string) ([]pkg, error) {
	patterns, err := patterns(root)
	if err != nil {
		return nil, err
	}
	out, err := goCommand(ctx, append([]string{"list", "-test",
		"-json=ImportPath,Dir,Deps,Imports,TestImports,XTestImports,GoFiles,TestGoFiles,XTestGoFiles,ForTest"},
		patterns...)...)
	if err != nil {
		return nil, err
	}
	return parse(out)
}

// listed is what `go list -json` prints for a package.
type listed struct {
	ImportPath, Dir, ForTest           string
	Deps                               []string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// parse reads the output of `go list -test -json`: an object for each package and one more for each
// test binary, "<path>.test", with all that it links.
func parse(out []byte) ([]pkg, error) {
	var all []pkg
	linked := map[string][]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		if l.ForTest != "" || strings.Contains(l.ImportPath, " [") {
			continue
		}
		if tested, ok := strings.CutSuffix(l.ImportPath, ".test"); ok {
			linked[tested] = l.Deps
			continue
		}
		p := pkg{path: l.ImportPath, dir: l.Dir, tests: append(l.TestGoFiles, l.XTestGoFiles...)}
		p.cdk = slices.Contains(l.Deps, awscdk)
		p.concurrent = isConcurrent(l)
		for _, file := range p.tests {
			if info, err := os.Stat(filepath.Join(p.dir, file)); err == nil {
				p.size += info.Size()
			}
		}
		all = append(all, p)
	}
	for i, p := range all {
		all[i].cdk = p.cdk || slices.Contains(linked[p.path], awscdk)
		all[i].app = slices.Contains(linked[p.path], appPath) && p.path != appPath && !strings.HasSuffix(p.path,
			"internal/testrun")
	}
	if len(all) == 0 {
		return nil, errors.New("no package; run it in the repository")
	}
	return all, nil
}

// goStatement starts a goroutine.
var goStatement = regexp.MustCompile(`(?m)^\s*go (func\b|[\w.]+\()`)

// isConcurrent reports whether a package, or its test, starts goroutines or imports package sync.
func isConcurrent(l listed) bool {
	for _, i := range slices.Concat(l.Imports, l.TestImports, l.XTestImports) {
		if i == "sync" || i == "sync/atomic" {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(l.GoFiles, l.TestGoFiles, l.XTestGoFiles), func(file string) bool {
		text, err := os.ReadFile(filepath.Join(l.Dir, file))
		return err == nil && goStatement.Match(text)
	})
}

// patterns stand for ./... without the Node packages, some of which bring Go files with names that
// the go command refuses.
func patterns(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	all := []string{"."}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains([]string{"node_modules", "cdk.out", "bin",
			"dist", "docs"}, name) {
			all = append(all, "./"+name+"/...")
		}
	}
	return all, nil
}

// hasRace reports whether the race detector works on this machine.
func hasRace(ctx context.Context) bool {
	out, err := goCommand(ctx, "env", "CGO_ENABLED", "CC")
	if err != nil {
		return false
	}
	cgo, cc, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	fields := strings.Fields(cc)
	if cgo != "1" || len(fields) == 0 {
		return false
	}
	_, err = exec.LookPath(fields[0])
	return err == nil
}

// side tests one package more at once than CI has processors: some tests wait, and nothing else
// runs at the end.
var side = []string{"-p", fmt.Sprint(workers)}

// largestFirst sorts packages so that the last one does not run alone on a machine with two
// processors.
func largestFirst(packages []pkg) {
	slices.SortStableFunc(packages, func(a, b pkg) int { return int(b.size - a.size) })
}

// gorace lets programs under the race detector end at once. They wait a second for races of other
// goroutines, and the scripts of cmd/emailotp run some fifty.
func gorace() string { return "GORACE=" + os.Getenv("GORACE") + " atexit_sleep_ms=50" }

// everything plans all tests. The jobs stand in the order in which they begin.
func everything(packages []pkg, race bool, scratch string) []*job {
	assembly := filepath.Join(scratch, "cdk.out")
	prepare := &job{name: "the app: compile and synthesise", do: func(ctx context.Context, _ io.Writer) error {
		return app.Synthesise(ctx, filepath.Join(scratch, "app"), assembly)
	}}
	raced := &job{name: "with the race detector", flags: append([]string{"-race"}, side...), env: []string{gorace()}}
	plain := &job{name: "without the race detector", flags: side}
	simulated := &job{name: "simulations, without the race detector"}
	largestFirst(packages)
	var heavy []*job
	for _, p := range packages {
		switch {
		case len(p.tests) == 0:
		case p.cdk || p.app:
			// The CDK's own validation of every template takes seconds each; the packages that are
			// about it switch it on themselves.
			heavy = append(heavy, &job{name: short(p.path), packages: []string{p.path}, after: prepare,
				env: []string{"CDK_VALIDATION=false", app.Variable + "=" + assembly}})
		case race && p.concurrent && !slices.Contains(unraced, short(p.path)):
			raced.packages = append(raced.packages, p.path)
			if slices.Contains(simulations, short(p.path)) {
				simulated.packages = append(simulated.packages, p.path)
			}
		default:
			plain.packages = append(plain.packages, p.path)
		}
	}
	jobs := []*job{prepare}
	for _, j := range []*job{raced, plain, simulated} {
		if len(j.packages) > 0 {
			jobs = append(jobs, j)
		}
	}
	return append(jobs, heavy...)
}

// checking plans what `make check` runs: no CDK, no browser, no waiting.
func checking(packages []pkg, staticcheck string) []*job {
	tests := &job{name: "tests", flags: append([]string{"-short"}, side...)}
	largestFirst(packages)
	var all []string
	for _, p := range packages {
		if p.cdk {
			continue
		}
		all = append(all, p.path)
		if len(p.tests) > 0 && !p.app {
			tests.packages = append(tests.packages, p.path)
		}
	}
	lint := func(name string, command ...string) *job {
		return &job{name: name, do: func(ctx context.Context, out io.Writer) error {
			cmd := exec.CommandContext(ctx, command[0], command[1:]...)
			cmd.Stdout, cmd.Stderr = out, out
			return cmd.Run()
		}}
	}
	return []*job{tests, {name: "gofmt", do: formatted},
		lint("go vet", append([]string{"go", "vet"}, all...)...),
		lint("staticcheck", append([]string{"go", "run", staticcheck}, all...)...)}
}

// portable plans go vet for the systems that the command line is released for and that this machine
// isn't, of what does not link the CDK, tests included. Vetting compiles for that system.
func portable(packages []pkg) []*job {
	args := []string{"vet"}
	for _, p := range packages {
		if !p.cdk {
			args = append(args, p.path)
		}
	}
	var jobs []*job
	for _, goos := range []string{"windows", "darwin"} {
		jobs = append(jobs, &job{name: "go vet for " + goos, do: func(ctx context.Context, out io.Writer) error {
			cmd := exec.CommandContext(ctx, "go", args...)
			cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
			cmd.Stdout, cmd.Stderr = out, out
			return cmd.Run()
		}})
	}
	return jobs
}

// formatted reports the Go files of the module that gofmt would change.
func formatted(ctx context.Context, out io.Writer) error {
	patterns, err := patterns(".")
	if err != nil {
		return err
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		return err
	}
	args := append([]string{"-l"}, files...)
	for _, p := range patterns[1:] {
		args = append(args, strings.TrimSuffix(p, "/..."))
	}
	names, err := exec.CommandContext(ctx, "gofmt", args...).CombinedOutput()
	if err == nil && len(names) > 0 {
		err = errors.New("run gofmt -w on these files")
	}
	_, _ = out.Write(names)
	return err
}

// updating plans what rewrites golden files: the packages whose tests have the flag.
func updating(packages []pkg) []*job {
	j := &job{name: "writing golden files", flags: []string{"-p", "1", "-count=1"},
		env: []string{"CDK_VALIDATION=false"}, update: true}
	for _, p := range packages {
		if slices.ContainsFunc(p.tests, func(file string) bool {
			text, err := os.ReadFile(filepath.Join(p.dir, file))
			return err == nil && updateFlag.Match(text)
		}) {
			j.packages = append(j.packages, p.path)
		}
	}
	return []*job{j}
}

// updateFlag is the package's own flag, not one that a test makes for itself.
var updateFlag = regexp.MustCompile(`(?m)^var \w+ = flag\.Bool\("update"`)

// args are the go command's arguments for a job. `make lint` and `make check` run go vet whole; the
// part of it that go test repeats reads the CDK once more, for half a minute. Without the tables of
// debuggers (-s), which stack traces don't need, linking takes half as long.
func (j *job) args() []string {
	args := append([]string{"test", "-json", "-vet=off", "-ldflags=-s", "-timeout", timeout.String()}, j.flags...)
	args = append(args, j.packages...)
	if j.update {
		args = append(args, "-args", "-update")
	}
	return args
}

// timeout is for one package; a busy machine needs several times what a quiet one does.
const timeout = 30 * time.Minute

func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(words.String()))
	}
	return out.Bytes(), nil
}
