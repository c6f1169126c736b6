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

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// Update is [Run], unless the assembly that it wrote before is what it would write again; ran says which.
// That is known of this module's own app alone, whose every input lies in its folder, in the versions
// that it names and in few variables. Of other apps nobody knows what they read.
func Update(ctx context.Context, o Options) (ran bool, err error) {
	stamp := filepath.Clean(o.Output) + ".inputs"
	inputs, err := inputs(ctx, o)
	if err != nil {
		inputs = "" // Run says what is wrong
	}
	written, err := os.ReadFile(stamp)
	_, missing := os.Stat(filepath.Join(o.Output, "manifest.json"))
	if err == nil && missing == nil && inputs != "" && string(written) == inputs {
		return false, nil
	}
	if err := os.Remove(stamp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("replacing the assembly: %w", err)
	}
	if err := Run(ctx, o); err != nil || inputs == "" {
		return true, err
	}
	// What changes from here on has not been read for certain: the stamp is of before.
	return true, os.WriteFile(stamp, []byte(inputs), 0o600)
}

// inputs names all that a synthesis of this module's own app depends on; empty for another app.
func inputs(ctx context.Context, o Options) (string, error) {
	mod, err := os.ReadFile(filepath.Join(o.App, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module "+build.Module+"\n") {
		return "", err
	}
	toolchain := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOFLAGS", "GOWORK", "GOEXPERIMENT")
	toolchain.Dir = o.App
	settings, err := toolchain.Output()
	if err != nil {
		return "", err
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
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != o.App && (generated(path) || d.Name() == "bin" || d.Name() == "dist") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return add(h, path)
	})
	return hex.EncodeToString(h.Sum(nil)), err
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

// variables are those that the CDK or the app may read, without credentials.
func variables(all []string) []string {
	secret := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	of := slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(secret, name) || !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "CDK_")
	})
	slices.Sort(of)
	return of
}
