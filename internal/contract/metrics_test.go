package contract_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A metric is in a list, in the table of docs/operations.md, and counted by a function.
func TestEveryMetricIsListedDocumentedAndCounted(t *testing.T) {
	listed := slices.Concat(settings.Metrics(), settings.DeviceMetrics(), settings.PageMetrics(),
		settings.AddressMetrics(), settings.ChainedMetrics(), settings.MessageMetrics())
	documented, functions := firstColumn(t, read(t, "docs/operations.md"), "metric"), sourceOfFunctions(t)
	for _, file := range parseDir(t, filepath.Join("..", "settings")) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "Metric" {
				return true
			}
			name := spec.Names[0].Name
			if !slices.Contains(listed, settings.Metric(name)) {
				t.Errorf("%s is in none of the lists of internal/settings/metrics.go", name)
			}
			if !slices.Contains(documented, name) {
				t.Errorf("docs/operations.md does not list the metric %s", name)
			}
			if !regexp.MustCompile(`\bsettings\.` + name + `\b`).MatchString(functions) {
				t.Errorf("no function counts %s", name)
			}
			return true
		})
	}
}

// A client must not wait for a name that no function sends or reads.
func TestEveryNameOfTheContractIsUsedByAFunction(t *testing.T) {
	functions, kinds := sourceOfFunctions(t), regexp.MustCompile(`^(Param|Challenge|Reason|Action|Refusal)[A-Z]\w+$`)
	for _, file := range parseDir(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				name := spec.Names[0].Name
				if kinds.MatchString(name) && !regexp.MustCompile(`\bcontract\.`+name+`\b`).MatchString(functions) {
					t.Errorf("no function uses contract.%s", name)
				}
			}
			return true
		})
	}
}

// sourceOfFunctions returns the code of the packages that functions are made of.
func sourceOfFunctions(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"trigger", "oauth", "changeaddress"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
