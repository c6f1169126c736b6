//go:build !race

package emailotptest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func TestMain(m *testing.M) { Main(m) }

// A recorder is a test that collects the messages of failures.
type recorder struct {
	testing.TB
	words string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Errorf(format string, args ...any) { r.words += fmt.Sprintf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.words += fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// messages runs f with a recorder and returns what f reports. Fatalf ends the goroutine, and
// messages waits for it: the CDK accepts one caller at a time.
func messages(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { defer close(done); f(r) }()
	<-done
	return r.words
}

func TestADifferenceIsShownLineByLineWithItsNeighbours(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprint("line ", i+1))
	}
	want := strings.Join(lines, "\n") + "\n"
	got := strings.Replace(strings.Replace(want, "line 10\n", "line ten\nline eleven\n", 1), "line 25\n", "", 1)
	const shown = `@@ line 7
  line 7
  line 8
  line 9
- line 10
+ line ten
+ line eleven
  line 11
  line 12
  line 13
@@ line 22
  line 22
  line 23
  line 24
- line 25
  line 26
  line 27
  line 28
`
	if d := diff(want, got); d != shown {
		t.Errorf("shown\n%s", d)
	}
	if d := diff(want, want); d != "" {
		t.Errorf("equal texts differ by %s", d)
	}
	for _, pair := range [][2]string{{"", "a\n"}, {"a\n", ""}, {"a\nb\n", "b\na\n"}, {"a\n", "a"}} {
		if diff(pair[0], pair[1]) == "" {
			t.Errorf("%q and %q are taken for equal", pair[0], pair[1])
		}
	}
}

func TestAGoldenFileIsWrittenAndCompared(t *testing.T) {
	golden := filepath.Join(t.TempDir(), "new", "x.golden.json")
	if words := messages(t, func(tb testing.TB) { compare(tb, []byte("{}\n"), golden) }); !strings.Contains(words,
		"write it by EMAILOTP_UPDATE=1 go test") {
		t.Errorf("missing: %q", words)
	}
	t.Setenv(UpdateVariable, "1")
	if words := messages(t, func(tb testing.TB) { compare(tb, []byte("{\n}\n"), golden) }); words != "" {
		t.Errorf("updating: %q", words)
	}
	t.Setenv(UpdateVariable, "")
	if err := os.WriteFile(golden, []byte("{\r\n}\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if words := messages(t, func(tb testing.TB) { compare(tb, []byte("{\n}\n"), golden) }); words != "" {
		t.Errorf("the line ends of Windows count: %q", words)
	}
	if words := messages(t, func(tb testing.TB) { compare(tb, []byte("{\n  1\n}\n"), golden) }); !strings.Contains(words,
		"+   1\n") || !strings.Contains(words, golden) {
		t.Errorf("different: %q", words)
	}
}

func TestTheCallersOwnFlagUpdates(t *testing.T) {
	if updating() {
		t.Fatal("updating unasked")
	}
	if flag.Lookup("update") != nil {
		t.Fatal("the package registers a flag, which collides with the caller's")
	}
	own := flag.Bool("update", false, "")
	*own = true
	defer func() { *own = false }()
	if !updating() {
		t.Error("the flag is not seen")
	}
}

func TestWhatDiffersFromMachineToMachineIsMasked(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	got, err := Render(map[string]any{
		"S3Key":                                hash + ".zip",
		"aws:asset:path":                       "asset." + hash,
		"FnCurrentVersionAB12CD34" + hash[:32]: "x",
		"S3Bucket":                             "cdk-hnb659fds-assets-123456789012-eu-west-1",
		"Kept":                                 "arn:aws:iam::123456789012:role/<x>&y",
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "FnCurrentVersionAB12CD34<hash>": "x",
  "Kept": "arn:aws:iam::123456789012:role/<x>&y",
  "S3Bucket": "cdk-hnb659fds-assets-<account>-eu-west-1",
  "S3Key": "<hash>.zip",
  "aws:asset:path": "asset.<hash>"
}
`
	if string(got) != want {
		t.Errorf("rendered\n%s", got)
	}
}

// refusing is a validation that fails.
type refusing struct{}

func (*refusing) Validate() *[]*string { return jsii.Strings("the pool is open") }

func TestAFailedValidationFailsTheTestWithItsWords(t *testing.T) {
	stack := awscdk.NewStack(App(t, nil), jsii.String("Prod"), nil)
	stack.Node().AddValidation(&refusing{})
	if words := messages(t, func(tb testing.TB) { Template(tb, stack) }); !strings.Contains(words, "synthesise Prod: ") ||
		!strings.Contains(words, "the pool is open") {
		t.Errorf("messages %q", words)
	}
}
