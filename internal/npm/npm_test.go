package npm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
)

// manifest is a package with no dependencies, which npm installs without any network.
func manifest(version string) fstest.MapFS {
	return fstest.MapFS{
		"package.json": {Data: []byte(`{"name": "nothing", "version": "` + version + `", "private": true}`)},
		"package-lock.json": {Data: []byte(`{"name": "nothing", "version": "` + version +
			`", "lockfileVersion": 3, "packages": {"": {"name": "nothing", "version": "` + version + `"}}}`)},
	}
}

func needNPM(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm is not on PATH")
		}
		t.Skip("npm is not on PATH, without which nothing is installed")
	}
}

func TestAnInstallationIsMadeOnceAndNamedByItsContent(t *testing.T) {
	needNPM(t)
	cache := filepath.Join(t.TempDir(), "cache")
	var progress []string
	install := func(p npm.Package) string {
		t.Helper()
		dir, err := p.Install(t.Context(), cache, func(s string) { progress = append(progress, s) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "package-lock.json")); err != nil {
			t.Error(err)
		}
		return dir
	}
	p := npm.Package{Name: "nothing", What: "the test", Files: manifest("1.0.0")}
	first := install(p)
	if again := install(p); again != first || len(progress) != 2 {
		t.Errorf("the second installation is %s after %s, with the progress %q; want begin and end", again, first, progress)
	}
	if other := install(npm.Package{Name: "nothing", What: "the test", Files: manifest("1.0.1")}); other == first {
		t.Error("another lock has the same directory")
	}
	p.Dev = true
	if other := install(p); other == first {
		t.Error("an installation for development has the directory of the other")
	}
}

func TestTwoAtOnceInstallOne(t *testing.T) {
	needNPM(t)
	cache := t.TempDir()
	p := npm.Package{Name: "nothing", What: "the test", Files: manifest("1.0.0")}
	var wg sync.WaitGroup
	dirs, errs := make([]string, 4), make([]error, 4)
	for i := range dirs {
		wg.Go(func() { dirs[i], errs[i] = p.Install(t.Context(), cache, nil) })
	}
	wg.Wait()
	for i := range dirs {
		if errs[i] != nil || dirs[i] != dirs[0] {
			t.Errorf("%s, %v; want %s", dirs[i], errs[i], dirs[0])
		}
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestAFailureLeavesNothing(t *testing.T) {
	needNPM(t)
	cache := t.TempDir()
	files := manifest("1.0.0")
	files["package.json"] = &fstest.MapFile{Data: []byte(
		`{"name": "nothing", "version": "1.0.0", "dependencies": {"not-in-the-lock": "1.0.0"}}`)}
	_, err := npm.Package{Name: "broken", What: "the test", Files: files}.Install(t.Context(), cache, nil)
	if err == nil || !strings.Contains(err.Error(), "npm could not install the packages of the test") {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "*broken-*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
}

func TestWithoutNPMTheRemedyIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := npm.Package{Name: "nothing", What: "the test", Files: manifest("1.0.0")}.Install(t.Context(), t.TempDir(),
		nil)
	if err == nil || !strings.Contains(err.Error(), "install Node 22 or 24 with npm") {
		t.Errorf("got %v", err)
	}
}
