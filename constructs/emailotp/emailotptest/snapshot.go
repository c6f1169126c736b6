package emailotptest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
)

// UpdateVariable is the environment variable that makes [Snapshot] write golden files.
const UpdateVariable = "EMAILOTP_UPDATE"

// Snapshot synthesises the stack's app and compares the stack's template, masked as by [Template],
// with the golden file, a path relative to the test's directory such as
// "testdata/prod.golden.json". A difference fails the test and prints it line by line.
//
// Snapshot writes the file instead where EMAILOTP_UPDATE is 1, or where the test binary has a bool
// flag -update that is set. The package registers no flag itself, which would collide with yours.
//
// A failed validation of the app fails the test with the validation's messages.
func Snapshot(t testing.TB, stack awscdk.Stack, golden string) {
	t.Helper()
	compare(t, Template(t, stack), golden)
}

// compare compares a rendered template with the golden file, or writes the file.
func compare(t testing.TB, got []byte, golden string) {
	t.Helper()
	if updating() {
		if err := write(golden, got); err != nil {
			t.Fatalf("update the golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("read the golden file: %v; write it by %s=1 go test, or -update where your test has that flag", err,
			UpdateVariable)
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if d := diff(string(want), string(got)); d != "" {
		t.Errorf("the template differs from %s (-golden +synthesised):\n%sif that is meant, update it by %s=1 go test",
			golden, d, UpdateVariable)
	}
}

// Template synthesises the stack's app and returns the stack's template as indented JSON with
// sorted keys, without what differs from machine to machine: asset hashes, the hashes in the
// logical ids of function versions, and account ids in the names of the CDK's asset buckets.
func Template(t testing.TB, stack awscdk.Stack) []byte {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			t.Fatalf("synthesise %s: %v", *stack.StackName(), problem)
		}
	}()
	template := assertions.Template_FromStack(stack, nil).ToJSON()
	rendered, err := Render(*template)
	if err != nil {
		t.Fatalf("render the template of %s: %v", *stack.StackName(), err)
	}
	return rendered
}

// Render writes a template as [Template] does.
func Render(template map[string]any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(template); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	text := b.String()
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return []byte(text), nil
}

// masks match values that differ between machines, or with every change of a program.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<hash>"},
	{regexp.MustCompile(`(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}`), "$1<hash>"},
	{regexp.MustCompile(`(cdk-[a-z0-9]+-(?:assets|container-assets)-)\d{12}(-)`), "$1<account>$2"},
}

func updating() bool {
	if os.Getenv(UpdateVariable) == "1" {
		return true
	}
	f := flag.Lookup("update")
	if f == nil {
		return false
	}
	getter, ok := f.Value.(flag.Getter)
	if !ok {
		return false
	}
	on, ok := getter.Get().(bool)
	return ok && on
}

func write(golden string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
		return err
	}
	return os.WriteFile(golden, content, 0o644)
}

// around is how many equal lines a difference shows before and after itself.
const around = 3

// diff returns the lines by which want and got differ, each with its neighbours; empty if they are
// equal.
func diff(want, got string) string {
	if want == got {
		return ""
	}
	edits := compareLines(strings.Split(strings.TrimSuffix(want, "\n"), "\n"),
		strings.Split(strings.TrimSuffix(got, "\n"), "\n"))
	near := make([]bool, len(edits))
	for i, e := range edits {
		if e.sign == ' ' {
			continue
		}
		for j := max(0, i-around); j <= min(len(edits)-1, i+around); j++ {
			near[j] = true
		}
	}
	var b strings.Builder
	for i, e := range edits {
		if !near[i] {
			continue
		}
		if i == 0 || !near[i-1] {
			fmt.Fprintf(&b, "@@ line %d\n", e.line)
		}
		fmt.Fprintf(&b, "%c %s\n", e.sign, e.text)
	}
	if b.Len() == 0 {
		return "the two differ in their last line's end\n"
	}
	return b.String()
}

// An edit is one line of a difference: ' ' in both, '-' in the golden file alone, '+' in the
// template alone. The line number is the golden file's.
type edit struct {
	sign byte
	line int
	text string
}

// compareLines finds a longest common subsequence. Templates have a few thousand lines, most of
// them equal at either end, so the quadratic table stays small.
func compareLines(want, got []string) []edit {
	start := 0
	for start < len(want) && start < len(got) && want[start] == got[start] {
		start++
	}
	end := 0
	for end < len(want)-start && end < len(got)-start && want[len(want)-1-end] == got[len(got)-1-end] {
		end++
	}
	a, b := want[start:len(want)-end], got[start:len(got)-end]
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var edits []edit
	for i, line := range want[:start] {
		edits = append(edits, edit{' ', i + 1, line})
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, edit{' ', start + i + 1, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			edits = append(edits, edit{'-', start + i + 1, a[i]})
			i++
		default:
			edits = append(edits, edit{'+', start + i + 1, b[j]})
			j++
		}
	}
	for k := range end {
		n := len(want) - end + k
		edits = append(edits, edit{' ', n + 1, want[n]})
	}
	return edits
}
