package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// pkg is a package with tests.
type pkg struct {
	path, dir string
	cdk       bool
}

// group is a set of packages that are tested by one go command.
type group struct {
	name     string
	packages []string
	flags    []string
	env      []string
	// update passes -update to the tests.
	update bool
}

// alone are packages that run programs and go by the machine's clock: beside one
// another on a small machine they would measure each other.
var alone = []string{"internal/clients", "internal/consumers", "internal/e2e"}

// timed are further packages that go by the machine's clock, and need no turn of their own.
var timed = []string{"tools/attack"}

const (
	awscdk   = "github.com/aws/aws-cdk-go/awscdk/v2"
	flowPath = "internal/flow"
)

// list finds the module's packages with tests, and whether a test of theirs links the CDK.
func list(ctx context.Context) ([]pkg, error) {
	// Of a package there is one line, and one more for its test binary, "<path>.test", with all that it links.
	patterns, err := patterns(".")
	if err != nil {
		return nil, err
	}
	out, err := goCommand(ctx, append([]string{"list", "-test", "-f",
		`{{if and (not .ForTest) (or .TestGoFiles .XTestGoFiles)}}P {{.ImportPath}} {{.Dir}}{{"\n"}}{{end}}{{if eq .Name "main"}}T {{.ImportPath}} {{join .Deps ","}}{{end}}`}, patterns...)...)
	if err != nil {
		return nil, err
	}
	var all []pkg
	links := map[string]bool{}
	for line := range strings.Lines(out) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		path, value, _ := strings.Cut(rest, " ")
		switch kind {
		case "P":
			all = append(all, pkg{path: path, dir: value})
		case "T":
			if tested, ok := strings.CutSuffix(path, ".test"); ok {
				links[tested] = slices.Contains(strings.Split(value, ","), awscdk)
			}
		}
	}
	for i := range all {
		all[i].cdk = links[all[i].path]
	}
	if len(all) == 0 {
		return nil, errors.New("no package with tests; run it in the repository")
	}
	return all, nil
}

// patterns stand for ./... without the Node packages, some of which bring Go
// files with names that the go command refuses.
func patterns(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	all := []string{"."}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains([]string{"node_modules", "cdk.out", "bin", "dist"}, name) {
			all = append(all, "./"+name+"/...")
		}
	}
	return all, nil
}

// hasRace reports whether the race detector can be used here.
func hasRace(ctx context.Context) bool {
	out, err := goCommand(ctx, "env", "CGO_ENABLED", "CC")
	if err != nil {
		return false
	}
	cgo, cc, _ := strings.Cut(strings.TrimSpace(out), "\n")
	fields := strings.Fields(cc)
	if cgo != "1" || len(fields) == 0 {
		return false
	}
	_, err = exec.LookPath(fields[0])
	return err == nil
}

// plan says which package is tested how.
func plan(packages []pkg, race bool) []group {
	rest := group{name: "without the race detector, as there is no C compiler"}
	if race {
		rest = group{name: "with the race detector", flags: []string{"-race"}}
	}
	// The race detector would slow these down past the clocks that they go by; what they run is raced in
	// its own packages' tests.
	single := group{name: "one at a time", flags: []string{"-p", "1"}}
	flow := group{name: "exhaustive or timed, without the race detector", flags: []string{"-p", "1"}}
	// The CDK's own validation of every template takes seconds each; the packages that are about it
	// switch it on themselves.
	cdk := group{name: "CDK", flags: []string{"-p", "1"}, env: []string{"CDK_VALIDATION=false"}}
	for _, p := range packages {
		if p.cdk {
			cdk.packages = append(cdk.packages, p.path)
			continue
		}
		if slices.Contains(timed, short(p.path)) {
			flow.packages = append(flow.packages, p.path)
			continue
		}
		if slices.Contains(alone, short(p.path)) {
			single.packages = append(single.packages, p.path)
			continue
		}
		rest.packages = append(rest.packages, p.path)
		if race && strings.HasSuffix(p.path, flowPath) {
			flow.packages = append(flow.packages, p.path)
		}
	}
	return []group{rest, flow, single, cdk}
}

// updating is what rewrites golden files: the packages whose tests have the flag.
func updating(packages []pkg) []group {
	g := group{name: "writing golden files", flags: []string{"-p", "1", "-count=1"}, env: []string{"CDK_VALIDATION=false"}, update: true}
	for _, p := range packages {
		files, err := filepath.Glob(filepath.Join(p.dir, "*_test.go"))
		if err != nil {
			continue
		}
		if slices.ContainsFunc(files, hasUpdateFlag) {
			g.packages = append(g.packages, p.path)
		}
	}
	return []group{g}
}

func hasUpdateFlag(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && updateFlag.Match(text)
}

// updateFlag is the package's own flag, not one that a test makes for itself.
var updateFlag = regexp.MustCompile(`(?m)^var \w+ = flag\.Bool\("update"`)

// args are the go command's arguments for a group.
func (g group) args() []string {
	args := append([]string{"test", "-json", "-timeout", "20m"}, g.flags...)
	args = append(args, g.packages...)
	if g.update {
		args = append(args, "-args", "-update")
	}
	return args
}

func goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(words.String()))
	}
	return out.String(), nil
}
