package build

import (
	"archive/zip"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A File is one entry of a function's zip.
type File struct {
	// Name is the entry's path within the zip.
	Name string
	// Content is the entry's bytes.
	Content []byte
}

// entryTime is every entry's modification time: the first that a zip can express.
var entryTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Archive writes the files as a zip whose bytes depend on names and contents alone: entries are
// sorted, times fixed, the bootstrap is executable (0755) and everything else readable (0644).
func Archive(w io.Writer, files []File) error {
	files = slices.SortedFunc(slices.Values(files), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for i, f := range files {
		if i > 0 && files[i-1].Name == f.Name {
			return fmt.Errorf("two entries are named %q", f.Name)
		}
		header := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: entryTime}
		header.SetMode(0o644)
		if f.Name == Bootstrap {
			header.SetMode(0o755)
		}
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("add %s: %w", f.Name, err)
		}
		if _, err := entry.Write(f.Content); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	return archive.Close()
}

// A Package is a function's zip on disk.
type Package struct {
	// Function is the folder below lambdas/.
	Function string
	// Path is the zip's path.
	Path string
	// SHA256 is the zip's checksum, in hexadecimal.
	SHA256 string
}

// WritePackage compiles a function and writes it as <dir>/<name>.zip, with the extra files beside
// the bootstrap.
func WritePackage(ctx context.Context, moduleDir, name string, t Target, dir string, extra ...File) (Package, error) {
	work, err := os.MkdirTemp("", "emailotp-package-*")
	if err != nil {
		return Package{}, fmt.Errorf("make a working directory: %w", err)
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, Bootstrap)
	if err := Function(ctx, moduleDir, name, t, binary); err != nil {
		return Package{}, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return Package{}, fmt.Errorf("read what was built: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Package{}, fmt.Errorf("make the output directory: %w", err)
	}
	p := Package{Function: name, Path: filepath.Join(dir, name+".zip")}
	f, err := os.Create(p.Path)
	if err != nil {
		return Package{}, fmt.Errorf("create the zip: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if err := Archive(io.MultiWriter(f, sum), append(extra, File{Bootstrap, content})); err != nil {
		return Package{}, fmt.Errorf("write %s: %w", p.Path, err)
	}
	if err := f.Close(); err != nil {
		return Package{}, fmt.Errorf("close %s: %w", p.Path, err)
	}
	p.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}
