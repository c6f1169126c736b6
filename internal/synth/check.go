package synth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
)

// minNode is the oldest major version of Node that the pinned CLI and jsii run on.
const minNode = 20

// Find returns the nearest directory, from dir upwards, that holds a cdk.json.
func Find(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the working directory: %w", err)
	}
	for d := start; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "cdk.json")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("there is no cdk.json in %s or above it; go to the directory of the CDK app, or give an "+
				"assembly that cdk synth wrote by --assembly", start)
		}
	}
}

// tools are what a synthesis runs.
type tools struct {
	cdk       []string // the command that runs the CLI
	nodeMajor string
}

// check reports everything at once that this machine or this checkout lacks.
func check(ctx context.Context, app string) (tools, error) {
	major, errNode := checkNode(ctx)
	_, errGo := exec.LookPath("go")
	if errGo != nil {
		errGo = errors.New("the go command is not on PATH; install Go 1.26 or later from https://go.dev/dl")
	}
	cdk, errCLI := checkCLI(app)
	return tools{cdk: cdk, nodeMajor: major}, errors.Join(errGo, errNode, errCLI)
}

func checkNode(ctx context.Context) (major string, err error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", errors.New("there is no Node.js on PATH, and the CDK runs on it; install Node 22 or 24 from " +
			"https://nodejs.org")
	}
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w; install Node 22 or 24 from https://nodejs.org", node, err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return "", fmt.Errorf("the version of Node.js must be %d or later (found: %s at %s); install Node 22 or 24 from "+
			"https://nodejs.org", minNode, version, node)
	}
	return major, nil
}

// CLI is the version of the CDK CLI that this module is tested with, as its package.json pins it.
const CLI = "2.1148.1"

// checkCLI returns the command of the CDK CLI: the app's own, if its package.json has one, else the
// one on PATH, else the one that npx fetches.
func checkCLI(app string) ([]string, error) {
	var pins struct{ Dependencies, DevDependencies map[string]string }
	if err := readJSON(filepath.Join(app, "package.json"), &pins); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the CDK CLI may be pinned in package.json, which can't be read: %w", err)
	}
	if want := cmp.Or(pins.DevDependencies["aws-cdk"], pins.Dependencies["aws-cdk"]); want != "" {
		return pinnedCLI(app, want)
	}
	if path, err := exec.LookPath("cdk"); err == nil {
		return []string{path}, nil
	}
	if path, err := exec.LookPath("npx"); err == nil {
		return []string{path, "--yes", "aws-cdk@" + CLI}, nil
	}
	return nil, fmt.Errorf("there is no CDK CLI: no aws-cdk in a package.json in %s, no cdk and no npx on PATH; "+
		"run `cdk synth` where there is one, then give its output by --assembly cdk.out", app)
}

// pinnedCLI returns the CLI of the app's node_modules, if it is the version that the app's
// package.json pins.
func pinnedCLI(app, want string) ([]string, error) {
	var installed struct{ Version string }
	err := readJSON(filepath.Join(app, "node_modules", "aws-cdk", "package.json"), &installed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the CDK CLI is not installed in %s; run `npm ci` there", app)
	}
	if err != nil {
		return nil, fmt.Errorf("the installed CDK CLI can't be read: %w; run `npm ci` in %s", err, app)
	}
	// A range such as ^2.1148.1 is the app's own choice: only an exact pin is compared.
	if exact := strings.Trim(want, "0123456789.") == ""; exact && installed.Version != want {
		return nil, fmt.Errorf("the CDK CLI must be version %s, as package.json pins it (found: %s); run `npm ci` in %s",
			want, installed.Version, app)
	}
	name := "cdk"
	if runtime.GOOS == "windows" {
		name = "cdk.cmd"
	}
	return []string{filepath.Join(app, "node_modules", ".bin", name)}, nil
}

// installCLI installs the CLI of this module's own app, where it is missing. Another app's packages
// are its owner's affair: npm may run their scripts.
func installCLI(ctx context.Context, o Options) error {
	npm, err := exec.LookPath("npm")
	if _, missing := os.Stat(filepath.Join(o.App, "node_modules", "aws-cdk")); missing == nil || !isOwn(o.App) ||
		err != nil {
		return nil // check reports a missing one
	}
	defer progress.Begin(o.Progress, "installing the CDK CLI (once)")("")
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = o.App
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm could not install the CDK CLI: %w: %s; check the network and npm's registry setting",
			err, strings.TrimSpace(string(out)))
	}
	return nil
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
