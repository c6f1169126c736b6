package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts run the command, under the race detector; those that need a sandbox, the CDK or a
// compiler are in internal/e2e, which runs the program itself.
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
			if v := os.Getenv("XDG_CACHE_HOME"); v != "" {
				e.Setenv("XDG_CACHE_HOME", v)
			}
			return nil
		},
	})
}
