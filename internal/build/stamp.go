package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stampFile is the file of a state in the cache that holds the stamp of the sources that led to it
// last. It spares the next start a `go list`, which takes a quarter of a second.
const stampFile = "stamp"

// key returns the stamp and the fingerprint of the sources. The fingerprint is that of the state
// whose stamp is the same, else the go command computes it.
func (c Cache) key(ctx context.Context, moduleDir string, t Target) (stamp, key string, err error) {
	if stamp, err = sourceStamp(ctx, moduleDir, t); err != nil {
		stamp = "" // the go command reports what is wrong, or copes with it
	}
	files, _ := filepath.Glob(filepath.Join(escapeGlob(c.Dir), "build-*", stampFile))
	for _, file := range files {
		if found, err := os.ReadFile(file); err == nil && stamp != "" && string(found) == stamp {
			return stamp, strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "build-"), nil
		}
	}
	key, err = fingerprint(ctx, moduleDir, t)
	return stamp, key, err
}

// remember writes the stamp into a state's directory.
func remember(dir, stamp string) {
	file := filepath.Join(dir, stampFile)
	if old, err := os.ReadFile(file); stamp == "" || err == nil && string(old) == stamp {
		return
	}
	_ = os.WriteFile(file, []byte(stamp), 0o600) // a torn or missing file costs the next start a `go list`
}

// sourceStamp hashes every file of the module that may be part of a function, with the toolchain
// and the recipe. It hashes contents and not times: an unpacked archive may give two versions of a
// file the same size and time.
func sourceStamp(ctx context.Context, moduleDir string, t Target) (string, error) {
	mod, err := os.ReadFile(filepath.Join(moduleDir, "go.mod"))
	if err != nil {
		return "", err
	}
	if bytes.Contains(mod, []byte("replace")) {
		return "", errors.New("a module may lie in a directory, whose files are not hashed")
	}
	version, err := run(ctx, moduleDir, t, "version")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s%q\n%q\n", version, Arguments("", Names()...), Environment(t, ""))
	err = filepath.WalkDir(moduleDir, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != moduleDir && isNoSource(name):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(moduleDir, path)
		fmt.Fprintf(h, "%q %x\n", filepath.ToSlash(relative), sha256.Sum256(data))
		return err
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// isNoSource reports whether the go command ignores a directory of that name, or another program
// writes its output there.
func isNoSource(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
		slices.Contains([]string{"node_modules", "bin", "dist", "docs", "cdk.out"}, name)
}
