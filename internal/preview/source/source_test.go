package source

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

func TestAFileIsReadBesideTheProgramInAZipToo(t *testing.T) {
	var zipped bytes.Buffer
	if err := build.Archive(&zipped, []build.File{{Name: build.Bootstrap},
		{Name: "mail.json", Content: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "create.zip")
	if err := os.WriteFile(file, zipped.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ asset, name, want string }{{file, "mail.json", "{}"}, {file, "other.json", ""},
		{"", "mail.json", ""}} {
		if got, err := besideProgram(test.asset, test.name); err != nil || string(got) != test.want {
			t.Errorf("%s in %q: %q, %v; want %q", test.name, test.asset, got, err, test.want)
		}
	}
}
