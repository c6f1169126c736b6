package synth

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Stale reports whether a source file of the app around an assembly is newer than the assembly, and
// returns the newest. It compares modification times, so it is advice. An assembly outside of every
// app's directory is never stale.
func Stale(assembly string) (source string, stale bool) {
	written, err := os.Stat(filepath.Join(assembly, "manifest.json"))
	if err != nil {
		return "", false
	}
	app, err := Find(filepath.Dir(assembly))
	if err != nil {
		return "", false
	}
	youngest := written.ModTime()
	_ = filepath.WalkDir(app, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if d.IsDir() {
			if path != app && generated(path) {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err == nil && synthesised(d.Name()) && info.ModTime().After(youngest) {
			youngest, source = info.ModTime(), path
		}
		return nil
	})
	// Tools that check files out write them in no particular order.
	const slack = 2 * time.Second
	return source, youngest.Sub(written.ModTime()) > slack
}

// generated reports whether a directory has no sources: hidden ones, packages, assemblies, test
// data.
func generated(dir string) bool {
	name := filepath.Base(dir)
	if strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "vendor" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil
}

// synthesised reports whether a synthesis reads a file.
func synthesised(name string) bool {
	switch name {
	case "cdk.json", "go.mod", "go.sum":
		return true
	}
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}
