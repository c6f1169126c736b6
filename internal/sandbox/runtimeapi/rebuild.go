package runtimeapi

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// maxUnpacked is Lambda's limit for an unpacked package.
const maxUnpacked = 250 << 20

// tempDir is made when it is first needed.
type tempDir struct {
	mu   sync.Mutex
	path string
}

// sub makes a new directory within.
func (t *tempDir) sub() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.path == "" {
		dir, err := os.MkdirTemp("", "emailotp-functions-")
		if err != nil {
			return "", err
		}
		t.path = dir
	}
	return os.MkdirTemp(t.path, "")
}

func (t *tempDir) remove() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.path == "" {
		return nil
	}
	return os.RemoveAll(t.path)
}

// unpack returns a directory with the asset's files: the asset's own, which is never written to, or
// a temporary one with a zip file's content.
func (f *function) unpack() (string, error) {
	root, err := filepath.Abs(f.Asset)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(root)
	if err != nil {
		return "", fmt.Errorf("its asset is missing: %w; run cdk synth again", err)
	}
	if info.IsDir() {
		return root, nil
	}
	archive, err := zip.OpenReader(root)
	if err != nil {
		return "", fmt.Errorf("its asset is neither a directory nor a zip file: %w", err)
	}
	defer archive.Close()
	dir, err := f.host.temp.sub()
	if err != nil {
		return "", err
	}
	left := int64(maxUnpacked)
	for _, file := range archive.File {
		n, err := extract(file, dir, left)
		if err != nil {
			return "", fmt.Errorf("unpacking its asset: %w", err)
		}
		left -= n
	}
	return dir, nil
}

func extract(file *zip.File, dir string, limit int64) (int64, error) {
	if !filepath.IsLocal(file.Name) {
		return 0, fmt.Errorf("the entry %q lies outside", file.Name)
	}
	path := filepath.Join(dir, filepath.FromSlash(file.Name))
	if strings.HasSuffix(file.Name, "/") {
		return 0, os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	in, err := file.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, file.Mode().Perm()|0o400)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, limit+1))
	if err = errors.Join(err, out.Close()); err == nil && n > limit {
		err = fmt.Errorf("the content is larger than Lambda's %d MiB", maxUnpacked>>20)
	}
	return n, err
}

// cachePath is where a rebuilt function is kept: by the asset's hash, which stands for its source,
// and by the host.
func (f *function) cachePath() string {
	hash := f.AssetHash
	if f.host.opts.CacheDir == "" || hash == "" || !filepath.IsLocal(hash) || filepath.Base(hash) != hash {
		return ""
	}
	name := strings.Join([]string{hash, runtime.GOOS, runtime.GOARCH, runtime.Version()}, "-")
	return filepath.Join(f.host.opts.CacheDir, "functions", strings.ReplaceAll(name, " ", "_"))
}

// rebuiltDir is the kept directory, or a new temporary one.
func (f *function) rebuiltDir() (dir string, kept bool, err error) {
	if path := f.cachePath(); path != "" {
		if _, err := os.Stat(filepath.Join(path, bootstrap)); err == nil {
			return path, true, nil
		}
	}
	dir, err = f.host.temp.sub()
	return dir, false, err
}

// build fills dir with the asset's other files and a bootstrap for the host. It reports whether the
// source compiles to the asset's own bootstrap, byte for byte.
func (f *function) build(ctx context.Context, root, program, dir string) (same bool, err error) {
	if err := os.CopyFS(dir, withoutBootstrap{os.DirFS(root)}); err != nil {
		return false, err
	}
	check, err := f.host.temp.sub()
	if err != nil {
		return false, err
	}
	original := filepath.Join(check, bootstrap)
	if err := f.host.opts.Build(ctx, f.Folder, runtime.GOOS, runtime.GOARCH, filepath.Join(dir, bootstrap)); err != nil {
		return false, err
	}
	if err := f.host.opts.Build(ctx, f.Folder, "linux", goArch(f.Architecture), original); err != nil {
		return false, err
	}
	return sameFile(program, original)
}

// withoutBootstrap hides the asset's program from the copy of its files.
type withoutBootstrap struct{ fs.FS }

func (w withoutBootstrap) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(w.FS, name)
	if name == "." {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == bootstrap })
	}
	return entries, err
}

func sameFile(a, b string) (bool, error) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	return bytes.Equal(x, y), err
}

// keep moves a rebuilt function into the cache. Of two sandboxes that do so at once the first wins,
// and both have the same.
func (f *function) keep(dir string) (string, error) {
	path := f.cachePath()
	if path == "" {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("keeping the rebuilt function: %w", err)
	}
	staged, err := os.MkdirTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return "", fmt.Errorf("keeping the rebuilt function: %w", err)
	}
	defer os.RemoveAll(staged)
	target := filepath.Join(staged, "asset") // a rename within one file system
	if err := os.CopyFS(target, os.DirFS(dir)); err != nil {
		return "", fmt.Errorf("keeping the rebuilt function: %w", err)
	}
	if err := os.Rename(target, path); err != nil {
		if _, there := os.Stat(filepath.Join(path, bootstrap)); there == nil {
			return path, nil
		}
		return "", fmt.Errorf("keeping the rebuilt function: %w", err)
	}
	return path, nil
}
