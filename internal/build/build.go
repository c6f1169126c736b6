// Package build compiles the Lambda functions, wherever this module's source happens to lie: a
// checkout, the read-only module cache, a replace directive's target or a workspace.
//
// The same source gives the same bytes under the same Go toolchain: every flag and environment
// variable that would change them is fixed here. The construct bundles its assets by this package,
// the sandbox rebuilds a function for the host by it, and `emailotp lambdas` writes its zips by it.
//
// The package imports neither the CDK nor an AWS SDK.
package build

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

// Module is the path of the module that holds the functions' source.
const Module = "github.com/cognito-emailotp/cdk-emailotp"

// Bootstrap is the name that Lambda's OS-only runtimes start.
const Bootstrap = "bootstrap"

// Target is what a function is compiled for. An empty field means linux and arm64.
type Target struct{ GOOS, GOARCH string }

// Names returns the functions' folders below lambdas/, sorted.
func Names() []string {
	return []string{"attach-user-pool", "change-address", "create-auth-challenge", "define-auth-challenge",
		"hand-over", "mail-events", "pre-sign-up", "pre-token-generation", "verify-auth-challenge"}
}

// Function compiles lambdas/<name> of the module in moduleDir into the file out. The error has the
// compiler's messages. A moduleDir without functions has an error of its own.
func Function(ctx context.Context, moduleDir, name string, t Target, out string) error {
	return compile(ctx, moduleDir, t, out, name)
}

// Functions compiles several functions into the existing directory out, each into a file with the
// name of its folder and the bytes that [Function] writes. At once they take half the time.
func Functions(ctx context.Context, moduleDir string, t Target, out string, names ...string) error {
	return compile(ctx, moduleDir, t, out, names...)
}

func compile(ctx context.Context, moduleDir string, t Target, out string, names ...string) error {
	for _, name := range names {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("unknown function %q; the functions are %s", name, strings.Join(Names(), ", "))
		}
		if err := CheckSource(moduleDir, name); err != nil {
			return err
		}
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("resolve the output path %s: %w", out, err)
	}
	if words, err := run(ctx, moduleDir, t, Arguments(out, names...)...); err != nil {
		return explain(ctx, err, names[0], moduleDir, words)
	}
	return nil
}

// run runs the go command in the module with all that it prints, which is nothing where a build
// succeeds.
func run(ctx context.Context, moduleDir string, t Target, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = moduleDir
	cmd.Env = append(os.Environ(), Environment(t, moduleDir)...)
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	err := cmd.Run()
	return words.String(), err
}

// CheckSource reports whether moduleDir has the source of the function, with the remedy if not.
func CheckSource(moduleDir, name string) error {
	dir := filepath.Join(moduleDir, "lambdas", name)
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.go"))
	if err == nil && len(files) > 0 {
		return nil
	}
	return fmt.Errorf("the function's source is missing: no Go file in %s; restore the folder, or pass prebuilt code", dir)
}

// Arguments returns the go command's arguments that compile lambdas/<name> into out, a file for one
// name and a directory for several.
//
// -trimpath and -buildvcs=false keep the directory and the commit out of the binary; an empty
// build id keeps out the cache's keys; lambda.norpc drops the RPC server that OS-only runtimes
// never use. The package is named by its directory: an import path would record the module's
// version and sum.
func Arguments(out string, names ...string) []string {
	return slices.Concat([]string{"build"}, packageFlags, []string{"-ldflags", "-s -w -buildid=", "-o", out},
		folders(names))
}

// packageFlags are those of the recipe's flags that compiled packages depend on.
var packageFlags = []string{"-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc"}

func folders(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = "./lambdas/" + name
	}
	return all
}

// Environment returns the variables that a build sets above the ambient ones. All that would change
// the bytes is fixed; where to find modules, caches and toolchains (HOME, GOPROXY, GOMODCACHE,
// GOCACHE, GOTOOLCHAIN, ...) stays the caller's.
func Environment(t Target, dir string) []string {
	goos, goarch := t.GOOS, t.GOARCH
	if goos == "" {
		goos = "linux"
	}
	if goarch == "" {
		goarch = "arm64"
	}
	return []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GO111MODULE=on",
		"GOEXPERIMENT=", "GOFIPS140=off", "GOARM64=v8.0", "GOAMD64=v1", "PWD=" + dir}
}

// compilerLine matches an error with a position. The go command prints one for imports that it
// can't download too; moduleTrouble matches those.
var (
	compilerLine  = regexp.MustCompile(`\.go:\d+:\d+: `)
	moduleTrouble = regexp.MustCompile(`module lookup disabled|missing go\.sum|no required module|cannot find module|dial tcp|: Get "http|reading (https?|file)://`)
)

func explain(ctx context.Context, err error, name, dir, words string) error {
	words = strings.TrimSpace(words)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("building %s was stopped: %w", name, context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("building %s needs the go command, which is not on PATH; install Go (https://go.dev/dl), or pass "+
			"prebuilt code", name)
	case compilerLine.MatchString(words) && !moduleTrouble.MatchString(words):
		return fmt.Errorf("go build ./lambdas/%s in %s does not compile: %s", name, dir, words)
	case words == "":
		return fmt.Errorf("go build ./lambdas/%s in %s: %w", name, dir, err)
	}
	return fmt.Errorf("go build ./lambdas/%s in %s: %s; if modules are missing, download them once by `go -C %q mod "+
		"download`, or pass prebuilt code",
		name, dir, words, dir)
}

// escapeGlob quotes what filepath.Glob would take for a pattern in a directory's name.
func escapeGlob(dir string) string {
	if os.PathSeparator == '\\' {
		return dir // Windows has no escape character; brackets in names stay patterns there.
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
