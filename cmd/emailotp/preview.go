package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview/source"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview/text"
)

// previewPort is the gallery's.
const previewPort = 9320

func newPreview(s streams) *cobra.Command {
	var p mailPreview
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "Show the mails in a browser, in every language, by day and in dark mode",
		Long: `Serves a gallery of all mails on a loopback address until Ctrl-C, and reloads it when
a file that it is made from changes. With --out it writes the gallery as files, with
--check it lists the problems of the mails (exit code 1 if one must be mended).

The mails are those of the environment --stage of cdk.json; where there is none, of a
product called Example. --config reads another configuration, --assembly the output of
cdk synth, as its function would mail it. --templates puts a directory of templates and
texts on top, as the construct's Mail.Directory does.`,
		Example: `  emailotp preview
  emailotp preview --templates mail/ --stage prod
  emailotp preview --assembly cdk.out --stack Shop --check
  emailotp preview --out build/mails`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.streams, p.StageGiven = s, cmd.Flags().Changed("stage")
			if err := p.valid(); err != nil {
				return usage(cmd, err)
			}
			return p.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&p.Config, "config", "", "file with the mail's configuration as JSON")
	flags.StringVar(&p.Assembly, "assembly", "", "cloud assembly whose mails to show")
	flags.StringVar(&p.Stack, "stack", "", "stack, where the assembly has several")
	flags.StringVar(&p.Stage, "stage", "dev", "environment of cdk.json")
	flags.StringVar(&p.Templates, "templates", "",
		"directory with subject.tmpl, text.tmpl, html.tmpl and texts such as sv.json")
	flags.StringVar(&p.Mode, "mode", "", "password or passwordless; by default what is configured, or both")
	flags.StringVar(&p.out, "out", "", "directory to write the gallery to, instead of serving it")
	flags.BoolVar(&p.check, "check", false, "check the mails, instead of serving the gallery")
	flags.IntVar(&p.port, "port", previewPort, "port of the gallery; 0 takes a free one")
	flags.BoolVar(&p.json, "json", false, "print JSON")
	return cmd
}

// mailPreview is one run of the command.
type mailPreview struct {
	streams
	source.Choice
	out         string
	check, json bool
	port        int
}

// valid reports every wrong flag at once.
func (p *mailPreview) valid() error {
	var errs []error
	if p.Mode != "" && p.Mode != string(mail.Password) && p.Mode != string(mail.Passwordless) {
		errs = append(errs, fmt.Errorf("--mode must be password or passwordless (received: %q)", p.Mode))
	}
	if p.port < 0 || p.port > 65535 {
		errs = append(errs, fmt.Errorf("--port must be 1 to 65535, or 0 for a free one (received: %d)", p.port))
	}
	if p.Config != "" && p.Assembly != "" || p.StageGiven && p.Config+p.Assembly != "" {
		errs = append(errs, errors.New("--config, --assembly and --stage exclude each other; give one of them"))
	}
	if p.Stack != "" && p.Assembly == "" {
		errs = append(errs, errors.New("--stack goes with --assembly; leave it out"))
	}
	return errors.Join(errs...)
}

func (p *mailPreview) run(ctx context.Context) error {
	if !p.check && p.out == "" {
		return p.serve(ctx)
	}
	mails, err := p.Read()
	if err != nil {
		return err
	}
	if p.out != "" {
		if err := preview.Write(mails, p.out); err != nil {
			return err
		}
		if !p.check {
			return p.say(struct {
				Index string `json:"index"`
			}{filepath.Join(p.out, "index.html")}, "wrote "+filepath.Join(p.out, "index.html"))
		}
	}
	return p.report(mails)
}

// say prints one line, or v as JSON.
func (p *mailPreview) say(v any, line string) error {
	if p.json {
		return json.NewEncoder(p.streams.out).Encode(v)
	}
	_, err := fmt.Fprintln(p.streams.out, line)
	return err
}

func (p *mailPreview) serve(ctx context.Context) error {
	// A problem at the start is an error of the command; the gallery shows later ones.
	if _, err := p.Read(); err != nil {
		return err
	}
	l, err := loopback.Listen(ctx, p.port, "the gallery", "--port")
	if err != nil {
		return err
	}
	server := loopback.Serve(l, loopback.Guard(preview.NewHandler(p.Read)), slog.New(slog.DiscardHandler))
	err = p.say(struct {
		URL string `json:"url"`
	}{server.URL()}, "the mails are at "+server.URL()+"; Ctrl-C stops")
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, server.Close())
}

// report checks the mails and prints the findings.
func (p *mailPreview) report(mails preview.Source) error {
	reports, warnings, err := preview.Check(mails)
	if err != nil {
		return err
	}
	c := text.Checked{Mails: reports, Warnings: append([]compile.Warning{}, warnings...)}
	found := len(warnings)
	for _, r := range reports {
		found += len(r.Findings)
		for _, f := range r.Findings {
			if f.Severity == check.Error {
				c.Errors++
			}
		}
	}
	if p.json {
		err = json.NewEncoder(p.streams.out).Encode(c)
	} else {
		err = c.Print(p.streams.out)
	}
	if err == nil && c.Errors > 0 {
		err = fmt.Errorf("%d of %d findings must be mended before the mails are sent", c.Errors, found)
	}
	return err
}
