package webbundle_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// modules installs the page's packages, or skips where there is no npm.
func modules(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm is not on PATH, without which nothing can be bundled")
		}
		t.Skip("npm is not on PATH, without which nothing can be bundled")
	}
	cache, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := webbundle.Install(t.Context(), cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func build(t testing.TB) *webbundle.Bundle {
	t.Helper()
	b, err := webbundle.Build(web.Sources(), modules(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// maxVisit bounds what one visit loads, in bytes before compression: the script, the largest
// language beside English, the style and the page itself.
const maxVisit = 200_000

func TestAVisitLoadsLittle(t *testing.T) {
	b := build(t)
	script, language, style := sizes(b)
	index, _ := b.File(webbundle.IndexName)
	t.Logf("script %d, largest language %d, style %d, page %d bytes", script, language, style, len(index.Body))
	if all := script + language + style + len(index.Body); all > maxVisit {
		t.Errorf("a visit loads %d bytes, want at most %d", all, maxVisit)
	}
}

// sizes returns the bytes of the script that every visit loads, of the largest language and of the
// style.
func sizes(b *webbundle.Bundle) (script, language, style int) {
	lazy := regexp.MustCompile(`^assets/(de|fr|es|pt-BR|it|nl|pl|tr|ja|zh-Hans|ar)-`)
	for _, f := range b.Files() {
		switch {
		case lazy.MatchString(f.Name):
			language = max(language, len(f.Body))
		case strings.HasSuffix(f.Name, ".js"):
			script += len(f.Body)
		case strings.HasSuffix(f.Name, ".css"):
			style += len(f.Body)
		}
	}
	return script, language, style
}

func TestThePageNamesItsFilesByContent(t *testing.T) {
	first, second := build(t), build(t)
	index, ok := first.File(webbundle.IndexName)
	if !ok {
		t.Fatal("there is no index.html")
	}
	for _, want := range []string{`<script type="module" src="assets/main-[A-Z0-9]{8}\.js"></script>`,
		`<link rel="stylesheet" href="assets/page-[A-Z0-9]{8}\.css">`} {
		if !regexp.MustCompile(want).Match(index.Body) {
			t.Errorf("index.html lacks %s", want)
		}
	}
	if other, _ := second.File(webbundle.IndexName); !bytes.Equal(index.Body, other.Body) {
		t.Error("the same sources gave other names the second time")
	}
	for _, reference := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllSubmatch(index.Body, -1) {
		if _, ok := first.File(string(reference[1])); !ok {
			t.Errorf("index.html refers to %s, which the bundle doesn't have", reference[1])
		}
	}
	for _, f := range first.Files() {
		if f.ContentType == "" {
			t.Errorf("%s has no content type", f.Name)
		}
		if want := regexp.MustCompile(`-[A-Z0-9]{8}\.(js|css|json)$`).MatchString(f.Name); f.Immutable != want {
			t.Errorf("%s: immutable is %t, want %t", f.Name, f.Immutable, want)
		}
	}
}

// If the names depended on the packages' directory, a deployment from another machine would replace
// every file.
func TestTheNamesAreTheSameOnEveryMachine(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "another", "place")
	if err := os.MkdirAll(filepath.Dir(elsewhere), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(elsewhere, "node_modules"),
		os.DirFS(filepath.Join(modules(t), "node_modules"))); err != nil {
		t.Fatal(err)
	}
	other, err := webbundle.Build(web.Sources(), elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range build(t).Files() {
		if g := other.Files()[i]; f.Name != g.Name || !bytes.Equal(f.Body, g.Body) {
			t.Errorf("%s is %s, from packages in another directory", f.Name, g.Name)
		}
	}
}

func TestNothingIsInline(t *testing.T) {
	index, _ := build(t).File(webbundle.IndexName)
	for what, pattern := range map[string]string{"a script": `<script[^>]*>[^<]`, "a style": `<style|\sstyle=`,
		"a handler": `\son\w+=`} {
		if found := regexp.MustCompile(pattern).Find(index.Body); found != nil {
			t.Errorf("index.html has %s inline: %s", what, found)
		}
	}
}

// The form shows before, and without, any script.
func TestThePageIsThereBeforeItsScript(t *testing.T) {
	index, _ := build(t).File(webbundle.IndexName)
	for _, want := range []string{`<h1 id="title"`, `type="email"`, `autocomplete="username"`, `<noscript>`} {
		if !bytes.Contains(index.Body, []byte(want)) {
			t.Errorf("index.html lacks %s", want)
		}
	}
}

func TestABrokenSourceIsNamed(t *testing.T) {
	dir := modules(t)
	sources := fstest.MapFS{}
	_ = fs.WalkDir(web.Sources(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(web.Sources(), path)
		sources[path] = &fstest.MapFile{Data: data}
		return err
	})
	sources["src/main.ts"] = &fstest.MapFile{Data: []byte("import './nowhere';\n")}
	if _, err := webbundle.Build(sources, dir); err == nil ||
		!strings.Contains(err.Error(), `src/main.ts:1:7: Could not resolve "./nowhere"`) {
		t.Errorf("got %v, want the file, the line and the compiler's words", err)
	}
	sources["src/main.ts"] = &fstest.MapFile{Data: []byte("export {};\n")}
	sources["index.html"] = &fstest.MapFile{Data: []byte("{{.Nonsense}}")}
	if _, err := webbundle.Build(sources, dir); err == nil || !strings.Contains(err.Error(), "Nonsense") {
		t.Errorf("got %v, want the name that is missing", err)
	}
}

func TestPolicyAllowsOneOtherOrigin(t *testing.T) {
	for api, want := range map[string]string{
		"https://cognito-idp.eu-west-1.amazonaws.com/": "connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com;",
		"http://127.0.0.1:9310/path":                   "connect-src 'self' http://127.0.0.1:9310;",
		"":                                             "connect-src 'self';",
	} {
		policy := webbundle.Policy(api)
		if !strings.Contains(policy, want) {
			t.Errorf("Policy(%q) = %s, want %s in it", api, policy, want)
		}
		for _, banned := range []string{"unsafe", "*", "data:"} {
			if strings.Contains(policy, banned) {
				t.Errorf("Policy(%q) has %s", api, banned)
			}
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	dir := modules(b)
	var bundle *webbundle.Bundle
	for b.Loop() {
		var err error
		if bundle, err = webbundle.Build(web.Sources(), dir); err != nil {
			b.Fatal(err)
		}
	}
	script, language, style := sizes(bundle)
	b.ReportMetric(float64(script), "script-bytes")
	b.ReportMetric(float64(language), "language-bytes")
	b.ReportMetric(float64(style), "style-bytes")
	if each := b.Elapsed() / time.Duration(b.N); each > 300*time.Millisecond {
		b.Logf("bundling takes %v, which is longer than 300 ms", each)
	}
}
