package webbundle

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// space is the compiler's namespace for the sources, which need not be files.
const space = "page"

// urls is the namespace for JSON sources that are imported as "name?url". Each becomes a file of
// its own, and the import returns its URL relative to the script.
const urls = "page-url"

// loaders has the compiler's loader for each kind of source.
var loaders = map[string]api.Loader{".ts": api.LoaderTS, ".tsx": api.LoaderTSX, ".css": api.LoaderCSS, ".json": api.LoaderJSON}

// reader returns a plugin by which the compiler reads the sources. An import that isn't relative is
// a package in modules. ofURLs makes the URLs: of files beside the script, or of the data
// themselves.
func reader(sources fs.FS, modules string, ofURLs api.Loader) api.Plugin {
	exists := func(name string) bool { info, err := fs.Stat(sources, name); return err == nil && !info.IsDir() }
	resolve := func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		name := path.Join(path.Dir(a.Importer), a.Path) // an entry point has no importer
		if file, ok := strings.CutSuffix(name, "?url"); ok && exists(file) {
			return api.OnResolveResult{Path: file, Namespace: urls}, nil
		}
		for _, candidate := range []string{name, name + ".ts", name + ".tsx"} {
			if exists(candidate) {
				return api.OnResolveResult{Path: candidate, Namespace: space}, nil
			}
		}
		return api.OnResolveResult{}, nil // the compiler reports a missing file
	}
	load := func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		data, err := fs.ReadFile(sources, a.Path)
		text := string(data)
		return api.OnLoadResult{Contents: &text, Loader: loaders[path.Ext(a.Path)], ResolveDir: modules}, err
	}
	emit := func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		data, err := fs.ReadFile(sources, a.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		var small bytes.Buffer
		err = json.Compact(&small, data)
		text := small.String()
		return api.OnLoadResult{Contents: &text, Loader: ofURLs}, err
	}
	return api.Plugin{Name: "sources", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^src/`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind != api.ResolveEntryPoint {
				return api.OnResolveResult{}, nil
			}
			return resolve(a)
		})
		b.OnResolve(api.OnResolveOptions{Filter: `^\.\.?/`, Namespace: space}, resolve)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: space}, load)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: urls}, emit)
	}}
}
