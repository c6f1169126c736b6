package webbundle

import (
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

const enums = `var Used;
(function (Used) {
    Used["A"] = "a";
})(Used || (Used = {}));
var Dropped;
(function (Dropped) {
    Dropped["B"] = "b";
})(Dropped || (Dropped = {}));
var Two;
(function (Two) {
    Two["C"] = "c";
})(Two || (Other = {}));
class StorageCache { constructor() { console.log("cached") } }
const Cache = new StorageCache();
`

func TestEnumsAndTheCacheThatNothingUsesAreDropped(t *testing.T) {
	t.Parallel()
	result := api.Build(api.BuildOptions{Bundle: true, TreeShaking: api.TreeShakingTrue, Format: api.FormatESModule,
		Stdin: &api.StdinOptions{Contents: pure(enums) + "console.log(Used.A);\n"}})
	if err := failure(result.Errors); err != nil {
		t.Fatal(err)
	}
	out := string(result.OutputFiles[0].Contents)
	if !strings.Contains(out, `Used2["A"] = "a"`) || strings.Contains(out, `"b"`) || strings.Contains(out, "cached") {
		t.Errorf("want the used enum and no cache in\n%s", out)
	}
	if !strings.Contains(out, `(Two || (Other = {}))`) {
		t.Errorf("what is no enum was changed:\n%s", out)
	}
}
