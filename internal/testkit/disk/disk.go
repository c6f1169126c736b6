// Package disk reads and writes the files of tests. Each function ends the test at an error.
package disk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Read returns a file's content.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// ReadJSON reads a file into v, a pointer.
func ReadJSON(t testing.TB, path string, v any) {
	t.Helper()
	if err := json.Unmarshal(Read(t, path), v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Write writes a file that only its owner may write, with the directories that it lacks.
func Write[T ~string | ~[]byte](t testing.TB, path string, content T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// WriteAll writes files below a directory, by their paths with slashes.
func WriteAll(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for path, content := range files {
		Write(t, filepath.Join(dir, filepath.FromSlash(path)), content)
	}
}
