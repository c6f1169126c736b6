package webbundle

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// space is the compiler's namespace of the sources, which need not be files.
const space = "page"

// urls is the namespace of the JSON sources that are imported as "name?url": each becomes a file of its
// own, and the import gives its URL relative to the script.
const urls = "page-url"

// loaders are the kinds of sources.
var loaders = map[string]api.Loader{".ts": api.LoaderTS, ".css": api.LoaderCSS, ".json": api.LoaderJSON}

// reader is a plugin by which the compiler reads the sources; what they import by another name than a
// relative one is a package in modules.
func reader(sources fs.FS, modules string) api.Plugin {
	exists := func(name string) bool { info, err := fs.Stat(sources, name); return err == nil && !info.IsDir() }
	resolve := func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		name := path.Join(path.Dir(a.Importer), a.Path) // of an entry point there is no importer
		if file, ok := strings.CutSuffix(name, "?url"); ok && exists(file) {
			return api.OnResolveResult{Path: file, Namespace: urls}, nil
		}
		for _, candidate := range []string{name, name + ".ts"} {
			if exists(candidate) {
				return api.OnResolveResult{Path: candidate, Namespace: space}, nil
			}
		}
		return api.OnResolveResult{}, nil // the compiler says that there is no such file, and where
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
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderFile}, err
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
