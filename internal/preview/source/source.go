// Package source reads the mails of a preview: of a CDK app's environment, a configuration or a
// cloud assembly, with a directory of templates on top.
package source

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

// Choice names the mails to read. At most one of Config, Assembly and Stage is given.
type Choice struct {
	// Config is a file with the mail's configuration as JSON, Assembly a directory of cdk synth.
	Config, Assembly string
	// Stack is the stack, where the assembly has several.
	Stack string
	// Stage is the environment of cdk.json. Without StageGiven, the first one replaces a missing
	// one.
	Stage      string
	StageGiven bool
	// Templates is a directory with templates and texts, or empty.
	Templates string
	// Mode is password or passwordless, or empty for what is configured.
	Mode string
}

// Read reads what the choice names, as it is now.
func (c *Choice) Read() (preview.Source, error) {
	read := c.fromApp
	switch {
	case c.Config != "":
		read = c.fromFile
	case c.Assembly != "":
		read = c.fromAssembly
	}
	s, err := read()
	if err != nil {
		return s, err
	}
	if c.Mode != "" && c.Assembly == "" {
		s.Config.Mode = mail.Mode(c.Mode)
	}
	if c.Templates != "" {
		if info, err := os.Stat(c.Templates); err != nil || !info.IsDir() {
			return s, fmt.Errorf("--templates must be a directory with templates and texts (received: %q)", c.Templates)
		}
		s.Compiled = nil
		if s.Config, err = s.Config.ReadFiles(os.DirFS(c.Templates)); err != nil {
			return s, fmt.Errorf("--templates %s: %w", c.Templates, err)
		}
	}
	return s, nil
}

// exampleMail is the brand of a preview without a configuration.
func exampleMail() settings.Mail {
	return settings.Mail{From: "no-reply@example.com", ProductName: "Example", SupportAddress: "support@example.com"}
}

func (c *Choice) fromFile() (preview.Source, error) {
	data, err := os.ReadFile(c.Config)
	if err != nil {
		return preview.Source{}, fmt.Errorf("--config: %w", err)
	}
	config, err := mail.ParseConfig(data)
	if err != nil {
		return preview.Source{}, fmt.Errorf("%s:%w", c.Config, err)
	}
	// Both are required in a mail, and a preview is of use without them.
	config.From = cmp.Or(config.From, exampleMail().From)
	config.ProductName = cmp.Or(config.ProductName, exampleMail().ProductName)
	return preview.Source{Config: config}, nil
}

// fromApp reads the environment of the CDK app around the working directory. An app that imports
// the construct has no environments; the preview then shows the mails of an example.
func (c *Choice) fromApp() (preview.Source, error) {
	e, app, found, err := c.environment()
	if err != nil || !found {
		return preview.Source{Config: mail.Config{Mail: exampleMail()}}, err
	}
	e.Settings.ProductName = e.Settings.Product()
	s := sourceOf(e.Settings)
	if e.Brand != nil {
		s.Brand, s.Dir = *e.Brand, app
		s.Config.AccentColor, s.Config.LogoURL = e.Brand.AccentColor, e.Brand.MailLogoURL
	}
	return s, nil
}

// sourceOf returns the mails of a function with these settings.
func sourceOf(s settings.Settings) preview.Source {
	return preview.Source{Config: mail.Config{Mail: s.Mail, Mode: s.Mode},
		Code: compile.Code{Length: s.CodeLength, TTL: s.CodeTTL}}
}

// environment returns the environment --stage, or the first one where there is no such environment
// and the flag was not given, and the app's directory.
func (c *Choice) environment() (s environments.Environment, app string, found bool, err error) {
	app, err = synth.Find(".")
	if err != nil {
		if c.StageGiven {
			return s, app, false, fmt.Errorf("--stage %s: %w", c.Stage, err)
		}
		return s, app, false, nil
	}
	file := filepath.Join(app, "cdk.json")
	context, err := environments.Context(file)
	if err != nil {
		return s, app, false, err
	}
	var all []environments.Environment
	if context != nil {
		if all, err = environments.Read(context, nil, nil); err != nil {
			return s, app, false, fmt.Errorf("%s: %w", app, err)
		}
	}
	names := make([]string, len(all))
	for i, e := range all {
		if names[i] = e.Name; e.Name == c.Stage {
			return e, app, true, nil
		}
	}
	switch {
	case c.StageGiven:
		return s, app, false, fmt.Errorf("--stage must be an environment of %s (received: %q); it has %s",
			file, c.Stage, cmp.Or(strings.Join(names, ", "), "none"))
	case len(all) == 0:
		return s, app, false, nil
	}
	return all[0], app, true, nil
}

// fromAssembly reads the environment of the function that mails, and the file beside its program.
func (c *Choice) fromAssembly() (preview.Source, error) {
	var s preview.Source
	a, err := assembly.Load(c.Assembly, "")
	if err != nil {
		return s, err
	}
	plan, err := a.Plan(assembly.Choice{Stack: c.Stack, Mode: c.Mode})
	if err != nil {
		return s, err
	}
	i := slices.IndexFunc(plan.Functions, func(
		f assembly.Function) bool {
		return f.Folder == string(settings.CreateAuthChallenge)
	})
	if i < 0 {
		return s, fmt.Errorf("stack %s has no function %s; give an assembly with an EmailOTP in it", plan.Stack,
			settings.CreateAuthChallenge)
	}
	f := plan.Functions[i]
	set, err := settings.Parse(settings.CreateAuthChallenge, func(name string) (string, bool) {
		value, ok := f.Environment[name]
		return value, ok
	})
	if err != nil {
		return s, fmt.Errorf("function %s: %w", f.LogicalID, err)
	}
	s = sourceOf(set)
	if f.Brand != "" {
		// The logos' paths are relative to the app's directory, which is the one of cdk.out as a
		// rule.
		s.Dir = filepath.Dir(c.Assembly)
		if s.Brand, err = brand.Parse([]byte(f.Brand)); err != nil {
			return s, fmt.Errorf("function %s: its brand: %w", f.LogicalID, err)
		}
		s.Config.AccentColor, s.Config.LogoURL = s.Brand.AccentColor, s.Brand.MailLogoURL
	}
	s.Compiled, err = besideProgram(f.Asset, contract.MailFile)
	if err != nil || s.Compiled == nil {
		return s, err
	}
	var file mail.File
	if err := json.Unmarshal(s.Compiled, &file); err != nil {
		return s, fmt.Errorf("function %s: %s: %w", f.LogicalID, contract.MailFile, err)
	}
	s.Config = file.Config
	return s, nil
}

// besideProgram reads a file of a function's asset, a directory or a zip; nil if there is none, or
// no asset.
func besideProgram(asset, name string) ([]byte, error) {
	data, err := readBeside(asset, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func readBeside(asset, name string) ([]byte, error) {
	info, err := os.Stat(asset)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return os.ReadFile(filepath.Join(asset, name))
	}
	archive, err := zip.OpenReader(asset)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", asset, err)
	}
	defer archive.Close()
	f, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
