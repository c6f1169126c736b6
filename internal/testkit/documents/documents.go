// Package documents reads the Markdown files that users read, for tests of what they promise.
package documents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A Block is a block of code in a document.
type Block struct {
	// Place is file and line.
	Place string
	// Language is that of a fence; "sh" of an indented block.
	Language string
	Text     string
}

// Commands returns the commands of a block for a shell, a line each without its continuations.
func (b Block) Commands() []string {
	var all []string
	if b.Language != "sh" {
		return nil
	}
	for line := range strings.Lines(strings.ReplaceAll(b.Text, "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// Files returns the documents below the module's root.
func Files(t testing.TB, root string) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
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

// Blocks returns a document's blocks: fenced ones with their language, and indented ones, which are
// for a shell.
func Blocks(t testing.TB, file string) []Block {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []Block
	var b *Block
	fence, blank, inList := "", true, false
	n := 0
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		n++
		trimmed := strings.TrimSpace(line)
		switch mark := strings.TrimPrefix(trimmed, "```"); {
		case fence != "" && trimmed == "```":
			all, b, fence = append(all, *b), nil, ""
		case fence != "":
			b.Text += line
		case mark != trimmed:
			b = &Block{Place: fmt.Sprintf("%s:%d", file, n), Language: mark}
			fence = "```"
		case strings.HasPrefix(line, "    ") && (b != nil || blank && !inList):
			if b == nil {
				b = &Block{Place: fmt.Sprintf("%s:%d", file, n), Language: "sh"}
			}
			b.Text += line[4:]
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
