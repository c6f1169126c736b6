package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

// A newcomer may have neither Go nor npm.
func TestMakeWithoutGoSaysWhatToInstall(t *testing.T) {
	testkit.Need(t, "make")
	path, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"dev", "check", "test", "release"} {
		cmd := exec.Command(path, "-C", "../..", target)
		cmd.Env = []string{"PATH=" + t.TempDir(), "SHELL=/bin/sh"}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "go is not on PATH; install Go 1.26 or later") {
			t.Errorf("make %s without Go: %v\n%s", target, err, out)
		}
	}
}
