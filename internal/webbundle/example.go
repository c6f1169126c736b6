package webbundle

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// exampleDir is the example app's directory in the page's sources, and a workspace of its own.
const exampleDir = "example"

// InstallExample returns a directory with the node_modules that the example app is built from.
func InstallExample(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	p := npm.Package{Name: "example-app", What: "the example app", Files: web.Sources(), Workspace: exampleDir}
	return p.Install(ctx, cacheDir, progress)
}

// BuildExample bundles the example app of the sources with the packages in modules: its index.html,
// main.js and main.css.
func BuildExample(sources fs.FS, modules string) ([]File, error) {
	files, err := buildExample(sources, modules)
	if err != nil {
		return nil, fmt.Errorf("bundling the example app: %w", err)
	}
	return files, nil
}

func buildExample(sources fs.FS, modules string) ([]File, error) {
	example, err := fs.Sub(sources, exampleDir)
	if err != nil {
		return nil, err
	}
	index, err := fs.ReadFile(example, IndexName)
	if err != nil {
		return nil, err
	}
	o := options(example, modules)
	o.EntryPoints = []string{"src/main.tsx"}
	o.EntryNames = "[name]"
	o.Alias = nil
	o.JSX = api.JSXAutomatic
	o.Define = map[string]string{"process.env.NODE_ENV": `"production"`}
	result := api.Build(o)
	if err := failure(result.Errors); err != nil {
		return nil, err
	}
	files := []File{{Name: IndexName, ContentType: contentTypes[".html"], Body: index}}
	for _, f := range result.OutputFiles {
		name := path.Base(f.Path)
		files = append(files, File{Name: name, ContentType: contentTypes[path.Ext(name)], Body: f.Contents})
	}
	return files, nil
}
