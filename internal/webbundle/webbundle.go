// Package webbundle makes the files for browsers from the sign-in page's sources, by esbuild in
// process: minified modules and style, a file for each language, names by content, no inline script
// or style.
//
//	modules, err := webbundle.Install(ctx, cacheDir, nil)
//	bundle, err := webbundle.Build(web.Sources(), modules)
package webbundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// IndexName is the name of the page itself. SettingsName is the name of the settings that it
// fetches. They are no part of a bundle: one bundle serves every user pool.
const (
	IndexName    = "index.html"
	SettingsName = "settings.json"
)

// File is a file for browsers.
type File struct {
	// Name is the path below the page's directory, such as "assets/main-K5QJ2B7C.js".
	Name string
	// ContentType is its media type.
	ContentType string
	Body        []byte
	// Immutable reports whether the name changes with the content, so that browsers may keep the
	// file.
	Immutable bool
}

// Bundle has the files of the page but for the settings.
type Bundle struct{ files []File }

// Files returns the files, sorted by name.
func (b *Bundle) Files() []File { return slices.Clone(b.files) }

// File returns the file of that name.
func (b *Bundle) File(name string) (File, bool) {
	i := slices.IndexFunc(b.files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return b.files[i], true
}

// Install returns a directory with the node_modules that the page is built from; see
// [npm.Package.Install].
func Install(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	p := npm.Package{Name: "sign-in-page", What: "the sign-in page", Files: web.Sources()}
	return p.Install(ctx, cacheDir, progress)
}

// Build bundles the sources, which are [web.Sources] or a directory like it, with the packages in
// modules, a directory that has a node_modules. Its errors are the compiler's, with file and line.
func Build(sources fs.FS, modules string) (*Bundle, error) {
	return BuildWith(sources, modules, brand.Look{})
}

// BuildWith is [Build] with the look of a brand.
func BuildWith(sources fs.FS, modules string, look brand.Look) (*Bundle, error) {
	files, err := build(sources, modules, look)
	if err != nil {
		return nil, fmt.Errorf("bundling the sign-in page: %w", err)
	}
	return &Bundle{files}, nil
}

func build(sources fs.FS, modules string, look brand.Look) ([]File, error) {
	icon, err := fs.ReadFile(sources, "icon.svg")
	if err != nil {
		return nil, err
	}
	if modules, err = filepath.Abs(modules); err != nil {
		return nil, err
	}
	result := api.Build(options(sources, modules))
	if err := failure(result.Errors); err != nil {
		return nil, err
	}
	files := []File{{Name: "assets/icon.svg", ContentType: contentTypes[".svg"], Body: icon}}
	branded, names := brandFiles(look)
	files = append(files, branded...)
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(modules, "out"), f.Path)
		if err != nil {
			return nil, err
		}
		name = filepath.ToSlash(name)
		files = append(files, File{Name: name, ContentType: contentTypes[path.Ext(name)], Body: f.Contents, Immutable: true})
		switch base := path.Base(name); {
		case strings.HasPrefix(base, "main-"):
			names["Script"] = name
		case strings.HasPrefix(base, "page-"):
			names["Style"] = name
		}
	}
	index, err := page(sources, names)
	if err != nil {
		return nil, err
	}
	files = append(files, index)
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return files, nil
}

var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp",
}

// options makes all paths relative to the directory of the packages: the names that depend on
// content depend on the paths as well.
func options(sources fs.FS, modules string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: modules,
		EntryPoints:   []string{"src/main.ts", "src/page.css"},
		Plugins:       []api.Plugin{reader(sources, modules, api.LoaderFile), pureEnums()},
		Outdir:        filepath.Join(modules, "out"), // of the names; nothing is written
		EntryNames:    "assets/[name]-[hash]",
		AssetNames:    "assets/[name]-[hash]", // a language is a file of its own
		Bundle:        true,
		Format:        api.FormatESModule,
		Platform:      api.PlatformBrowser,
		Target:        api.ES2022,
		Charset:       api.CharsetUTF8,
		LegalComments: api.LegalCommentsNone,
		TreeShaking:   api.TreeShakingTrue,

		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,

		// An app has the whole of aws-amplify; the page installs the part that it uses.
		Alias:       map[string]string{"aws-amplify/auth": "@aws-amplify/auth"},
		TsconfigRaw: "{}",
		LogLevel:    api.LogLevelSilent,
	}
}

func page(sources fs.FS, names map[string]string) (File, error) {
	t, err := template.New(IndexName).Option("missingkey=error").ParseFS(sources, IndexName)
	if err != nil {
		return File{}, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, names); err != nil {
		return File{}, err
	}
	return File{Name: IndexName, ContentType: contentTypes[".html"], Body: out.Bytes()}, nil
}

func failure(messages []api.Message) error {
	var errs []error
	for _, m := range messages {
		if m.Location == nil {
			errs = append(errs, errors.New(m.Text))
			continue
		}
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", m.Location.File, m.Location.Line, m.Location.Column, m.Text))
	}
	return errors.Join(errs...)
}
