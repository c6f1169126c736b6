package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// public are the packages that adopters import.
var public = []string{"constructs/emailotp", "constructs/emailotp/emailotptest", "constructs/signinpage",
	"constructs/signinpage/route", "constructs/ratelimit", "sandbox"}

// go doc must show all that an adopter has to know. It shows no fields of a type that is another
// name of an internal one, so the comment of such a type names them.
func TestEveryPublicNameHasADocComment(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, dir := range public {
		for _, file := range parseDir(t, filepath.Join(root, dir)) {
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.IsExported() && isExportedReceiver(d) && d.Doc == nil {
						t.Errorf("%s: %s has no doc comment", dir, d.Name)
					}
				case *ast.GenDecl:
					for _, spec := range d.Specs {
						checkSpec(t, root, dir, file, d, spec)
					}
				}
			}
		}
	}
}

func checkSpec(t *testing.T, root, dir string, file *ast.File, d *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Doc == nil && d.Doc == nil {
				t.Errorf("%s: %s has no doc comment", dir, name)
			}
		}
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		doc := d.Doc.Text() + spec.Doc.Text()
		if doc == "" {
			t.Errorf("%s: %s has no doc comment", dir, spec.Name)
		}
		fields := fieldsOf(spec.Type)
		told := doc
		for _, f := range fields {
			told += f.Doc.Text()
		}
		for _, f := range fields {
			for _, name := range f.Names {
				if name.IsExported() && f.Doc == nil && !strings.Contains(told, name.Name) {
					t.Errorf("%s: %s.%s has no doc comment", dir, spec.Name, name)
				}
			}
		}
		for _, name := range hidden(t, root, file, spec) {
			if !strings.Contains(doc, name) {
				t.Errorf("%s: the doc comment of %s must name %s, which go doc does not show", dir, spec.Name, name)
			}
		}
	}
}

func fieldsOf(e ast.Expr) []*ast.Field {
	switch e := e.(type) {
	case *ast.StructType:
		return e.Fields.List
	case *ast.InterfaceType:
		return e.Methods.List
	}
	return nil
}

// hidden returns the fields of the internal struct that a type is another name of.
func hidden(t *testing.T, root string, file *ast.File, spec *ast.TypeSpec) (names []string) {
	t.Helper()
	of, ok := spec.Type.(*ast.SelectorExpr)
	if !ok || !spec.Assign.IsValid() {
		return nil
	}
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		_, dir, ours := strings.Cut(path, "/cdk-emailotp/")
		if alias := of.X.(*ast.Ident).Name; !ours || i.Name == nil && filepath.Base(path) != alias ||
			i.Name != nil && i.Name.Name != alias {
			continue
		}
		for _, file := range parseDir(t, filepath.Join(root, dir)) {
			if d := typeNamed(file, of.Sel.Name); d != nil && d.Assign.IsValid() {
				return hidden(t, root, file, d)
			} else if d != nil {
				for _, f := range fieldsOf(d.Type) {
					for _, name := range f.Names {
						if name.IsExported() {
							names = append(names, name.Name)
						}
					}
				}
			}
		}
	}
	return names
}

// typeNamed returns the declaration of a type; nil for none.
func typeNamed(file *ast.File, name string) *ast.TypeSpec {
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok {
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == name {
					return spec
				}
			}
		}
	}
	return nil
}

func isExportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	name, ok := e.(*ast.Ident)
	return ok && name.IsExported()
}

func parseDir(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s, %v", dir, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
