//go:build !race

package stacks_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// recommended reads the feature flags that the pinned aws-cdk-lib recommends out of its package.
func recommended(t *testing.T) map[string]any {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-cdk-go/awscdk/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "jsii", "aws-cdk-lib-*.tgz"))
	if len(packages) != 1 {
		t.Fatalf("packages %v", packages)
	}
	f, err := os.Open(packages[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("the package has no recommended-feature-flags.json")
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "package/recommended-feature-flags.json" {
			flags := map[string]any{}
			if err := json.NewDecoder(archive).Decode(&flags); err != nil {
				t.Fatal(err)
			}
			return flags
		}
	}
}

func TestCdkJSONHasEveryRecommendedFeatureFlag(t *testing.T) {
	have := context(t)
	for flag, value := range recommended(t) {
		if !reflect.DeepEqual(have[flag], value) {
			t.Errorf("%s is %v, recommended %v", flag, have[flag], value)
		}
	}
}
