// Package webbundle makes the files that browsers get of the sign-in page's sources, by esbuild in
// process: modules and style minified, a language a file of its own, names by content, no inline script or
// style.
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

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// IndexName is the name of the page itself. SettingsName is that of the settings that it fetches, which
// are no part of a bundle: one bundle serves every user pool.
const (
	IndexName    = "index.html"
	SettingsName = "settings.json"
)

// File is a file for browsers.
type File struct {
	// Name is the path below the page's own, such as "assets/main-K5QJ2B7C.js".
	Name string
	// ContentType is its media type.
	ContentType string
	Body        []byte
	// Immutable says that the name changes with the content, so that it may be cached for ever.
	Immutable bool
}

// Bundle is the page as browsers get it, but for the settings.
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

// Install returns a directory with the node_modules that the page is built from; see [npm.Package.Install].
func Install(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	p := npm.Package{Name: "sign-in-page", What: "the sign-in page", Files: web.Sources()}
	return p.Install(ctx, cacheDir, progress)
}

// Build bundles the sources, which are [web.Sources] or a directory like it, with the packages in
// modules, a directory that has a node_modules. Its errors are the compiler's, with file and line.
func Build(sources fs.FS, modules string) (*Bundle, error) {
	icon, err := fs.ReadFile(sources, "icon.svg")
	if err != nil {
		return nil, fmt.Errorf("bundling the sign-in page: %w", err)
	}
	modules, err = filepath.Abs(modules)
	if err != nil {
		return nil, fmt.Errorf("bundling the sign-in page: %w", err)
	}
	result := api.Build(options(sources, modules))
	if err := failure(result.Errors); err != nil {
		return nil, err
	}
	b := &Bundle{files: []File{{Name: "assets/icon.svg", ContentType: contentTypes[".svg"], Body: icon}}}
	names := map[string]string{"Icon": "assets/icon.svg"}
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(modules, "out"), f.Path)
		if err != nil {
			return nil, fmt.Errorf("bundling the sign-in page: %w", err)
		}
		name = filepath.ToSlash(name)
		b.files = append(b.files, File{Name: name, ContentType: contentTypes[path.Ext(name)], Body: f.Contents, Immutable: true})
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
	b.files = append(b.files, index)
	slices.SortFunc(b.files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return b, nil
}

var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8",
	".json": "application/json",
}

// options has all paths relative to the directory of the packages, and the sources by themselves, for the
// names that depend on content depend on those paths as well.
func options(sources fs.FS, modules string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: modules,
		EntryPoints:   []string{"src/main.ts", "src/page.css"},
		Plugins:       []api.Plugin{reader(sources, modules)},
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
	text, err := fs.ReadFile(sources, IndexName)
	if err != nil {
		return File{}, fmt.Errorf("bundling the sign-in page: %w", err)
	}
	t, err := template.New(IndexName).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return File{}, fmt.Errorf("bundling the sign-in page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, names); err != nil {
		return File{}, fmt.Errorf("bundling the sign-in page: %w", err)
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
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("bundling the sign-in page: %w", err)
	}
	return nil
}
