package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

// frameworks are the apps of web/frameworks: the compiler that checks a framework's types, in
// scripts and templates, and the component that docs/clients.md shows.
var frameworks = map[string]struct{ compiler, component string }{
	"angular": {"@angular/compiler-cli/bundles/src/bin/ngc.js", "sign-in.component.ts"},
	"vue":     {"vue-tsc/bin/vue-tsc.js", "SignIn.vue"},
}

func TestTheAppsOfFrameworksHaveTheRightTypes(t *testing.T) {
	t.Parallel()
	web := frameworkApps(t)
	for name, f := range frameworks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(web, "frameworks")
			cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "node_modules", filepath.FromSlash(f.compiler)),
				"-p", name, "--noEmit")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestTheDocumentShowsTheAppsOfFrameworks(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range frameworks {
		component, err := os.ReadFile(filepath.Join("../../web/frameworks", name, f.component))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(document), "\n"+string(component)+"```\n") {
			t.Errorf("docs/clients.md does not show %s/%s as it is", name, f.component)
		}
	}
}

// frameworkApps returns a copy of the sources that the apps are made of, beside their packages.
func frameworkApps(t *testing.T) string {
	t.Helper()
	testkit.Need(t, "node", "npm")
	cache, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := npm.Package{Name: "framework-apps", What: "the apps of frameworks", Dev: true,
		Files: os.DirFS("../../web/frameworks")}.Install(t.Context(), cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	web := t.TempDir()
	for _, part := range []string{"src/signin", "frameworks/angular", "frameworks/vue"} {
		if err := os.CopyFS(filepath.Join(web, part), os.DirFS(filepath.Join("../../web", part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tsconfig.json", "frameworks/tsconfig.json"} {
		text, err := os.ReadFile(filepath.Join("../../web", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(web, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(modules, "node_modules"),
		filepath.Join(web, "frameworks", "node_modules")); err != nil {
		t.Fatal(err)
	}
	return web
}
