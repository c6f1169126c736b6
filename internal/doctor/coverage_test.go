package doctor_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
)

// asserted are the findings that a test has made and seen, by their ids.
var asserted = map[string]bool{}

// After all tests, each finding of the code must have been seen in one.
func TestMain(m *testing.M) {
	code := m.Run()
	isWhole := true
	for _, arg := range os.Args {
		isWhole = isWhole && !strings.HasPrefix(arg, "-test.run") && !strings.HasPrefix(arg, "-test.skip")
	}
	if code == 0 && isWhole {
		for _, id := range slices.Sorted(maps.Keys(findingIDs())) {
			if !asserted[id] {
				println("no test breaks something and sees the finding " + id)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// idArguments are the functions that receive an id, with its place among the arguments.
var idArguments = map[string]int{"right": 1, "above": 2, "broken": 0, "missing": 0, "timeToLive": 2}

// findingIDs reads the ids in the package's source. One that can't be read is a panic.
func findingIDs() map[string]bool {
	ids := map[string]bool{}
	take := func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.BasicLit:
			ids[literal(e)] = true
		case *ast.Ident, *ast.SelectorExpr: // a parameter of a function among idArguments
		case *ast.BinaryExpr: // of a metric of the last hour, whose name the call of own has
		case *ast.CallExpr: // of a rule about bypasses
			for _, kind := range kinds() {
				ids[strings.ToLower(strings.ReplaceAll(kind, "_", "-"))] = true
			}
		default:
			panic(fmt.Sprintf("an id that this test can't read: %#v", e))
		}
	}
	inspect(".", func(n ast.Node) {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "ID" {
				take(n.Value)
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "ID" && len(n.Lhs) == len(n.Rhs) {
					take(n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			name := called(n)
			if at, ok := idArguments[name]; ok && len(n.Args) > at {
				take(n.Args[at])
			}
			if name == "own" {
				ids["hour-"+strings.ToLower(n.Args[0].(*ast.SelectorExpr).Sel.Name)] = true
			}
		}
	})
	return ids
}

// kinds reads the rules' kinds. Cognito refuses a client with one of the two that are left out, or
// the doctor has an id of its own for it.
func kinds() (all []string) {
	inspect("../rules", func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		value, isLiteral := spec.Values[0].(*ast.BasicLit)
		kind, isTyped := spec.Type.(*ast.Ident)
		if isLiteral && isTyped && kind.Name == "Kind" {
			if id := literal(value); id != string(rules.RefusedAttributes) && id != string(rules.UserExistence) {
				all = append(all, id)
			}
		}
	})
	return all
}

func literal(e *ast.BasicLit) string {
	text, err := strconv.Unquote(e.Value)
	if err != nil {
		panic(err)
	}
	return text
}

// inspect visits the source of a package, without its tests.
func inspect(dir string, visit func(ast.Node)) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, func(n ast.Node) bool { visit(n); return true })
	}
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
