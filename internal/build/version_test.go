package build_test

import (
	"runtime/debug"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

func TestAVersionIsOneThatOthersCanGet(t *testing.T) {
	module := func(version string, replace *debug.Module) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Path: "example.com/shop", Version: "v9.0.0"}, Deps: []*debug.Module{
			{Path: "example.com/other", Version: "v3.0.0"}, {Path: build.Module, Version: version, Replace: replace}}}
	}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a release":          {module("v1.4.0", nil), "v1.4.0"},
		"a commit of go.mod": {module("v0.0.0-20261105090000-0123456789ab", nil), "v0.0.0-20261105090000-0123456789ab"},
		"a replace":          {module("v0.0.0", &debug.Module{Path: "../cdk-emailotp"}), ""},
		"a workspace":        {module("(devel)", nil), ""},
		"the module itself":  {&debug.BuildInfo{Main: debug.Module{Path: build.Module, Version: "v1.4.0+dirty"}}, ""},
		"nothing":            {nil, ""},
	} {
		if got := build.Imported(c.info); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
