package consumers_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// importer is an adopter's app in a folder of its own.
type importer struct {
	dir string
	// env is added to the environment of everything that runs in the app.
	env []string
	// binary is the app, once it is built.
	binary string
}

// newImporter writes the app into dir; directives are lines of its go.mod.
func newImporter(t *testing.T, root, dir string, directives ...string) *importer {
	t.Helper()
	content := disk.Read(t, filepath.Join(root, "internal", "consumers", "testdata", "app", "main.go"))
	write(t, filepath.Join(dir, "main.go"), string(content))
	write(t, filepath.Join(dir, "go.mod"), "module example.com/importer\n\ngo 1.26\n\n"+strings.Join(directives,
		"\n")+"\n")
	cache := "file://" + filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download")
	return &importer{dir: dir, env: []string{"GOPROXY=" + cache, "GOSUMDB=off"}}
}

// target is what the functions are built for: this machine's processor, for which other tests build
// them too. With EMAILOTP_CONSUMERS=all it is the construct's default, arm64, for which the AWS SDK
// takes a minute more.
var target = build.Target{GOARCH: runtime.GOARCH}

func TestMain(m *testing.M) {
	if os.Getenv("EMAILOTP_CONSUMERS") == "all" {
		target = build.Target{}
	} else if target.GOARCH == "amd64" {
		os.Setenv("ARCHITECTURE", "x86_64") // for the app in testdata
	}
	testkit.Main(m, 2)
}

// theReplaced is the app with the checkout in place of the module, built once for all tests that
// only run it.
var theReplaced struct {
	once sync.Once
	app  *importer
}

func replacedApp(t *testing.T, root string) *importer {
	t.Helper()
	theReplaced.once.Do(func() {
		a := newImporter(t, root, filepath.Join(testkit.Scratch(t), "replaced"), require("v0.0.0"), replaced(root))
		a.build(t)
		theReplaced.app = a
	})
	if theReplaced.app == nil {
		t.Fatal("the app could not be built; see the failure of another test")
	}
	return theReplaced.app
}

// require and replaced are go.mod directives about this module.
func require(version string) string { return "require " + build.Module + " " + version }
func replaced(root string) string   { return fmt.Sprintf("replace %s => %q", build.Module, root) }

// build compiles the app. Unless flags say otherwise, go.mod and go.sum are completed by the way.
func (a *importer) build(t *testing.T, flags ...string) {
	t.Helper()
	if len(flags) == 0 {
		flags = []string{"-mod=mod"}
	}
	a.binary = filepath.Join(a.dir, "app.bin")
	// Without the tables of debuggers, linking takes half as long.
	a.run(t, append(append([]string{"go", "build", "-ldflags=-s"}, flags...), "-o", a.binary, ".")...)
}

// tidy completes go.mod and go.sum. Tidying needs the tests of the imported packages too; without a
// network they are left out.
func (a *importer) tidy(t *testing.T) {
	t.Helper()
	a.withNetwork(t, func() { a.run(t, "go", "mod", "tidy", "-e") })
}

// withNetwork lets f download modules that no build of this repository needs.
func (a *importer) withNetwork(t *testing.T, f func()) {
	t.Helper()
	before := a.env
	for i := len(a.env) - 1; i >= 0; i-- {
		if proxies, ok := strings.CutPrefix(a.env[i], "GOPROXY="); ok {
			a.env = append(slices.Clone(a.env), "GOPROXY="+proxies+","+goEnv(t, "GOPROXY"))
			break
		}
	}
	f()
	a.env = before
}

// run runs a command in the app's folder.
func (a *importer) run(t *testing.T, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = a.dir, append(append(os.Environ(), "GOWORK=off", "GOFLAGS=", "PWD="+a.dir), a.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// synthesis is one run of the app.
type synthesis struct {
	out    string // the cloud assembly's directory
	output string
	err    error
	called []string // tools that must not be called
}

// synth runs the app as cdk synth does. Variables in env win over all others.
func (a *importer) synth(t *testing.T, env ...string) synthesis {
	t.Helper()
	s := synthesis{out: t.TempDir()}
	trap := newTrap(t)
	cmd := exec.CommandContext(t.Context(), a.binary)
	cmd.Dir = a.dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=", "PWD="+a.dir, "CDK_OUTDIR="+s.out,
		"CDK_VALIDATION=false",
		// Each run builds the functions itself, or a cache would make them equal.
		cachedir.Variable+"="+t.TempDir(),
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "PATH="+trap.dir+string(os.PathListSeparator)+os.Getenv("PATH")),
		a.env...)
	for _, e := range env {
		// The trap comes first in a PATH of the test too.
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			e = "PATH=" + trap.dir + string(os.PathListSeparator) + path
		}
		cmd.Env = append(cmd.Env, e)
	}
	out, err := cmd.CombinedOutput()
	s.output, s.err, s.called = string(out), err, trap.calls(t)
	for _, call := range s.called {
		t.Errorf("the synthesis called %s", call)
	}
	return s
}

// trap replaces tools that no adopter needs, and records their calls.
type trap struct{ dir, log string }

func newTrap(t *testing.T) trap {
	t.Helper()
	dir := t.TempDir()
	tr := trap{dir, filepath.Join(dir, "calls")}
	for _, tool := range []string{"docker", "podman", "finch", "bash"} {
		script := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >> '%s'\nexit 1\n", tool, tr.log)
		if err := os.WriteFile(filepath.Join(dir, tool), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func (tr trap) calls(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(tr.log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

// assets are the functions in an assembly: checksums by their folders below lambdas/, and the
// versions that their descriptions have.
type assets struct {
	hash, bootstrap map[string]string
	versions        map[string]bool
}

var assetKey = regexp.MustCompile(`[0-9a-f]{64}`)

// assets reads the assembly. A function that both modes have must be one asset.
func (s synthesis) assets(t *testing.T) assets {
	t.Helper()
	if s.err != nil {
		t.Fatalf("the synthesis failed: %v\n%s", s.err, s.output)
	}
	var template struct {
		Resources map[string]struct {
			Metadata   map[string]any
			Properties struct {
				Code        struct{ S3Key string }
				Description string
			}
		}
	}
	disk.ReadJSON(t, filepath.Join(s.out, "Importer.template.json"), &template)
	a := assets{map[string]string{}, map[string]string{}, map[string]bool{}}
	for id, r := range template.Resources {
		function, ok := r.Metadata["EmailOTP::Function"].(string)
		if !ok {
			continue
		}
		hash := assetKey.FindString(r.Properties.Code.S3Key)
		if before, twice := a.hash[function]; twice && before != hash {
			t.Errorf("%s is asset %s in one mode and %s in the other", function, before, hash)
		}
		a.hash[function] = hash
		_, version, _ := strings.Cut(r.Properties.Description, contract.VersionMark)
		a.versions[version] = true
		a.bootstrap[function] = programIn(t, filepath.Join(s.out, "asset."+hash))
		if hash == "" {
			t.Errorf("%s has no asset", id)
		}
	}
	if len(a.hash) != len(folders()) {
		t.Errorf("the assembly has the functions %v, want %v", a.hash, folders())
	}
	seen := map[string]string{}
	for function, hash := range a.hash {
		if other, shared := seen[hash]; shared {
			t.Errorf("%s and %s share the asset %s", function, other, hash)
		}
		seen[hash] = function
	}
	return a
}

// programIn returns the checksum of the program in an asset: a folder, or a zip with or without the
// ending in path.
func programIn(t *testing.T, path string) string {
	t.Helper()
	path = strings.TrimSuffix(path, ".zip")
	var content []byte
	archive, err := zip.OpenReader(path + ".zip")
	if os.IsNotExist(err) {
		content, err = os.ReadFile(filepath.Join(path, build.Bootstrap))
	} else if err == nil {
		defer archive.Close()
		content, err = fs.ReadFile(archive, build.Bootstrap)
	}
	if err != nil {
		t.Fatal(err)
	}
	return hexSum(content)
}

func hexSum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// folders returns the functions of an EmailOTP: the others are the sign-in page's.
func folders() []string {
	return slices.DeleteFunc(build.Names(), func(name string) bool {
		return name == "hand-over" ||
			name == "change-address"
	})
}

// zips are all functions, built once from the working tree without the CDK: the directory of the
// zips and the checksums of the programs in them.
var zips struct {
	once     sync.Once
	dir      string
	programs map[string]string
}

func checkout(t *testing.T, root string) (dir string, programs map[string]string) {
	t.Helper()
	zips.once.Do(func() {
		dir, programs := filepath.Join(testkit.Scratch(t), "zips"), map[string]string{}
		for _, name := range folders() {
			p := writeZip(t, root, dir, name)
			programs[name] = programIn(t, p.Path)
		}
		zips.dir, zips.programs = dir, programs
	})
	if zips.programs == nil {
		t.Fatal("the functions could not be built; see the failure of another test")
	}
	return zips.dir, zips.programs
}

// writeZip builds a function from the checkout and writes it as a zip.
func writeZip(t *testing.T, root, dir, name string) build.Package {
	t.Helper()
	p, err := build.WritePackage(t.Context(), root, name, target, dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, path, content string) {
	t.Helper()
	disk.Write(t, path, content)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// moduleRoot returns the checkout. It skips the test on a machine that can't synthesise an app.
func moduleRoot(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("links and runs apps of 100 MB; leave out -short")
	}
	testkit.Need(t, "node")
	if runtime.GOOS == "windows" {
		t.Skip("the traps for docker and bash are shell scripts")
	}
	root, err := app.Repo()
	if err != nil {
		t.Fatal(err)
	}
	return root
}
