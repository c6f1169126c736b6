package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// Locate returns the directory of this module's source, the first of these that exists:
//
//  1. the directory this package was compiled from, upwards to the go.mod that names the module
//     (absent under -trimpath; the importer's own under vendor);
//  2. the directory that `go list -m` prints for the importer's module graph: a version, a replace,
//     a workspace;
//  3. the version recorded in the running binary, downloaded into the module cache.
//
// When none holds, the error names each with the reason.
func Locate(ctx context.Context) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = nil
	}
	return locate(ctx, file, info)
}

func locate(ctx context.Context, compiled string, info *debug.BuildInfo) (string, error) {
	var failures []error
	for _, way := range []struct {
		name string
		try  func() (string, error)
	}{
		{"where it was compiled", func() (string, error) { return fromSource(compiled) }},
		{"go list", func() (string, error) { return fromModuleGraph(ctx) }},
		{"the build information", func() (string, error) { return fromBuildInfo(ctx, info) }},
	} {
		dir, err := way.try()
		if err == nil {
			return dir, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", way.name, err))
	}
	return "", fmt.Errorf("the source of %s was not found (%s); require the module in the app's go.mod, or run the app "+
		"in its directory", Module,
		strings.ReplaceAll(errors.Join(failures...).Error(), "\n", "; "))
}

// fromSource walks up from a source file to the go.mod of this module.
func fromSource(file string) (string, error) {
	if !filepath.IsAbs(file) {
		return "", errors.New("the path was trimmed from the binary")
	}
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			if found := modulePath(mod); found != Module {
				return "", fmt.Errorf("%s belongs to module %q", dir, found)
			}
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent == dir {
			return "", fmt.Errorf("no go.mod above %s", file)
		}
	}
}

// fromModuleGraph runs the go command in the working directory, the importing app's, with
// -mod=readonly: without it, the output in a vendored app would be empty, with no error. An ambient
// GOWORK is a workspace to look through, but one that doesn't exist must not hide the module's own
// graph.
func fromModuleGraph(ctx context.Context) (string, error) {
	var failures []error
	for _, workspace := range [][]string{nil, {"GOWORK=off"}} {
		out, err := goCommand(ctx, "", workspace, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", Module)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if dir := strings.TrimSpace(string(out)); dir != "" {
			return dir, nil
		}
		failures = append(failures, errors.New("the module is not downloaded"))
	}
	return "", failures[0]
}

// fromBuildInfo downloads the version that the running binary was linked with.
func fromBuildInfo(ctx context.Context, info *debug.BuildInfo) (string, error) {
	if info == nil {
		return "", errors.New("the binary records none")
	}
	for _, dep := range info.Deps {
		if dep.Path != Module {
			continue
		}
		if r := dep.Replace; r != nil {
			dep = r
		}
		if dep.Version == "" || dep.Version == "(devel)" {
			return "", fmt.Errorf("%s has no version to download", dep.Path)
		}
		out, err := goCommand(ctx, os.TempDir(), []string{"GOWORK=off"}, "mod", "download", "-json", dep.Path+"@"+dep.Version)
		// The same JSON has the error of a failure.
		var download struct{ Dir, Error string }
		if bad := json.Unmarshal(out, &download); bad == nil && download.Error != "" {
			return "", errors.New(download.Error)
		}
		if err == nil && download.Dir == "" {
			err = errors.New("go mod download gave no directory")
		}
		return download.Dir, err
	}
	return "", errors.New("the binary does not depend on the module by a version")
}

// goCommand runs the go command for the host, whatever the ambient target is, and returns its
// output.
func goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOOS=", "GOARCH=", "GOEXPERIMENT=", "GO111MODULE=on", "GOARM64=",
		"GOAMD64="), env...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("the go command is not on PATH")
		}
		if message := strings.TrimSpace(words.String()); message != "" {
			err = errors.New(strings.ReplaceAll(message, "\n", ", "))
		}
		return out.Bytes(), err
	}
	return out.Bytes(), nil
}

// modulePath reads the module directive of a go.mod; empty if there is none.
func modulePath(mod []byte) string {
	for line := range strings.Lines(string(mod)) {
		line, _, _ = strings.Cut(line, "//")
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" {
			return strings.Trim(fields[1], "\"`")
		}
	}
	return ""
}
