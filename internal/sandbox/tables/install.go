package tables

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// engineFiles are the launcher and npm's manifest and lock.
//
//go:embed engine/engine.js engine/package.json engine/package-lock.json
var engineFiles embed.FS

// nodeRemedy ends the sentences about a missing Node or npm.
const nodeRemedy = "install Node 22 or 24 with npm (https://nodejs.org) and start again"

// install gives the directory of the table engine, which it installs the first
// time. The directory is named by the content of its files, so another version
// gets another one; it appears whole or not at all.
func install(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	sub, err := fs.Sub(engineFiles, "engine")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cacheDir, "dynalite-"+contentHash(sub))
	if installed(dir) {
		return dir, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("the template has a DynamoDB table, whose engine is installed by npm, and npm is not on PATH; %s", nodeRemedy)
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", fmt.Errorf("cache directory: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(cacheDir, "dynalite.lock"))
	if err != nil {
		return "", fmt.Errorf("waiting for another sandbox that installs the table engine: %w", err)
	}
	defer unlock()
	if installed(dir) {
		return dir, nil
	}
	progress("installing the table engine (dynalite, once)")
	return dir, build(ctx, npm, sub, cacheDir, dir)
}

func installed(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "node_modules", "dynalite", "package.json"))
	return err == nil
}

func build(ctx context.Context, npm string, files fs.FS, cacheDir, dir string) error {
	temp, err := os.MkdirTemp(cacheDir, ".dynalite-")
	if err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	defer os.RemoveAll(temp)
	// os.CopyFS would keep the read-only modes of embedded files.
	for _, name := range fileNames {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(temp, name), data, 0o644); err != nil {
			return err
		}
	}
	// Scripts of packages are never run; classic-level brings its binaries along.
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
	cmd.Dir = temp
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("installing the table engine was stopped: %w", context.Cause(ctx))
		}
		return fmt.Errorf("npm could not install the table engine (dynalite): %w: %s; check the network and npm's registry setting and start again", err, lastLines(words.String(), 5))
	}
	if err := os.Rename(temp, dir); err != nil && !installed(dir) {
		return fmt.Errorf("installing the table engine: %w", err)
	}
	return nil
}

var fileNames = []string{"engine.js", "package-lock.json", "package.json"}

func contentHash(files fs.FS) string {
	h := sha256.New()
	for _, name := range fileNames {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err) // embedded: a missing one doesn't compile
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

var errNoNode = errors.New("the template has a DynamoDB table, whose engine needs Node, and node is not on PATH; " + nodeRemedy)
