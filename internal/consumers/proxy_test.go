package consumers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// proxy is a module proxy on disk with one version of this module: the one that the working tree
// would be if it were tagged now.
type proxy struct{ dir, version string }

// newProxy packs the files that git tracks, or would track, as the module's zip. Packing fails for
// a tree that could not be published as a module at all.
func newProxy(t *testing.T, root string) proxy {
	t.Helper()
	files := tracked(t, root)
	p := proxy{t.TempDir(), "v0.0.0-" + digest(t, files)}
	dir := filepath.Join(p.dir, filepath.FromSlash(build.Module), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := zip.Create(&packed, module.Version{Path: build.Module, Version: p.version}, files); err != nil {
		t.Fatalf("the module can't be packed: %v", err)
	}
	mod := disk.Read(t, filepath.Join(root, "go.mod"))
	info := `{"Version":"` + p.version + `","Time":"` + time.Unix(0, 0).UTC().Format(time.RFC3339) + `"}`
	for name, content := range map[string][]byte{
		"list": []byte(p.version + "\n"), p.version + ".info": []byte(info), p.version + ".mod": mod,
		p.version + ".zip": packed.Bytes(),
	} {
		disk.Write(t, filepath.Join(dir, name), content)
	}
	return p
}

// env are the variables by which the go command finds the module here and everything else in the
// module cache, without a network.
func (p proxy) env(t *testing.T) []string {
	t.Helper()
	return []string{"GOPROXY=file://" + p.dir + ",file://" + filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"),
		"GONOSUMDB=" + build.Module}
}

// extracted is where the go command unpacks the version.
func (p proxy) extracted(t *testing.T) string {
	t.Helper()
	return filepath.Join(goEnv(t, "GOMODCACHE"), filepath.FromSlash(build.Module)+"@"+p.version)
}

// forget removes the version from the module cache, which would keep it for ever.
func (p proxy) forget(t *testing.T) {
	t.Helper()
	_ = filepath.WalkDir(p.extracted(t), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return nil
	})
	if err := os.RemoveAll(p.extracted(t)); err != nil {
		t.Error(err)
	}
	downloads := filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download", filepath.FromSlash(build.Module), "@v")
	cached, err := filepath.Glob(filepath.Join(downloads, p.version+".*"))
	if err != nil {
		t.Error(err)
	}
	for _, path := range cached {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
	// Without another version the list of versions goes too. Folders with other content stay.
	if others, _ := filepath.Glob(filepath.Join(downloads, "*.info")); len(others) == 0 {
		os.Remove(filepath.Join(downloads, "list"))
	}
	for _, dir := range []string{downloads, filepath.Dir(p.extracted(t))} {
		for dir != goEnv(t, "GOMODCACHE") && os.Remove(dir) == nil {
			dir = filepath.Dir(dir)
		}
	}
}

// file is one of the working tree's for the zip.
type file struct{ root, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// tracked lists the files that git has, and those that it would add.
func tracked(t *testing.T, root string) []zip.File {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("the working tree is no git repository, so its files can't be told from generated ones: %v", err)
	}
	var files []zip.File
	for path := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		// Other tests may write files here and remove them.
		info, err := os.Lstat(filepath.Join(root, path))
		if err != nil || !info.Mode().IsRegular() || generated(path) {
			continue
		}
		files = append(files, file{root, path})
	}
	return files
}

// generated are folders that no version of the module has, ignored by git or not.
func generated(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "node_modules" || part == "cdk.out" {
			return true
		}
	}
	return false
}

// digest names a version by its content: the module cache never reads a version twice.
func digest(t *testing.T, files []zip.File) string {
	t.Helper()
	sum := sha256.New()
	for _, f := range files {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(sum, f.Path()+"\x00")
		_, err = io.Copy(sum, content)
		content.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return "test." + "x" + hex.EncodeToString(sum.Sum(nil))[:16]
}

// copyTree copies the module's files.
func copyTree(t *testing.T, root, to string) {
	t.Helper()
	for _, f := range tracked(t, root) {
		content := disk.Read(t, filepath.Join(root, f.Path()))
		path := filepath.Join(to, f.Path())
		disk.Write(t, path, content)
	}
}
