// Package cachedir returns the directory in which this module's programs keep files that they can
// make again: npm packages, built functions, the sandbox's table engine.
package cachedir

import (
	"fmt"
	"os"
	"path/filepath"
)

// Variable names the environment variable that chooses the directory.
const Variable = "EMAILOTP_CACHE_DIR"

// Dir returns the directory, which need not exist: the one that [Variable] names, or "emailotp" in
// the user's cache directory. The error is for a process that has neither, with the remedy.
func Dir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache directory: %w; set %s to a directory that can be written", err, Variable)
	}
	return filepath.Join(base, "emailotp"), nil
}
