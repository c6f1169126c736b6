package main

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

// source reads what the flags name, as it is now.
func (p *mailPreview) source() (preview.Source, error) {
	read := p.fromApp
	switch {
	case p.config != "":
		read = p.fromFile
	case p.assembly != "":
		read = p.fromAssembly
	}
	s, err := read()
	if err != nil {
		return s, err
	}
	if p.mode != "" && p.assembly == "" {
		s.Config.Mode = mail.Mode(p.mode)
	}
	if p.templates != "" {
		s.Compiled = nil
		if s.Config, err = s.Config.ReadFiles(os.DirFS(p.templates)); err != nil {
			return s, fmt.Errorf("--templates %s: %w", p.templates, err)
		}
	}
	return s, nil
}

// exampleMail is the brand of a preview without a configuration.
func exampleMail() settings.Mail {
	return settings.Mail{From: "no-reply@example.com", ProductName: "Example", SupportAddress: "support@example.com"}
}

func (p *mailPreview) fromFile() (preview.Source, error) {
	data, err := os.ReadFile(p.config)
	if err != nil {
		return preview.Source{}, fmt.Errorf("--config: %w", err)
	}
	c, err := mail.ParseConfig(data)
	if err != nil {
		return preview.Source{}, fmt.Errorf("%s:%w", p.config, err)
	}
	// Both are required in a mail, and a preview is of use without them.
	c.From, c.ProductName = cmp.Or(c.From, exampleMail().From), cmp.Or(c.ProductName, exampleMail().ProductName)
	return preview.Source{Config: c}, nil
}

// fromApp reads the environment of the CDK app around the working directory. An app that imports
// the construct has no environments; the preview then shows the mails of an example.
func (p *mailPreview) fromApp() (preview.Source, error) {
	e, app, found, err := p.environment()
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
func (p *mailPreview) environment() (s environments.Environment, app string, found bool, err error) {
	app, err = synth.Find(".")
	if err != nil {
		if p.stageGiven {
			return s, app, false, fmt.Errorf("--stage %s: %w", p.stage, err)
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
		if names[i] = e.Name; e.Name == p.stage {
			return e, app, true, nil
		}
	}
	switch {
	case p.stageGiven:
		return s, app, false, fmt.Errorf("--stage must be an environment of %s (received: %q); it has %s",
			file, p.stage, cmp.Or(strings.Join(names, ", "), "none"))
	case len(all) == 0:
		return s, app, false, nil
	}
	return all[0], app, true, nil
}

// fromAssembly reads the environment of the function that mails, and the file beside its program.
func (p *mailPreview) fromAssembly() (preview.Source, error) {
	var s preview.Source
	a, err := assembly.Load(p.assembly, "")
	if err != nil {
		return s, err
	}
	plan, err := a.Plan(assembly.Choice{Stack: p.stack, Mode: p.mode})
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
		// The logos' paths are relative to the app's directory, which is the one of cdk.out as a rule.
		s.Dir = filepath.Dir(p.assembly)
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
