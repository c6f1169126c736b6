package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxLine    = 120 // characters; a tab is one
	maxComment = 100 // columns of a comment on lines of its own; a tab is four
	// longText is the length in characters from which a text that can't be broken, or is better
	// read in one piece, excuses its line: a raw literal, and any literal of a test.
	longText = 80
)

func TestNoLineIsTooWide(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"bin", "cdk.out", "dist", "node_modules", "testdata"}, name) ||
			strings.HasPrefix(name, ".") && path != root):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range tooWide(t, path, source) {
			t.Errorf("%s:%d is too wide; break it, comments at %d columns and code at %d", path, line, maxComment, maxLine)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tooWide returns the lines of a file that are too wide. Rows of tables may be as wide as they are.
func tooWide(t *testing.T, path string, source []byte) (all []int) {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return nil
	}
	excused := rowsOf(files, parsed)
	var s scanner.Scanner
	file := token.NewFileSet().AddFile(path, -1, len(source))
	s.Init(file, source, nil, scanner.ScanComments)
	for pos, tok, text := s.Scan(); tok != token.EOF; pos, tok, text = s.Scan() {
		isRaw := strings.HasPrefix(text, "`")
		if tok == token.STRING && utf8.RuneCountInString(text) > longText && (isRaw || strings.HasSuffix(path, "_test.go")) {
			for n := range 1 + strings.Count(text, "\n") {
				excused[file.Line(pos)+n] = true
			}
		}
	}
	for n, line := range strings.Split(string(source), "\n") {
		code := strings.TrimLeft(line, "\t")
		width, most := utf8.RuneCountInString(line), maxLine
		if strings.HasPrefix(code, "// ") && !strings.Contains(code, "://") {
			width, most = width+3*(len(line)-len(code)), maxComment
		}
		if width > most && !excused[n+1] {
			all = append(all, n+1)
		}
	}
	return all
}

// rowsOf returns the lines in rows of tables: in elements of a literal that are literals themselves
// and have no type of their own, and in values of maps. Functions in a row are no part of it.
func rowsOf(files *token.FileSet, file *ast.File) map[int]bool {
	rows := map[int]bool{}
	mark := func(n ast.Node, isRow bool) {
		for line := files.Position(n.Pos()).Line; line <= files.Position(n.End()).Line; line++ {
			rows[line] = isRow
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if files.Position(n.Pos()).Line != files.Position(n.End()).Line {
				mark(n.Body, false)
			}
		case *ast.CompositeLit:
			_, isMap := n.Type.(*ast.MapType)
			for _, element := range n.Elts {
				value := element
				if pair, ok := element.(*ast.KeyValueExpr); ok && !isField(pair) {
					value = pair.Value
				}
				if literal, ok := value.(*ast.CompositeLit); isMap || ok && literal.Type == nil {
					mark(element, true)
				}
			}
		}
		return true
	})
	return rows
}

// isField reports whether a pair is of a struct, not of a map.
func isField(pair *ast.KeyValueExpr) bool { _, ok := pair.Key.(*ast.Ident); return ok }

func TestTooWide(t *testing.T) {
	long := strings.Repeat("x", 101)
	source := strings.ReplaceAll(`package p

var a = []struct{ s string }{
	{"LL"},
}

var LL = 1

// A comment of L
var c = map[string]func(){
	"a": func() {
		L(L)
	},
}
`, "L", long) + "\nvar b = `" + long + long + "`\n"
	if got := tooWide(t, "p.go", []byte(source)); !slices.Equal(got, []int{7, 9, 12}) {
		t.Errorf("lines %v", got)
	}
}
