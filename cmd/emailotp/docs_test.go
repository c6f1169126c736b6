package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/documents"
)

// root is the module's, seen from here.
const root = "../.."

func TestEveryBlockOfTheDocumentsCanBeParsed(t *testing.T) {
	testkit.Need(t, "bash")
	counted := map[string]int{}
	for _, file := range documents.Files(t, root) {
		for _, b := range documents.Blocks(t, file) {
			counted[b.Language]++
			if err := parse(b); err != nil {
				t.Errorf("%s: %v\n%s", b.Place, err, b.Text)
			}
		}
	}
	if counted["sh"] < 30 || counted["go"] < 3 || counted["ts"] < 5 {
		t.Errorf("found only %v", counted)
	}
}

func parse(b documents.Block) error {
	switch b.Language {
	case "sh":
		cmd := exec.Command("bash", "-n")
		cmd.Stdin = strings.NewReader(b.Text)
		if out, err := cmd.CombinedOutput(); err != nil {
			return errors.New(string(out))
		}
	case "go":
		if _, err := format.Source([]byte(b.Text)); err != nil {
			// Or fields of a struct.
			if _, err := format.Source([]byte("var _ = T{\n" + b.Text + "}")); err != nil {
				return err
			}
		}
	case "json":
		if !json.Valid([]byte(b.Text)) && !json.Valid([]byte("{"+strings.TrimRight(b.Text, ",\n")+"}")) {
			return errors.New("it is no JSON")
		}
	case "ts", "tsx", "js", "html", "vue":
		if loader, is := map[string]api.Loader{"ts": api.LoaderTS, "tsx": api.LoaderTSX, "js": api.LoaderJS}[b.Language]; is {
			if errs := api.Transform(b.Text, api.TransformOptions{Loader: loader}).Errors; len(errs) > 0 {
				return errors.New(errs[0].Text)
			}
		}
	case "mermaid", "text", "css", "diff", "yaml":
	default:
		return fmt.Errorf("a block of the language %q is not checked", b.Language)
	}
	return nil
}

// What the commands do is tested in internal/e2e, which runs them.
func TestEveryCommandOfTheDocumentsExists(t *testing.T) {
	targets, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`(?:^|[ (|])(?:(?:\S*/)?emailotp|go run \./cmd/emailotp|go tool emailotp) +([a-z][^|>#;)]*)`)
	makes := regexp.MustCompile(`^make ([a-z-]+)`)
	tests := regexp.MustCompile(`^(?:\w+=\S+ )*go test .*?((?: \./\S+)+)`)
	commands := 0
	for _, file := range documents.Files(t, root) {
		for _, b := range documents.Blocks(t, file) {
			for _, line := range b.Commands() {
				if m := makes.FindStringSubmatch(line); m != nil && !strings.Contains(string(targets), "\n"+m[1]+":") {
					t.Errorf("%s: there is no target %s in the Makefile: %s", b.Place, m[1], line)
				}
				if m := tests.FindStringSubmatch(line); m != nil {
					for _, dir := range strings.Fields(m[1]) {
						if _, err := os.Stat(filepath.Join(root, strings.TrimSuffix(dir, "/..."))); err != nil {
							t.Errorf("%s: %v: %s", b.Place, err, line)
						}
					}
				}
				for _, m := range ours.FindAllStringSubmatch(line, -1) {
					commands++
					if err := accepts(words(m[1])); err != nil {
						t.Errorf("%s: emailotp %s: %v", b.Place, m[1], err)
					}
				}
			}
		}
	}
	if commands < 40 {
		t.Errorf("found only %d commands", commands)
	}
}

// words splits a command's arguments, without a shell's expansions.
func words(line string) []string {
	var all []string
	for _, w := range regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`).FindAllString(line, -1) {
		if w == "<" {
			break
		}
		all = append(all, strings.Trim(w, `"'`))
	}
	return all
}

// accepts reports whether the command exists and has the flags.
func accepts(args []string) error {
	root := &cobra.Command{Use: "emailotp"}
	for _, c := range commands {
		root.AddCommand(c(streams{}))
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	command, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if command == root {
		return errors.New("no such command")
	}
	return command.ParseFlags(rest)
}

func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	for _, file := range documents.Files(t, root) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Scheme != "" {
				if err != nil || u.Scheme != "https" && u.Scheme != "mailto" {
					t.Errorf("%s: the link %s is none (%v)", file, m[1], err)
				}
				continue
			}
			target := file
			if u.Path != "" {
				target = filepath.Join(filepath.Dir(file), u.Path)
			}
			content, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); errors.Is(err, fs.ErrNotExist) || statErr != nil {
				t.Errorf("%s: the link %s leads nowhere", file, m[1])
			} else if u.Fragment != "" && !info.IsDir() && !slices.Contains(anchors(string(content)), u.Fragment) {
				t.Errorf("%s: %s has no heading %s", file, target, u.Fragment)
			}
		}
	}
}

// anchors returns the fragments of a document's headings, as GitHub makes them.
func anchors(text string) []string {
	var all []string
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

func TestREADMEIsShortAndEachTaskBeginsWithItsCommand(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(readme), "\n"); n > 150 {
		t.Errorf("README.md has %d lines, 150 are allowed; move what is not for everybody to docs/", n)
	}
	for _, task := range []string{"sandbox", "deploy", "import", "props", "clients", "mail", "operations", "security",
		"migrating", "choosing", "troubleshooting", "releases", "performance", "runbook"} {
		file := "../../docs/" + task + ".md"
		all := documents.Blocks(t, file)
		if len(all) == 0 || all[0].Language != "sh" {
			t.Errorf("docs/%s.md does not begin with a command", task)
			continue
		}
		var line int
		if _, err := fmt.Sscanf(strings.TrimPrefix(all[0].Place, file+":"), "%d", &line); err != nil || line > 15 {
			t.Errorf("the first command of docs/%s.md is in line %d", task, line)
		}
	}
}
