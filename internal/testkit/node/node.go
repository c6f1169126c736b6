// Package node runs tests' scripts in Node.js, with the clients that the lock file of package web
// pins.
package node

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

var install = sync.OnceValues(func() (string, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return "", err
	}
	p := npm.Package{Name: "sign-in-clients", What: "the clients' tests", Files: web.Sources(), Dev: true,
		Beside: []string{"example/package.json"}}
	return p.Install(context.Background(), cache, nil)
})

// Modules returns the directory whose node_modules have the clients.
func Modules(t testing.TB) string {
	t.Helper()
	testkit.Need(t, "node", "npm")
	dir, err := install()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Run runs a script of a directory with values in EMAILOTP_WORLD. The script must end with a line
// that is "ok".
func Run(t testing.TB, scripts, name string, values map[string]any) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(scripts)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(Modules(t), "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", name)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EMAILOTP_WORLD="+string(data))
	out, err := cmd.CombinedOutput()
	if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || lines[len(lines)-1] != "ok" {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
