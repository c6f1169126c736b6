package cachedir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
)

func TestTheVariableWins(t *testing.T) {
	t.Setenv(cachedir.Variable, filepath.Join("relative", "place"))
	want, err := filepath.Abs(filepath.Join("relative", "place"))
	if err != nil {
		t.Fatal(err)
	}
	if dir, err := cachedir.Dir(); err != nil || dir != want {
		t.Errorf("got %s, %v, want %s", dir, err, want)
	}
}

func TestTheUsersIsTheDefault(t *testing.T) {
	t.Setenv(cachedir.Variable, "")
	base, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	if dir, err := cachedir.Dir(); err != nil || dir != filepath.Join(base, "emailotp") {
		t.Errorf("got %s, %v", dir, err)
	}
}

func TestWithoutEitherTheRemedyIsNamed(t *testing.T) {
	for _, name := range []string{cachedir.Variable, "HOME", "XDG_CACHE_HOME", "LocalAppData", "home"} {
		t.Setenv(name, "")
	}
	if dir, err := cachedir.Dir(); err == nil || !strings.Contains(err.Error(), "set EMAILOTP_CACHE_DIR to a directory") {
		t.Errorf("got %s, %v", dir, err)
	}
}
