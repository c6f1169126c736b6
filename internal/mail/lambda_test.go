package mail_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// A template engine calls methods by names it finds at run time, so that the linker can drop none:
// with one in the program, every operation of every AWS client is too, and the zip is half as big
// again. The names of the functions that were linked are in the binary for stack traces.
func TestTheProgramThatMailsHasNoOperationButThoseItCalls(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), build.Bootstrap)
	if err := build.Function(t.Context(), root, "create-auth-challenge", build.Target{}, file); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for _, match := range regexp.MustCompile(`service/(\w+)\.\(\*Client\)\.([A-Z]\w*)`).FindAllSubmatch(binary, -1) {
		linked[string(match[1])+" "+string(match[2])] = true
	}
	// DescribeEndpoints comes with every operation of DynamoDB's client.
	want := []string{"dynamodb DescribeEndpoints", "dynamodb GetItem", "dynamodb UpdateItem", "kms GenerateMac",
		"sesv2 SendEmail"}
	if got := slices.Sorted(maps.Keys(linked)); !slices.Equal(got, want) {
		t.Errorf("%d operations are linked: %s; want %s", len(got), strings.Join(got[:min(len(got), 20)], ", "),
			strings.Join(want, ", "))
	}
	for _, engine := range []string{"text/template", "html/template"} {
		if strings.Contains(string(binary), engine+".(*Template)") {
			t.Errorf("%s is linked", engine)
		}
	}
}
