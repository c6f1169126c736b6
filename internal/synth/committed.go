package synth

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
)

// The committed templates of this module's own environments, and the hashes of what they were
// synthesised from, below the module's directory. The tests of package stacks prove both.
const (
	committedDir  = "stacks/testdata"
	committedSums = committedDir + "/inputs.sum"
)

// Committed writes the assembly of one of this module's own environments from its committed
// template into the directory o.Output, without the CDK and without programs; see
// [contract.UnbuiltFile]. ok is false where the app is another one, where no template is committed
// for the stage and mode, or where anything that shapes the template differs from what it was
// synthesised from. An empty mode is that of cdk.json.
func Committed(o Options, stage, mode string) (ok bool, err error) {
	if !isOwn(o.App) || hasOtherInputs(o.App) {
		return false, nil
	}
	want, err := os.ReadFile(filepath.Join(o.App, committedSums))
	if err != nil {
		return false, nil
	}
	have, err := Inputs(o.App)
	if err != nil || !bytes.Equal(have, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		return false, nil
	}
	all, err := environments.Context(filepath.Join(o.App, "cdk.json"))
	if err != nil {
		return false, nil // the synthesis reports it
	}
	selected, err := environments.Read(all, stage, mode)
	if err != nil || len(selected) != 1 {
		return false, nil
	}
	env := selected[0]
	for _, name := range []string{env.Name + "-" + string(env.Settings.Mode), env.Name} {
		template, err := readTemplate(filepath.Join(o.App, committedDir, name+".golden.json"))
		if err == nil && template.Outputs.Mode.Value == string(env.Settings.Mode) {
			return true, template.write(o, env)
		}
	}
	return false, nil
}

// isOwn reports whether the app is this module's.
func isOwn(app string) bool {
	mod, err := os.ReadFile(filepath.Join(app, "go.mod"))
	return err == nil && strings.HasPrefix(string(mod), "module "+build.Module+"\n")
}

// hasOtherInputs reports whether a synthesis would read what the module does not hold: settings of
// the CLI in the home directory, or modules of a workspace.
func hasOtherInputs(app string) bool {
	if home, err := os.UserHomeDir(); err == nil {
		if _, err := os.Stat(filepath.Join(home, ".cdk.json")); err == nil {
			return true
		}
	}
	switch os.Getenv("GOWORK") {
	case "off":
		return false
	case "":
	default:
		return true
	}
	for dir := app; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// committedTemplate is a golden file.
type committedTemplate struct {
	all     map[string]any
	Outputs struct{ Mode struct{ Value string } }
}

func readTemplate(file string) (*committedTemplate, error) {
	t := &committedTemplate{}
	return t, errors.Join(readJSON(file, &t.all), readJSON(file, t))
}

// write makes an assembly of the template. The golden file has no hash of an asset, so a function's
// asset is found by the name of its folder.
func (t *committedTemplate) write(o Options, env environments.Environment) error {
	stack := "EmailOtp-" + env.Name
	files := map[string]any{}
	resources, _ := t.all["Resources"].(map[string]any)
	for _, r := range resources {
		resource, _ := r.(map[string]any)
		metadata, _ := resource["Metadata"].(map[string]any)
		folder, isFunction := metadata[contract.MetadataFunction].(string)
		if !isFunction {
			continue
		}
		properties, _ := resource["Properties"].(map[string]any)
		code, ok := properties["Code"].(map[string]any)
		if !ok {
			return fmt.Errorf("the committed template of %s has no code for %s; run `make test-update`", env.Name, folder)
		}
		code["S3Key"] = folder + ".zip"
		files[folder] = map[string]any{
			"source":       map[string]string{"path": "asset." + folder},
			"destinations": map[string]any{"local": map[string]string{"objectKey": folder + ".zip"}},
		}
	}
	account := env.Account
	if account == "" {
		account = "unknown-account"
	}
	manifest := map[string]any{"version": "54.0.0", "artifacts": map[string]any{
		stack + ".assets": map[string]any{"type": "cdk:asset-manifest",
			"properties": map[string]string{"file": stack + ".assets.json"}},
		stack: map[string]any{"type": "aws:cloudformation:stack", "displayName": stack,
			"environment": "aws://" + account + "/" + env.Region,
			"properties":  map[string]string{"templateFile": stack + ".template.json"}},
	}}
	source, err := filepath.Abs(o.App)
	if err != nil {
		return err
	}
	errs := []error{os.RemoveAll(o.Output), os.MkdirAll(o.Output, 0o755)}
	put := func(name string, v any) {
		data, err := json.MarshalIndent(v, "", " ")
		errs = append(errs, err, os.WriteFile(filepath.Join(o.Output, name), data, 0o644))
	}
	for folder := range files {
		asset := filepath.Join(o.Output, "asset."+folder)
		errs = append(errs, os.MkdirAll(asset, 0o755),
			os.WriteFile(filepath.Join(asset, contract.UnbuiltFile), []byte(source), 0o644))
	}
	put(stack+".template.json", t.all)
	put(stack+".assets.json", map[string]any{"version": "54.0.0", "files": files})
	put("manifest.json", manifest)
	return errors.Join(errs...)
}

// Inputs returns a line with hash and path for each file of the module that shapes the templates of
// its own app, sorted: cdk.json, go.mod, and what app.go imports, as a module's packages. Comments
// and the layout of Go files don't count, and programs of functions don't either: they are built
// from their source.
func Inputs(app string) ([]byte, error) {
	w := inputWalk{root: os.DirFS(app), sums: map[string]string{}}
	for _, name := range []string{"cdk.json", "cdk.context.json", "go.mod"} {
		if err := w.add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := w.visit("."); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(w.sums)) {
		fmt.Fprintf(&b, "%s  %s\n", w.sums[name], name)
	}
	return b.Bytes(), nil
}

// inputWalk collects the files of a package and of all that it imports from its module.
type inputWalk struct {
	root fs.FS
	sums map[string]string
}

func (w *inputWalk) add(name string) error {
	data, err := fs.ReadFile(w.root, name)
	if err != nil {
		return err
	}
	w.sums[name] = fmt.Sprintf("%x", sha256.Sum256(data))
	return nil
}

// visit adds the Go files of a package, whatever system they are for, and what they embed.
func (w *inputWalk) visit(dir string) error {
	files, err := fs.Glob(w.root, path.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if _, seen := w.sums[file]; seen || strings.HasSuffix(file, "_test.go") {
			continue
		}
		if err := w.goFile(dir, file); err != nil {
			return err
		}
	}
	return nil
}

func (w *inputWalk) goFile(dir, file string) error {
	source, err := fs.ReadFile(w.root, file)
	if err != nil {
		return err
	}
	sum, embedded := tokens(source)
	w.sums[file] = sum
	for _, pattern := range embedded {
		names, err := fs.Glob(w.root, path.Join(dir, strings.TrimPrefix(pattern, "all:")))
		if err != nil {
			return err
		}
		for _, name := range names {
			err := fs.WalkDir(w.root, name, func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return w.add(name)
			})
			if err != nil {
				return err
			}
		}
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, i := range parsed.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		// The sign-in page is an asset of a stack, as the functions are.
		if below, is := strings.CutPrefix(name, build.Module+"/"); is && below != "web" {
			if err := w.visit(below); err != nil {
				return err
			}
		}
	}
	return nil
}

// tokens returns a hash of a Go file without its comments, directives apart, and the patterns of
// what it embeds.
func tokens(source []byte) (sum string, embedded []string) {
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile("", set.Base(), len(source)), source, nil, scanner.ScanComments)
	h := sha256.New()
	for {
		_, kind, text := s.Scan()
		switch {
		case kind == token.EOF:
			return fmt.Sprintf("%x", h.Sum(nil)), embedded
		case kind == token.SEMICOLON:
			text = ";" // inserted at a line's end or written
		case kind == token.COMMENT && !strings.HasPrefix(text, "//go:"):
			continue
		}
		if patterns, is := strings.CutPrefix(text, "//go:embed "); is {
			embedded = append(embedded, strings.Fields(patterns)...)
		}
		fmt.Fprintf(h, "%s %q\n", kind, text)
	}
}
