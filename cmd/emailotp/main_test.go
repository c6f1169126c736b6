package main

import (
	"os"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts run the command; those that need a sandbox are in internal/e2e.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"emailotp": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			// Scripts compile for this machine's processor: another one's standard library takes a
			// minute.
			e.Setenv("ARCH", map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH])
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "XDG_CACHE_HOME"} {
				if v := os.Getenv(name); v != "" {
					e.Setenv(name, v)
				}
			}
			return nil
		},
	})
}
