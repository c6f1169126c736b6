// Package devicefile keeps this machine's secret of a remembered device in a file of its user's
// configuration, for a sign-in at the command line.
package devicefile

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Path returns the file with this machine's secret for one user of one client of a pool; empty
// where the user has no directory for configuration. Its name is a hash: it shows no address.
func Path(poolID, clientID, user string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	name := sha256.Sum256([]byte(poolID + "\x00" + clientID + "\x00" + strings.ToLower(user)))
	return filepath.Join(dir, "emailotp", "devices", base64.RawURLEncoding.EncodeToString(name[:16]))
}

// Read returns the secret; empty where there is none that can be read.
func Read(file string) string {
	b, err := os.ReadFile(file)
	if err != nil || len(b) > 64 {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Keep writes the secret for its user alone, or removes the file where there is no secret.
func Keep(file, secret string) error {
	if file == "" {
		if secret == "" {
			return nil
		}
		return errors.New("the secret of a remembered device can't be kept: " +
			"this user has no directory for configuration; set HOME or XDG_CONFIG_HOME")
	}
	if secret == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the secret of a remembered device: %w", err)
		}
		return nil
	}
	if Read(file) == secret {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keeping the secret of a remembered device: %w", err)
	}
	// Renamed into place, so that no other user can have the file open and no half of it is read.
	temporary := fmt.Sprintf("%s.%d", file, os.Getpid())
	err := os.WriteFile(temporary, []byte(secret+"\n"), 0o600)
	if err == nil {
		err = os.Rename(temporary, file)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return fmt.Errorf("keeping the secret of a remembered device: %w", err)
	}
	return nil
}
