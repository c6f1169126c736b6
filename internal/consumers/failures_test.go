package consumers_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// nodeStack is a line of a stack trace of Node.
var nodeStack = regexp.MustCompile(`(?m)^\s+at .*(\.js:\d+|node:)|node:internal|EPIPE`)

func TestWhatKeepsAFunctionFromBeingBuiltIsOneSentenceWithTheRemedy(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	a := replacedApp(t, root)
	for _, test := range []struct {
		name string
		env  func(t *testing.T) []string
		want []string
	}{
		{"a program that does not compile", func(t *testing.T) []string {
			return source(t, root, func(dir string) {
				write(t, filepath.Join(dir, "lambdas", "define-auth-challenge", "main.go"),
					"package main\n\nfunc main() { undefined() }\n")
			})
		}, []string{"define-auth-challenge could not be built", "does not compile", "undefined: undefined",
			"DefineAuthChallengeCode takes a zip"}},
		{"a folder that was removed", func(t *testing.T) []string {
			return source(t, root, func(dir string) {
				if err := os.RemoveAll(filepath.Join(dir, "lambdas", "create-auth-challenge")); err != nil {
					t.Fatal(err)
				}
			})
		}, []string{"create-auth-challenge could not be built", "source is missing", "CreateAuthChallengeCode takes a zip"}},
		{"no Go toolchain", func(t *testing.T) []string {
			return []string{"PATH=" + onlyNode(t)}
		}, []string{"needs the go command, which is not on PATH", "install Go", "Code takes a zip"}},
		{"an empty module cache and no network", func(t *testing.T) []string {
			return []string{"GOMODCACHE=" + t.TempDir(), "GOPROXY=off"}
		}, []string{"could not be built", "mod download", "Code takes a zip"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := a.synth(t, test.env(t)...)
			if s.err == nil {
				t.Fatalf("the synthesis succeeded:\n%s", s.output)
			}
			sentence := sentenceOf(t, s.output)
			for _, want := range test.want {
				if !strings.Contains(sentence, want) {
					t.Errorf("missing %q in\n%s", want, sentence)
				}
			}
			if strings.Count(sentence, "could not be built") != 1 {
				t.Errorf("not one sentence:\n%s", sentence)
			}
			if found := nodeStack.FindString(s.output); found != "" {
				t.Errorf("the output has a stack trace of Node (%q):\n%s", found, s.output)
			}
			if strings.Contains(strings.ToLower(s.output), "docker") {
				t.Errorf("the output speaks of Docker:\n%s", s.output)
			}
		})
	}
}

// sentenceOf returns the construct's error: the app doesn't recover, so it is the value of a panic,
// before an empty line and Go's trace.
func sentenceOf(t *testing.T, output string) string {
	t.Helper()
	_, said, ok := strings.Cut(output, "panic: ")
	if !ok {
		t.Fatalf("the app failed otherwise:\n%s", output)
	}
	said, _, _ = strings.Cut(said, "\n\n")
	if strings.Contains(said, "\n") {
		t.Errorf("more than one line:\n%s", said)
	}
	return said
}

// source is a context that names a changed copy of the module as the functions' source.
func source(t *testing.T, root string, change func(dir string)) []string {
	t.Helper()
	dir := t.TempDir()
	copyTree(t, root, dir)
	change(dir)
	context, err := json.Marshal(map[string]string{"emailotp:source": dir})
	if err != nil {
		t.Fatal(err)
	}
	return []string{"CDK_CONTEXT_JSON=" + string(context)}
}

// onlyNode is a PATH on which there is nothing but node.
func onlyNode(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(node, filepath.Join(dir, "node")); err != nil {
		t.Fatal(err)
	}
	return dir
}
