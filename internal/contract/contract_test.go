package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// Every place that lists the shared names has each of them, and no other.
func TestEveryListHasTheSameNames(t *testing.T) {
	clients := read(t, "docs/clients.md")
	doc := strings.ReplaceAll(read(t, "constructs/emailotp/doc.go"), "\n// ", " ")
	page := read(t, "web/src/signin/contract.ts")
	for _, list := range []struct {
		place string
		found []string
		want  []string
	}{
		{"docs/clients.md, challenge parameters", firstColumn(t, clients, "parameter"), contract.ChallengeParams()},
		{"docs/clients.md, reasons", firstColumn(t, clients, "reason"), contract.Reasons()},
		{"docs/clients.md, refusals", firstColumn(t, clients, "refusal"), contract.RefusalIDs()},
		{"doc.go, challenge parameters",
			all(`([a-z]\w+[A-Z]\w+|\bnow\b|\breason\b|\bchallenge\b)`, between(t, doc, "challenge parameters", "In versions")),
			contract.ChallengeParams()},
		{"doc.go, metadata keys", all(`"(EmailOTP::\w+)"`, doc), contract.MetadataKeys()},
		{"contract.ts, challenge parameters", array(t, page, "challengeParams"), contract.ChallengeParams()},
		{"contract.ts, reasons", array(t, page, "reasons"), contract.Reasons()},
		{"contract.ts, refusals", array(t, page, "refusals"), contract.RefusalIDs()},
	} {
		for _, name := range list.want {
			if !slices.Contains(list.found, name) {
				t.Errorf("%s: %s is missing", list.place, name)
			}
		}
		for _, name := range list.found {
			if !slices.Contains(list.want, name) {
				t.Errorf("%s: %s is not a name of internal/contract", list.place, name)
			}
		}
	}
}

// A name outside of the lists is spelt as the contract has it.
func TestNamesInPassingAreSpeltRight(t *testing.T) {
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatal(docs, err)
	}
	for _, place := range append(docs, "../../README.md") {
		text := read(t, strings.TrimPrefix(place, "../../"))
		for what, names := range map[string][]string{
			`(EmailOTP::\w+)`:           contract.MetadataKeys(),
			`\(emailotp:([a-z-]+)\)`:    contract.RefusalIDs(),
			`clientMetadata: \{ (\w+):`: {contract.ClientMetadataAction},
			`\baction: '(\w+)'`:         contract.Actions(),
		} {
			for _, name := range all(what, text) {
				if !slices.Contains(names, name) {
					t.Errorf("%s: %s is not a name of internal/contract", place, name)
				}
			}
		}
	}
	want := "resendRequest = { " + contract.ClientMetadataAction + ": '" + contract.ActionResend + "' }"
	if !strings.Contains(read(t, "web/src/signin/contract.ts"), want) {
		t.Errorf("contract.ts lacks %s", want)
	}
}

// The page uses its module's names: a literal elsewhere would escape the comparison.
func TestThePageHasNoOtherRefusalOrParameter(t *testing.T) {
	for _, name := range []string{"signin.ts", "problem.ts", "challenge.ts"} {
		text := read(t, "web/src/signin/"+name)
		for _, found := range all(`emailotp:([a-z-]*[a-z])`, text) {
			t.Errorf("%s: names the refusal %s itself; contract.ts has it", name, found)
		}
		if strings.Contains(text, "action: '") {
			t.Errorf("%s: writes client metadata itself; contract.ts has it", name)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// all returns the first group of each match.
func all(pattern, text string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, begins := strings.Cut(text, from)
	part, _, ends := strings.Cut(rest, to)
	if !begins || !ends {
		t.Fatalf("there is no text between %q and %q", from, to)
	}
	return part
}

// firstColumn returns the names in the first column of the table with this heading.
func firstColumn(t *testing.T, text, heading string) (names []string) {
	t.Helper()
	for row := range strings.Lines(between(t, text, "\n| "+heading+" |", "\n\n")) {
		if cells := strings.Split(row, "|"); len(cells) > 2 && strings.HasPrefix(row, "|") {
			names = append(names, all("`([^`]+)`", cells[1])...)
		}
	}
	return names
}

func array(t *testing.T, text, name string) []string {
	t.Helper()
	return all(`'([^']+)'`, between(t, text, "export const "+name+" = [", "] as const"))
}

func TestTheArchitectureNamesEveryPackage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{"cmd", "constructs", "internal", "tools"} {
		dirs, err := os.ReadDir(filepath.Join("..", "..", parent))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			// A row names its first package by the path, others by the path or by their names
			// alone.
			if !regexp.MustCompile("`(" + parent + "/)?" + d.Name() + "[/`]").Match(text) {
				t.Errorf("docs/architecture.md does not name %s/%s", parent, d.Name())
			}
		}
	}
}
