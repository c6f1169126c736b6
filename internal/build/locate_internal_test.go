package build

import (
	"context"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

const trimmed = Module + "@v0.1.0/internal/build/locate.go"

func TestTheSourceIsFoundAboveTheFileThatWasCompiled(t *testing.T) {
	dir := t.TempDir()
	disk.WriteAll(t, dir, map[string]string{"go.mod": "// ours\nmodule \"" + Module + "\" // here\n\ngo 1.26\n",
		"internal/build/locate.go": ""})
	got, err := locate(context.Background(), filepath.Join(dir, "internal/build/locate.go"), nil)
	if err != nil || got != dir {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAVendoredCopyIsNotTakenForTheSource(t *testing.T) {
	app := t.TempDir()
	file := "vendor/" + Module + "/internal/build/locate.go"
	disk.WriteAll(t, app, map[string]string{"go.mod": "module example.com/app\n", file: ""})
	if dir, err := fromSource(filepath.Join(app, file)); err == nil ||
		!strings.Contains(err.Error(), `belongs to module "example.com/app"`) {
		t.Errorf("got %s, %v", dir, err)
	}
}

func TestTheModuleGraphIsAskedWhereThePathWasTrimmed(t *testing.T) {
	library, app := t.TempDir(), t.TempDir()
	disk.WriteAll(t, library, map[string]string{"go.mod": "module " + Module + "\n\ngo 1.26\n"})
	disk.WriteAll(t, app, map[string]string{
		"go.mod": "module example.com/app\n\ngo 1.26\n\nrequire " + Module + " v0.1.0\n\nreplace " + Module +
			" => " + library + "\n",
		"vendor/modules.txt": "",
	})
	t.Chdir(app)
	for name, variables := range map[string]map[string]string{
		"plain":             {},
		"vendored":          {"GOFLAGS": "-mod=vendor"},
		"hostile variables": {"GOFLAGS": "-nonsense", "GOWORK": "/no/such/go.work", "GOOS": "nowhere", "GOARCH": "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range variables {
				t.Setenv(k, v)
			}
			if dir, err := locate(context.Background(), trimmed, nil); err != nil || dir != library {
				t.Errorf("got %s, %v", dir, err)
			}
		})
	}
}

func TestAWorkspaceIsPartOfTheModuleGraph(t *testing.T) {
	root := t.TempDir()
	library := filepath.Join(root, "library")
	disk.WriteAll(t, root, map[string]string{
		"go.work":        "go 1.26\n\nuse (\n\t./app\n\t./library\n)\n",
		"library/go.mod": "module " + Module + "\n\ngo 1.26\n",
		"app/go.mod":     "module example.com/app\n\ngo 1.26\n\nrequire " + Module + " v0.0.0\n",
	})
	t.Chdir(filepath.Join(root, "app"))
	if dir, err := locate(context.Background(), trimmed, nil); err != nil || dir != library {
		t.Errorf("got %s, %v", dir, err)
	}
}

func TestWhereNothingHoldsEachWayIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	info := &debug.BuildInfo{Deps: []*debug.Module{{Path: "example.com/other", Version: "v1.0.0"},
		{Path: Module, Version: "v0.1.0"}}}
	_, err := locate(context.Background(), trimmed, info)
	if err == nil {
		t.Fatal("found")
	}
	for _, want := range []string{"the source of " + Module + " was not found (",
		"where it was compiled: the path was trimmed", "go list: ", "the build information: ", "GOPROXY=off"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line: %v", err)
	}
	info.Deps[1].Replace = &debug.Module{Path: "../library"}
	for _, c := range []*debug.BuildInfo{nil, {}, info} {
		if dir, err := fromBuildInfo(context.Background(), c); err == nil {
			t.Errorf("%+v gives %s", c, dir)
		}
	}
}
