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
)

// block is a block of code in a document.
type block struct {
	place, language, text string
}

// documents returns the Markdown files that users read, relative to the module.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 15 {
		t.Fatalf("found %v", all)
	}
	return all
}

// blocks returns a document's blocks: fenced ones with their language, and indented ones, which are
// for a shell.
func blocks(t *testing.T, file string) []block {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var b *block
	fence, blank, inList := "", true, false
	n := 0
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		n++
		trimmed := strings.TrimSpace(line)
		switch mark := strings.TrimPrefix(trimmed, "```"); {
		case fence != "" && trimmed == "```":
			all, b, fence = append(all, *b), nil, ""
		case fence != "":
			b.text += line
		case mark != trimmed:
			b = &block{place: fmt.Sprintf("%s:%d", file, n), language: mark}
			fence = "```"
		case strings.HasPrefix(line, "    ") && (b != nil || blank && !inList):
			if b == nil {
				b = &block{place: fmt.Sprintf("%s:%d", file, n), language: "sh"}
			}
			b.text += line[4:]
		default:
			if b != nil {
				all, b = append(all, *b), nil
			}
			inList = trimmed != "" && (regexp.MustCompile(`^(\d+\.|[-*]) `).MatchString(trimmed) || inList && line[0] == ' ') ||
				inList && trimmed == ""
		}
		blank = trimmed == ""
	}
	if b != nil {
		all = append(all, *b)
	}
	return all
}

func TestEveryBlockOfTheDocumentsCanBeParsed(t *testing.T) {
	testkit.Need(t, "bash")
	counted := map[string]int{}
	for _, file := range documents(t) {
		for _, b := range blocks(t, file) {
			counted[b.language]++
			if err := parse(b); err != nil {
				t.Errorf("%s: %v\n%s", b.place, err, b.text)
			}
		}
	}
	if counted["sh"] < 30 || counted["go"] < 3 || counted["ts"] < 5 {
		t.Errorf("found only %v", counted)
	}
}

func parse(b block) error {
	switch b.language {
	case "sh":
		cmd := exec.Command("bash", "-n")
		cmd.Stdin = strings.NewReader(b.text)
		if out, err := cmd.CombinedOutput(); err != nil {
			return errors.New(string(out))
		}
	case "go":
		if _, err := format.Source([]byte(b.text)); err != nil {
			// Or fields of a struct.
			if _, err := format.Source([]byte("var _ = T{\n" + b.text + "}")); err != nil {
				return err
			}
		}
	case "json":
		if !json.Valid([]byte(b.text)) && !json.Valid([]byte("{"+strings.TrimRight(b.text, ",\n")+"}")) {
			return errors.New("it is no JSON")
		}
	case "ts", "tsx", "js", "html", "vue":
		if loader, is := map[string]api.Loader{"ts": api.LoaderTS, "tsx": api.LoaderTSX, "js": api.LoaderJS}[b.language]; is {
			if errs := api.Transform(b.text, api.TransformOptions{Loader: loader}).Errors; len(errs) > 0 {
				return errors.New(errs[0].Text)
			}
		}
	case "mermaid", "text", "css", "diff", "yaml":
	default:
		return fmt.Errorf("a block of the language %q is not checked", b.language)
	}
	return nil
}

// harmless are commands without effect outside of their output, which the test runs in this process.
var harmless = []string{"cost", "help", "version", "completion"}

func TestEveryCommandOfTheDocumentsExistsAndTheHarmlessOnesRun(t *testing.T) {
	targets, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`(?:^|[ (|])(?:(?:\S*/)?emailotp|go run \./cmd/emailotp|go tool emailotp) +([a-z][^|>#;)]*)`)
	makes := regexp.MustCompile(`^make ([a-z-]+)`)
	tests := regexp.MustCompile(`^(?:\w+=\S+ )*go test .*?((?: \./\S+)+)`)
	commands, ran := 0, 0
	for _, file := range documents(t) {
		for _, b := range blocks(t, file) {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
				line = strings.TrimSpace(line)
				if m := makes.FindStringSubmatch(line); m != nil && !strings.Contains(string(targets), "\n"+m[1]+":") {
					t.Errorf("%s: there is no target %s in the Makefile: %s", b.place, m[1], line)
				}
				if m := tests.FindStringSubmatch(line); m != nil {
					for _, dir := range strings.Fields(m[1]) {
						if _, err := os.Stat(filepath.Join("../..", strings.TrimSuffix(dir, "/..."))); err != nil {
							t.Errorf("%s: %v: %s", b.place, err, line)
						}
					}
				}
				for _, m := range ours.FindAllStringSubmatch(line, -1) {
					args := words(m[1])
					commands++
					if err := accepts(args); err != nil {
						t.Errorf("%s: emailotp %s: %v", b.place, m[1], err)
						continue
					}
					if slices.Contains(harmless, args[0]) {
						ran++
						var out strings.Builder
						if code := run(t.Context(), args, streams{in: os.Stdin, out: &out, err: &out}); code != 0 {
							t.Errorf("%s: emailotp %s ends with %d: %s", b.place, m[1], code, out.String())
						}
					}
				}
			}
		}
	}
	if commands < 40 || ran < 3 {
		t.Errorf("found only %d commands and ran %d", commands, ran)
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
	for _, file := range documents(t) {
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
		all := blocks(t, file)
		if len(all) == 0 || all[0].language != "sh" {
			t.Errorf("docs/%s.md does not begin with a command", task)
			continue
		}
		var line int
		if _, err := fmt.Sscanf(strings.TrimPrefix(all[0].place, file+":"), "%d", &line); err != nil || line > 15 {
			t.Errorf("the first command of docs/%s.md is in line %d", task, line)
		}
	}
}
