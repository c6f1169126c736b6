// Package npm installs packages from npm into a cache directory, exactly those of an embedded lock
// file and without running any of their scripts. It serves programs that run without a checkout,
// and so without node_modules.
package npm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
)

// Package is a manifest with its lock, as `npm ci` reads them.
type Package struct {
	// Name begins the directory's name, such as "sign-in-page".
	Name string
	// What names it in sentences, such as "the sign-in page".
	What string
	// Files has package.json and package-lock.json at its root.
	Files fs.FS
	// Beside names further files at the root of Files that are to lie beside node_modules, such as
	// a program that uses the packages.
	Beside []string
	// Workspace, a directory below the root with a package.json, is the part of an npm workspace
	// whose packages are installed; empty for the root's own.
	Workspace string
	// Dev installs what only checks and tests need, too.
	Dev bool
}

// inputs are the files that an installation is made from.
func (p Package) inputs() []string {
	inputs := []string{"package.json", "package-lock.json"}
	if p.Workspace != "" {
		inputs = append(inputs, p.Workspace+"/package.json")
	}
	return append(inputs, p.Beside...)
}

// Remedy ends the sentences about a missing Node or npm.
const Remedy = "install Node 22 or 24 with npm (https://nodejs.org) and start again"

// Install returns the directory with p's node_modules, below cacheDir. It installs them once: the
// directory's name is a hash of its inputs, and it appears whole or not at all. An installation is
// a step that is reported as [progress.Begin] does.
func (p Package) Install(ctx context.Context, cacheDir string, report func(string)) (string, error) {
	dir, is, err := p.Installed(cacheDir)
	if err != nil || is {
		return dir, err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("%s comes with npm packages, and npm is not on PATH; %s", p.What, Remedy)
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", fmt.Errorf("cache directory: %w; set %s to a directory that can be written", err, cachedir.Variable)
	}
	unlock, err := lock(ctx, filepath.Join(cacheDir, p.Name+".lock"))
	if err != nil {
		return "", fmt.Errorf("waiting for another process that installs the packages of %s: %w", p.What, err)
	}
	defer unlock()
	if installed(dir) {
		return dir, nil
	}
	end := progress.Begin(report, fmt.Sprintf("installing %s of %s (once)", p.count(), p.What))
	if err := p.install(ctx, npm, cacheDir, dir); err != nil {
		return dir, err
	}
	end(size(dir))
	return dir, nil
}

// Installed returns the directory that [Package.Install] returns, and whether it exists.
func (p Package) Installed(cacheDir string) (dir string, is bool, err error) {
	hash, err := p.hash()
	if err != nil {
		return "", false, err
	}
	dir = filepath.Join(cacheDir, p.Name+"-"+hash)
	return dir, installed(dir), nil
}

// count returns the number of packages that the lock has.
func (p Package) count() string {
	var lock struct {
		Packages map[string]struct{ Dev bool }
	}
	data, err := fs.ReadFile(p.Files, "package-lock.json")
	if err != nil || json.Unmarshal(data, &lock) != nil {
		return "the npm packages"
	}
	n := 0
	for name, locked := range lock.Packages {
		if name != "" && (p.Dev || !locked.Dev) {
			n++
		}
	}
	return fmt.Sprintf("%d npm packages", n)
}

// size returns what the files below a directory take, such as "9.1 MB".
func size(dir string) string {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return fmt.Sprintf("%.1f MB", float64(sum)/1e6)
}

// installed trusts a directory that has its final name: nothing half done gets one.
func installed(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "node_modules"))
	return err == nil
}

func (p Package) install(ctx context.Context, npm, cacheDir, dir string) error {
	temp, err := os.MkdirTemp(cacheDir, "."+p.Name+"-")
	if err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	defer os.RemoveAll(temp)
	for _, name := range p.inputs() {
		data, err := fs.ReadFile(p.Files, name)
		if err != nil {
			return err
		}
		file := filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, npm, p.arguments()...)
	cmd.Dir = temp
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("installing the npm packages of %s was stopped: %w", p.What, context.Cause(ctx))
		}
		return fmt.Errorf("npm could not install the packages of %s: %w: %s; check the network and npm's registry setting "+
			"and start again", p.What, err, LastLines(words.String(), 5))
	}
	// npm makes none where there is nothing to install.
	if err := os.MkdirAll(filepath.Join(temp, "node_modules"), 0o755); err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	if err := os.Rename(temp, dir); err != nil && !installed(dir) {
		return fmt.Errorf("installing the npm packages of %s: %w", p.What, err)
	}
	return nil
}

func (p Package) arguments() []string {
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund"}
	if !p.Dev {
		args = append(args, "--omit=dev")
	}
	if p.Workspace != "" {
		args = append(args, "--workspace="+p.Workspace)
	}
	return args
}

func (p Package) hash() (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", p.arguments())
	var errs []error
	for _, name := range p.inputs() {
		data, err := fs.ReadFile(p.Files, name)
		errs = append(errs, err)
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("the npm packages of %s: %w", p.What, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// LastLines returns the last n lines of s, joined by semicolons.
func LastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
