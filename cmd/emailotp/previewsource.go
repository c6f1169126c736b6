package main

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
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

// example stands in for a brand that isn't known.
func example() mail.Config {
	return mail.Config{Mail: settings.Mail{From: "no-reply@example.com", ProductName: "Example", SupportAddress: "support@example.com"}}
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
	// A preview needs neither to be of use.
	c.From, c.ProductName = cmp.Or(c.From, example().From), cmp.Or(c.ProductName, example().ProductName)
	return preview.Source{Config: c}, nil
}

// environment is what an environment of cdk.json says about the mail.
type environment struct {
	Mode           mail.Mode `json:"mode"`
	Sender         string    `json:"sender"`
	SenderName     string    `json:"senderName"`
	ReplyTo        string    `json:"replyTo"`
	ProductName    string    `json:"productName"`
	SupportAddress string    `json:"supportAddress"`
	DefaultLocale  string    `json:"defaultLocale"`
	CodeLength     int       `json:"codeLength"`
	CodeTTLSeconds int       `json:"codeTtlSeconds"`
}

// fromApp reads the environment of the CDK app around the working directory. An app that has none, as
// those have that import the construct, shows the mails of an example.
func (p *mailPreview) fromApp() (preview.Source, error) {
	e, found, err := p.environment()
	if err != nil || !found {
		return preview.Source{Config: example()}, err
	}
	code := compile.DefaultCode()
	code.Length = cmp.Or(e.CodeLength, code.Length)
	code.TTL = cmp.Or(time.Duration(e.CodeTTLSeconds)*time.Second, code.TTL)
	return preview.Source{Code: code, Config: mail.Config{Mode: e.Mode, Mail: settings.Mail{
		From: e.Sender, FromName: e.SenderName, ReplyTo: e.ReplyTo, DefaultLocale: e.DefaultLocale,
		ProductName: cmp.Or(e.ProductName, e.Sender[strings.LastIndex(e.Sender, "@")+1:]), SupportAddress: e.SupportAddress,
	}}}, nil
}

func (p *mailPreview) environment() (e environment, found bool, err error) {
	app, err := synth.Find(".")
	if err != nil {
		if p.stageGiven {
			return e, false, fmt.Errorf("--stage %s: %w", p.stage, err)
		}
		return e, false, nil
	}
	file := filepath.Join(app, "cdk.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return e, false, err
	}
	var cdk struct {
		Context struct {
			EmailOTP map[string]json.RawMessage `json:"emailotp"`
		} `json:"context"`
	}
	if err := json.Unmarshal(data, &cdk); err != nil {
		return e, false, fmt.Errorf("%s: %w", file, err)
	}
	names := slices.Sorted(maps.Keys(cdk.Context.EmailOTP))
	raw, found := cdk.Context.EmailOTP[p.stage]
	switch {
	case !found && p.stageGiven:
		return e, false, fmt.Errorf("--stage must be an environment of %s (received: %q); it has %s", file, p.stage, cmp.Or(strings.Join(names, ", "), "none"))
	case len(names) == 0:
		return e, false, nil
	case !found:
		raw = cdk.Context.EmailOTP[names[0]]
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, false, fmt.Errorf("%s: environment %s: %w", file, p.stage, err)
	}
	return e, true, nil
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
	i := slices.IndexFunc(plan.Functions, func(f assembly.Function) bool { return f.Folder == string(settings.CreateAuthChallenge) })
	if i < 0 {
		return s, fmt.Errorf("stack %s has no function %s; give an assembly with an EmailOTP in it", plan.Stack, settings.CreateAuthChallenge)
	}
	f := plan.Functions[i]
	set, err := settings.Parse(settings.CreateAuthChallenge, func(name string) (string, bool) {
		value, ok := f.Environment[name]
		return value, ok
	})
	if err != nil {
		return s, fmt.Errorf("function %s: %w", f.LogicalID, err)
	}
	s.Config, s.Code = trigger.MailConfig(set), compile.Code{Length: set.CodeLength, TTL: set.CodeTTL}
	s.Compiled, err = besideProgram(f.Asset, trigger.MailFile)
	if err != nil || s.Compiled == nil {
		return s, err
	}
	var file mail.File
	if err := json.Unmarshal(s.Compiled, &file); err != nil {
		return s, fmt.Errorf("function %s: %s: %w", f.LogicalID, trigger.MailFile, err)
	}
	s.Config = file.Config
	return s, nil
}

// besideProgram reads a file of a function's asset, a directory or a zip; nil if there is none, or no asset.
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
