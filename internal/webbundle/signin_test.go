package webbundle_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// inNode runs a script of testdata/signin as if it lay in web/src/signin, with cases as the global
// of that name and a stub in place of Amplify. It returns what the script passes to report.
func inNode[T any](t *testing.T, script string, cases any) (reported T) {
	t.Helper()
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is not on PATH")
		}
		t.Skip("node is not on PATH, without which no TypeScript runs")
	}
	text, err := os.ReadFile("testdata/signin/" + script)
	if err != nil {
		t.Fatal(err)
	}
	given, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	amplify, err := filepath.Abs("testdata/signin/amplify.ts")
	if err != nil {
		t.Fatal(err)
	}
	built := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: string(text), Sourcefile: "test-" + script,
			ResolveDir: "../../web/src/signin", Loader: api.LoaderTS},
		Alias: map[string]string{"aws-amplify/auth": amplify},
		Banner: map[string]string{"js": "const cases = " + string(given) +
			", report = (v) => console.log(JSON.stringify(v));"},
		Bundle: true, Format: api.FormatESModule, Charset: api.CharsetUTF8,
	})
	if len(built.Errors) > 0 {
		t.Fatalf("bundling the script: %v", built.Errors[0].Text)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	cmd.Stdin = strings.NewReader(string(built.OutputFiles[0].Contents))
	out, err := cmd.CombinedOutput()
	if err == nil {
		err = json.Unmarshal(out, &reported)
	}
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	return reported
}

// readCases reads a table of cases that the trigger functions are tested against, too.
func readCases[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestThePageAcceptsTheAddressesThatCanBeMailed(t *testing.T) {
	cases := readCases[struct {
		Address    string `json:"address"`
		Normalized string `json:"normalized"`
		OK         bool   `json:"ok"`
		Why        string `json:"why"`
	}](t, "../mail/testdata/addresses.json")
	got := inNode[[]struct {
		Normalized string
		OK, Shaped bool
	}](t, "addresses.ts", cases)
	for i, c := range cases {
		if g := got[i]; g.Normalized != c.Normalized || g.OK != c.OK {
			t.Errorf("%s: %q becomes %q, mailable %t; want %q, %t", c.Why, c.Address, g.Normalized, g.OK, c.Normalized, c.OK)
		}
		if c.OK && !got[i].Shaped {
			t.Errorf("%s: %q can be mailed to and is called incomplete", c.Why, c.Address)
		}
	}
}

func TestThePageReadsCodesAsTheServerDoes(t *testing.T) {
	cases := readCases[struct {
		Typed  string `json:"typed"`
		Digits int    `json:"digits"`
		OK     bool   `json:"ok"`
		Code   string `json:"code"`
		Why    string `json:"why"`
	}](t, "../otp/testdata/answers.json")
	got := inNode[[]string](t, "answers.ts", cases)
	for i, c := range cases {
		if ok := len(got[i]) == c.Digits; ok != c.OK || ok && got[i] != c.Code {
			t.Errorf("%s: %.40q becomes %q, want %q of %d digits: %t", c.Why, c.Typed, got[i], c.Code, c.Digits, c.OK)
		}
	}
}

func TestAnAddressThatCannotBeMailedIsNeverSent(t *testing.T) {
	for call, got := range inNode[map[string]string](t, "unsent.ts",
		[]string{"jane", "jane@localhost", "jane..doe@example.com", "josé@example.com", " \u202aJane@example.com\u202c"}) {
		want := "unmailable-email"
		switch {
		case call == "jane start", call == "jane signUp", strings.Contains(call, "localhost"):
			want = "invalid-email"
		case strings.HasSuffix(call, "\u202c start"): // one that can be mailed to is sent in its clean form
			want = "configuration, signIn Jane@example.com"
		case strings.HasSuffix(call, "\u202c signUp"):
			want = "not-confirmed, signUp Jane@example.com"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", call, got, want)
		}
	}
}

// No sentence of a pool without passwords speaks of one.
func TestInPasswordlessModeNoProblemIsOfAPassword(t *testing.T) {
	ids := inNode[[]string](t, "problems.ts", nil)
	english := catalog(t, "en")
	for _, id := range ids {
		if sentence := english["problems."+id]; sentence == "" || strings.Contains(strings.ToLower(sentence), "password") {
			t.Errorf("the problem %s has the sentence %q", id, sentence)
		}
	}
	for _, want := range []string{"no-attempts-left", "storage", "unavailable", "refused"} {
		if !slices.Contains(ids, want) {
			t.Errorf("the problems are %v, want %s among them", ids, want)
		}
	}
}

// A clock that is set while the code's screen is open changes no countdown, nor does one that is
// wrong. After a minute by the clock a reload goes on with the 4 minutes that are left.
func TestTimesFollowASteadyClock(t *testing.T) {
	want := []string{"5 5 true", "5 5 false", "5 5 false", "5 5 true", "4"}
	if got := inNode[[]string](t, "times.ts", nil); !slices.Equal(got, want) {
		t.Errorf("minutes left and whether a reload goes on: %q, want %q", got, want)
	}
}

func TestAFullStorageGoesOnInMemory(t *testing.T) {
	want := []string{"1  other,tokens.a false", "1 big other true", "2 big other true", "  other false", "  other false",
		"1 true"}
	if got := inNode[[]string](t, "storage.ts", nil); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
