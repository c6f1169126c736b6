package userpool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// operationsTable is the section of docs/sandbox.md: what the registry has, and what the SDK has
// beside it.
func operationsTable() string {
	var b strings.Builder
	b.WriteString("\n| operation | emulated | left out |\n|---|---|---|\n")
	emulated := userpool.OperationNames()
	for _, o := range userpool.Operations() {
		state := "yes"
		if o.Limits != "" {
			state = "partly"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", o.Name, state, o.Limits)
	}
	var others []string
	client := reflect.TypeFor[*cip.Client]()
	for i := range client.NumMethod() {
		if m := client.Method(i); m.Name != "Options" && !slices.Contains(emulated, m.Name) {
			others = append(others, m.Name)
		}
	}
	line := "Not emulated:"
	for i, name := range others {
		if name += map[bool]string{true: ".", false: ","}[i == len(others)-1]; len(line)+len(name) >= 100 {
			b.WriteString("\n" + line)
			line = name
			continue
		}
		line += " " + name
	}
	return b.String() + "\n" + line + "\n"
}

func TestTheTableOfOperationsIsCurrent(t *testing.T) {
	const path = "../../../docs/sandbox.md"
	data := must2(os.ReadFile(path))(t)
	begin, rest, ok := strings.Cut(string(data), "-update -->\n")
	_, end, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks of the table", path)
	}
	want := begin + "-update -->\n" + operationsTable() + "\n<!-- end -->" + end
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(data) != want {
		t.Errorf("the table in %s is stale; run this test with -update", path)
	}
}

// A tag with a rule that the model lacks would check nothing.
func TestTheRulesOfOperationsAreInTheModel(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		for _, tag := range regexp.MustCompile(`rule:"([^",]+)`).FindAllSubmatch(disk.Read(t, file), -1) {
			if name := string(tag[1]); !strings.HasSuffix(file, "_test.go") && !userpool.HasRule(name) {
				t.Errorf("%s: model in operations.go has no rule %q", file, name)
			}
		}
	}
}
