package consumers_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// hostile are variables that an adopter's shell may set. They must not change a function's bytes.
var hostile = []string{
	"GOFLAGS=-mod=vendor -tags=nonsense -ldflags=-X=main.nonsense=1", "GOWORK=/nonexistent/go.work", "GOOS=plan9",
	"GOARCH=mips",
	"GOARM64=v9.5,lse", "GOAMD64=v4", "GOEXPERIMENT=nonsense", "CGO_ENABLED=1", "GO111MODULE=off", "GOFIPS140=latest",
}

// settings are the ways to import. Those that are not quick run with EMAILOTP_CONSUMERS=all.
var settings = []struct {
	name  string
	quick bool
	// synth builds and runs an app and returns all its syntheses; p is nil unless the setting needs
	// the module as a version.
	synth func(t *testing.T, root string, p *proxy) []synthesis
}{
	{"from a module proxy, by version", true, fromProxy},
	{"by a replace in a hostile environment", true, byReplace},
	{"by a replace", false, byReplaceAlone},
	{"by a workspace", false, byWorkspace},
	{"vendored", false, vendored},
	{"from a path with spaces and letters of other scripts", false, fromOddPath},
	{"without paths in the binary", false, trimmed},
	{"in the checkout itself", false, inCheckout},
}

func TestTheFunctionsAreTheSameBytesWhereverTheConstructIsImported(t *testing.T) {
	t.Parallel()
	root, all := moduleRoot(t), os.Getenv("EMAILOTP_CONSUMERS") == "all"
	_, programs := checkout(t, root)
	want := assets{bootstrap: programs}
	p := newProxy(t, root)
	t.Cleanup(func() { p.forget(t) })
	for _, setting := range settings {
		if !setting.quick && !all {
			continue
		}
		t.Run(setting.name, func(t *testing.T) {
			for _, s := range setting.synth(t, root, &p) {
				got := s.assets(t)
				if !maps.Equal(got.bootstrap, want.bootstrap) {
					t.Errorf("the programs are\n%v, the checkout's are\n%v", got.bootstrap, want.bootstrap)
				}
				// A directory in the module's place has no version: each commit would change the
				// template.
				version := map[string]string{"from a module proxy, by version": p.version}[setting.name]
				if setting.quick && (len(got.versions) != 1 || !got.versions[version]) {
					t.Errorf("the functions' descriptions have the versions %v, want %q", got.versions, version)
				}
				if want.hash == nil {
					want.hash = got.hash
				} else if !maps.Equal(got.hash, want.hash) {
					t.Errorf("the assets are\n%v, elsewhere they are\n%v", got.hash, want.hash)
				}
			}
		})
	}
}

func fromProxy(t *testing.T, root string, p *proxy) []synthesis {
	a := newImporter(t, root, t.TempDir(), require(p.version))
	a.env = append(a.env, p.env(t)...)
	a.build(t)
	before := listing(t, p.extracted(t))
	s := a.synth(t)
	if after := listing(t, p.extracted(t)); after != before {
		t.Error("the synthesis wrote into the module cache")
	}
	checkSums(t, a)
	return []synthesis{s}
}

func byReplace(t *testing.T, root string, _ *proxy) []synthesis {
	return []synthesis{replacedApp(t, root).synth(t, hostile...)}
}

func byReplaceAlone(t *testing.T, root string, _ *proxy) []synthesis {
	return []synthesis{replacedApp(t, root).synth(t)}
}

func byWorkspace(t *testing.T, root string, p *proxy) []synthesis {
	dir := t.TempDir()
	a := newImporter(t, root, filepath.Join(dir, "app"), require(p.version))
	a.env = append(a.env, p.env(t)...)
	a.build(t)
	work := filepath.Join(dir, "go.work")
	write(t, work, "go 1.26\n\nuse (\n\t./app\n\t"+root+"\n)\n")
	a.env = append(a.env, "GOWORK="+work)
	p.forget(t) // or the build could use the version in place of the workspace
	// A workspace reads the go.mod of every module that it could need on any system.
	a.withNetwork(t, func() { a.build(t, "-mod=readonly") })
	return []synthesis{a.synth(t)}
}

func vendored(t *testing.T, root string, p *proxy) []synthesis {
	a := newImporter(t, root, t.TempDir(), require(p.version))
	a.env = append(a.env, p.env(t)...)
	a.tidy(t)
	a.run(t, "go", "mod", "vendor")
	a.build(t, "-mod=vendor")
	inCache := a.synth(t, "GOFLAGS=-mod=vendor")
	// The vendor directory lacks the functions: if the cache lacks the module, it is downloaded.
	p.forget(t)
	return []synthesis{inCache, a.synth(t)}
}

func fromOddPath(t *testing.T, root string, _ *proxy) []synthesis {
	dir := filepath.Join(t.TempDir(), "Büro & Co – 秘密 [1]")
	module := filepath.Join(dir, "the module")
	copyTree(t, root, module)
	a := newImporter(t, root, filepath.Join(dir, "die App"), require("v0.0.0"), replaced(module))
	a.build(t)
	return []synthesis{a.synth(t)}
}

func trimmed(t *testing.T, root string, p *proxy) []synthesis {
	a := newImporter(t, root, t.TempDir(), require(p.version))
	a.env = append(a.env, p.env(t)...)
	a.build(t, "-mod=mod", "-trimpath")
	return []synthesis{a.synth(t), a.synth(t, hostile...)}
}

func inCheckout(t *testing.T, root string, _ *proxy) []synthesis {
	a := &importer{dir: filepath.Join(root, "internal", "consumers", "testdata", "app")}
	a.binary = filepath.Join(t.TempDir(), "app.bin")
	a.run(t, "go", "build", "-o", a.binary, ".")
	return []synthesis{a.synth(t)}
}

// There is no Go toolchain, no module and no network, only the zips.
func TestZipsBuiltBeforehandNeedNoGo(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	dir, want := checkout(t, root)
	again := writeZip(t, root, t.TempDir(), "pre-sign-up")
	if first, err := os.ReadFile(filepath.Join(dir, "pre-sign-up.zip")); err != nil || again.SHA256 != hexSum(first) {
		t.Errorf("a zip that is written again has the checksum %s, not the first one's; %v", again.SHA256, err)
	}
	got := replacedApp(t, root).synth(t, "ZIPS="+dir,
		"PATH="+onlyNode(t), "GOMODCACHE="+t.TempDir(), "GOPROXY=off").assets(t)
	if !maps.Equal(got.bootstrap, want) {
		t.Errorf("the programs are\n%v, the checkout's are\n%v", got.bootstrap, want)
	}
}

// listing describes every file below dir. The tests may run as root, who may write into a module
// cache.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.WriteString(path + info.Mode().String() + info.ModTime().String() + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An importer needs no checksum of a dependency of the functions.
func checkSums(t *testing.T, a *importer) {
	t.Helper()
	if os.Getenv("EMAILOTP_CONSUMERS") == "all" {
		a.tidy(t)
	}
	content, err := os.ReadFile(filepath.Join(a.dir, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		for _, foreign := range []string{"github.com/aws/aws-sdk-go", "github.com/aws/smithy-go",
			"github.com/aws/aws-lambda-go"} {
			if strings.HasPrefix(line, foreign) {
				t.Errorf("the importer's go.sum has %s", line)
			}
		}
	}
}

// The command line is installed from a version as any Go program is, without a checkout.
func TestTheCommandLineIsInstalledFromAVersion(t *testing.T) {
	p := newProxy(t, moduleRoot(t))
	t.Cleanup(func() { p.forget(t) })
	bin := t.TempDir()
	command := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), p.env(t)...), "GOBIN="+bin, "GOFLAGS=-modcacherw", "GOWORK=off", "GOSUMDB=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	command(t.TempDir(), "go", "install", build.Module+"/cmd/emailotp@"+p.version)
	if got := command(t.TempDir(), filepath.Join(bin, "emailotp"), "version"); !strings.HasPrefix(got,
		"emailotp "+p.version+" (go") {
		t.Errorf("the version is %q, want %s", got, p.version)
	}
}
