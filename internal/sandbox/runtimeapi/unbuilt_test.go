package runtimeapi_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
)

// unbuilt is an asset without a program, with a file beside.
func unbuilt(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"NOT-BUILT": source + "\n", "mail.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnAssetWithoutAProgramIsBuiltOnceForThisHost(t *testing.T) {
	needLinux(t)
	builds := 0
	all := func(_ context.Context, source string, folders []string, out string) error {
		builds++
		if source != "/the/source" || len(folders) != 1 || folders[0] != "create-auth-challenge" {
			t.Errorf("built %v from %s", folders, source)
		}
		return compile(runtime.GOARCH, filepath.Join(out, folders[0]))
	}
	h, report, err := prepare(t, runtimeapi.Options{BuildAll: all}, runtimeapi.Function{
		Folder: "create-auth-challenge", Asset: unbuilt(t, "/the/source"), Architecture: lambdaArch(foreign())})
	if err != nil {
		t.Fatal(err)
	}
	if want := "function probe: built for this host, linux/" + runtime.GOARCH +
		"; a deployment builds for linux/" + foreign(); len(report) != 1 || report[0] != want || builds != 1 {
		t.Errorf("%d builds, report %q; want one and %q", builds, report, want)
	}
	wantWhole(t, h)
}

func TestAFunctionMayTakeTheFilesOfAnotherOnesAsset(t *testing.T) {
	needLinux(t)
	build := func(_ context.Context, folder, _, goarch, out string) error {
		if folder != "change-address" {
			t.Errorf("built %s", folder)
		}
		return compile(goarch, out)
	}
	h, _, err := prepare(t, runtimeapi.Options{Build: build}, runtimeapi.Function{Folder: "change-address",
		FromSource: true, Asset: foreignAsset(t), Architecture: lambdaArch(foreign())})
	if err != nil {
		t.Fatal(err)
	}
	wantWhole(t, h)
}

func TestAnAssetWithoutAProgramThatCanNotBeBuiltIsRefused(t *testing.T) {
	needLinux(t)
	failing := func(context.Context, string, []string, string) error { return errors.New("syntax error") }
	for want, c := range map[string]struct {
		all    func(context.Context, string, []string, string) error
		folder string
	}{
		"syntax error":                           {failing, "x"},
		"there is no source":                     {nil, "x"},
		"is not one of EmailOTP's own functions": {failing, ""},
	} {
		_, _, err := prepare(t, runtimeapi.Options{BuildAll: c.all}, runtimeapi.Function{Folder: c.folder,
			Asset: unbuilt(t, "/x"), Architecture: "arm64"})
		if err == nil || !strings.Contains(err.Error(), "has no program") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
