package webbundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
)

// A Still is a state of the page that the preview shows, by the name that src/preview.ts has for
// it.
type Still struct{ Name, Title string }

// Stills returns the states of a mode, or of both for the empty mode, in the order of a sign-in.
func Stills(mode string) []Still {
	var all []Still
	for _, s := range []struct {
		Still
		mode string
	}{
		{Still{"start", "The address"}, ""}, {Still{"start-problem", "An incomplete address"}, "passwordless"},
		{Still{"start-busy", "Waiting"}, ""}, {Still{"sign-up", "A new account"}, "passwordless"},
		{Still{"password", "A wrong password"}, "password"}, {Still{"new-password", "A new password"}, "password"},
		{Still{"reset", "A forgotten password"}, "password"},
		{Still{"code", "The code"}, ""}, {Still{"code-wrong", "A wrong code"}, ""},
		{Still{"code-expired", "An expired code"}, ""}, {Still{"code-long", "A long code"}, ""},
		{Still{"signed-in", "Signed in"}, ""}, {Still{"change", "Another address"}, ""},
		{Still{"change-codes", "The codes of another address"}, ""}, {Still{"returning", "On the way back to the app"}, ""},
		{Still{"not-returned", "The way back failed"}, ""}, {Still{"dead-end", "A request of an app that leads nowhere"}, ""},
		{Still{"signed-out", "Signed out"}, ""}, {Still{"unavailable", "No codes just now"}, ""},
	} {
		if mode == "" || s.mode == "" || s.mode == mode {
			all = append(all, s.Still)
		}
	}
	return all
}

// BuildPreview bundles the page for a preview: it shows the state of the query
// ("?state=code&lang=de &scheme=dark"), calls nothing, and works from files without a server. It
// needs no npm packages.
func BuildPreview(sources fs.FS, look brand.Look, settings Settings) ([]File, error) {
	files, err := buildPreview(sources, look, settings)
	if err != nil {
		return nil, fmt.Errorf("bundling the preview of the sign-in page: %w", err)
	}
	return files, nil
}

func buildPreview(sources fs.FS, look brand.Look, settings Settings) ([]File, error) {
	o := options(sources, "/")
	o.EntryPoints = []string{"src/preview.ts", "src/page.css"}
	o.EntryNames, o.AssetNames = "[name]", "[name]"
	o.Plugins = []api.Plugin{reader(sources, "/", api.LoaderDataURL)}
	o.Format = api.FormatIIFE // a module is not loaded from a file
	o.LogOverride = map[string]api.LogLevel{"empty-import-meta": api.LogLevelSilent}
	result := api.Build(o)
	if err := failure(result.Errors); err != nil {
		return nil, err
	}
	icon, err := fs.ReadFile(sources, "icon.svg")
	if err != nil {
		return nil, err
	}
	files, names := brandFiles(look)
	files = append(files, File{Name: "assets/icon.svg", ContentType: contentTypes[".svg"], Body: icon})
	names["Script"], names["Style"] = "preview.js", "page.css"
	for _, f := range result.OutputFiles {
		name := path.Base(f.Path)
		files = append(files, File{Name: name, ContentType: contentTypes[path.Ext(name)], Body: f.Contents})
	}
	index, err := page(sources, names)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	index.Body = bytes.Replace(index.Body, []byte(`<html lang="en"`),
		[]byte(`<html lang="en" data-settings="`+html.EscapeString(string(data))+`"`), 1)
	index.Body = []byte(strings.Replace(string(index.Body), `<script type="module"`, `<script defer`, 1))
	return append(files, index), nil
}
