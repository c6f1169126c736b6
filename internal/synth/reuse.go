package synth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Update is [Run], unless the assembly of the last run is what it would write again; ran is false
// then. That is certain for this module's own app alone, whose inputs lie in its folder, in the
// versions that it names and in few variables. The inputs of other apps are unknown.
func Update(ctx context.Context, o Options) (ran bool, err error) {
	stamp := filepath.Clean(o.Output) + ".inputs"
	inputs, err := inputs(ctx, o)
	if err != nil {
		inputs = "" // Run reports the error
	}
	written, err := os.ReadFile(stamp)
	if err == nil && inputs != "" && string(written) == inputs+outputs(o.Output) {
		return false, nil
	}
	if err := os.Remove(stamp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("replacing the assembly: %w", err)
	}
	if err := Run(ctx, o); err != nil || inputs == "" {
		return true, err
	}
	// The run may not have read a later change, so the inputs are those from before it.
	return true, os.WriteFile(stamp, []byte(inputs+outputs(o.Output)), 0o600)
}

// outputs returns a hash of an assembly's JSON files, which differs for another assembly in its
// place: they name the assets by their content.
func outputs(assembly string) string {
	files, err := filepath.Glob(filepath.Join(assembly, "*.json"))
	if err != nil || len(files) == 0 {
		return " none"
	}
	h := sha256.New()
	for _, file := range files { // sorted
		if err := add(h, file); err != nil {
			return " unreadable"
		}
	}
	return " " + hex.EncodeToString(h.Sum(nil))
}

// inputs names all that a synthesis of this module's own app depends on; empty for another app, and
// for one with modules in other folders.
func inputs(ctx context.Context, o Options) (string, error) {
	mod, err := os.ReadFile(filepath.Join(o.App, "go.mod"))
	if err != nil || !isOwn(o.App) || strings.Contains(string(mod), "\nreplace ") {
		return "", err
	}
	toolchain := exec.CommandContext(ctx, "go", "env", "GOWORK", "GOVERSION", "GOFLAGS", "GOEXPERIMENT")
	toolchain.Dir = o.App
	settings, err := toolchain.Output()
	if err != nil {
		return "", err
	}
	if workspace, _, _ := strings.Cut(string(settings), "\n"); workspace != "" && workspace != "off" {
		return "", nil
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %q\n%q\n%q\n", runtime.GOARCH, settings, o.Context, variables(os.Environ()))
	if home, err := os.UserHomeDir(); err == nil {
		// The CLI takes settings from there, too.
		if err := add(h, filepath.Join(home, ".cdk.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	err = filepath.WalkDir(o.App, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && unread(o.App, path):
			return fs.SkipDir
		case d.IsDir(), unread(o.App, path):
			return nil
		}
		// Stat follows symbolic links, as the compiler does.
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			return errElsewhere
		case !info.Mode().IsRegular():
			return nil
		}
		return add(h, path)
	})
	if errors.Is(err, errElsewhere) {
		return "", nil
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// errElsewhere: a folder of the app is a link to one outside.
var errElsewhere = errors.New("a folder elsewhere")

// unread reports whether no synthesis reads a directory or file: hidden ones, packages, test data,
// and the Makefile's output.
func unread(app, path string) bool {
	name := filepath.Base(path)
	switch {
	case path == app:
		return false
	case strings.HasPrefix(name, "."), name == "node_modules", name == "testdata":
		return true
	}
	return filepath.Dir(path) == app && slices.Contains([]string{"bin", "dist", "cdk.out"}, name)
}

func add(h io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %d\n", path, info.Size())
	_, err = io.Copy(h, f)
	return err
}

// variables are those that the CDK or the app may read, without credentials and without those that
// [Run] sets: the Makefile sets them too, and `make dev` and `emailotp dev` share their assemblies.
func variables(all []string) []string {
	without := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"CDK_DISABLE_CLI_TELEMETRY", "CDK_DISABLE_VERSION_CHECK"}
	of := slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(without, name) || !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "CDK_")
	})
	slices.Sort(of)
	return of
}
