package webbundle

import (
	"os"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// enum matches a TypeScript enum as tsc compiles it: a variable, and a call that fills it. A
// compiler can't drop such a call, because the call may have effects.
var enum = regexp.MustCompile(`(?ms)^var (\w+);\n\(function \((\w+)\) \{\n(.*?)\n\}\)\((\w+) \|\| \((\w+) = \{\}\)\);$`)

// cache is the instance of Amplify's cache that its package makes when it is loaded.
const cache = "const Cache = new StorageCache();"

// pureEnums returns a plugin that lets the compiler drop the enums of Amplify that the page doesn't
// use, a tenth of a visit's bytes, and the cache, which only Amplify's analytics use. Enums are
// written as esbuild itself compiles one: the value of a call without effects.
func pureEnums() api.Plugin {
	return api.Plugin{Name: "enums", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `@aws-amplify[/\\].+\.mjs$`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			data, err := os.ReadFile(a.Path)
			text := pure(string(data))
			return api.OnLoadResult{Contents: &text}, err
		})
	}}
}

// pure rewrites the enums of a module, and the cache.
func pure(module string) string {
	module = strings.Replace(module, cache, "const Cache = /* @__PURE__ */ new StorageCache();", 1)
	return enum.ReplaceAllStringFunc(module, func(all string) string {
		m := enum.FindStringSubmatch(all)
		name, members := m[1], m[3]
		if m[2] != name || m[4] != name || m[5] != name {
			return all
		}
		return "var " + name + " = /* @__PURE__ */ (function (" + name + ") {\n" + members + "\nreturn " + name + ";\n})({});"
	})
}
