package compile

import (
	"errors"
	"fmt"
	html "html/template"
	"reflect"
	"slices"
	"strings"
	text "text/template"
	"text/template/parse"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// templates are an importer's; nil where there is none.
type templates struct {
	subject, text *text.Template
	html          *html.Template
	// cognito are those of the mails that Cognito itself sends.
	cognito map[mail.CognitoKind]cognitoTemplates
}

func (t *templates) none() bool { return t.subject == nil && t.text == nil && t.html == nil }

// read parses t. The error has the mistakes of all templates.
func read(t mail.Templates) (out templates, err error) {
	var errs []error
	plain := func(name, source string) *text.Template {
		if source == "" {
			return nil
		}
		parsed, err := text.New(name).Option("missingkey=error").Parse(source)
		errs = append(errs, templateError(err), reserved(name, source))
		return parsed
	}
	markup := func(name, source string) *html.Template {
		if source == "" {
			return nil
		}
		parsed, err := html.New(name).Option("missingkey=error").Parse(source)
		errs = append(errs, templateError(err), reserved(name, source))
		return parsed
	}
	out.subject, out.text = plain(mail.SubjectTemplate, t.Subject), plain(mail.TextTemplate, t.Text)
	out.html = markup(mail.HTMLTemplate, t.HTML)
	out.cognito = map[mail.CognitoKind]cognitoTemplates{}
	for _, kind := range mail.CognitoKinds() {
		of := t.Of(kind)
		out.cognito[kind] = cognitoTemplates{plain(mail.CognitoTemplate(kind, mail.SubjectTemplate), of.Subject),
			markup(mail.CognitoTemplate(kind, mail.HTMLTemplate), of.HTML)}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out, errors.Join(errs...)
}

// A part is one template and how to execute it.
type part struct {
	file    string
	execute func(mail.Facts) (string, error)
	// check returns what is wrong with the result of executing it for a code.
	check func(out, code string) []error
	uses  uses
	into  func(*mail.Form) *string
}

// parts returns those that have a template.
func (t *templates) parts(r *mail.Renderer) (all []part) {
	if t.subject != nil {
		check := func(out, _ string) []error { return list(mail.CheckSubject(out)) }
		all = append(all, part{mail.SubjectTemplate, plain(r, t.subject), check, usesOf(textTrees(t.subject)...),
			func(f *mail.Form) *string { return &f.Subject }})
	}
	if t.text != nil {
		check := func(out, code string) []error { return bodyProblems(mail.TextTemplate, "plain text", out, out, code) }
		all = append(all, part{mail.TextTemplate, plain(r, t.text), check, usesOf(textTrees(t.text)...),
			func(f *mail.Form) *string { return &f.Text }})
	}
	if t.html != nil {
		check := func(out, code string) []error { return bodyProblems(mail.HTMLTemplate, "HTML", out, textOf(out), code) }
		// Executing it puts the escaping into its trees, so they are looked at before.
		all = append(all, part{mail.HTMLTemplate, markup(r, t.html), check, usesOf(htmlTrees(t.html)...),
			func(f *mail.Form) *string { return &f.HTML }})
	}
	return all
}

func list(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

func plain(r *mail.Renderer, t *text.Template) func(mail.Facts) (string, error) {
	return func(f mail.Facts) (string, error) {
		d, err := r.TextData(f)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		err = templateError(t.Execute(&b, d))
		return strings.TrimSpace(b.String()), err
	}
}

func markup(r *mail.Renderer, t *html.Template) func(mail.Facts) (string, error) {
	return func(f mail.Facts) (string, error) {
		d, err := mail.HTMLData[html.HTML](r, f)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		err = templateError(t.Execute(&b, d))
		return b.String(), err
	}
}

// textTrees returns the trees of t and of the templates that it defines, its own first.
func textTrees(t *text.Template) []*parse.Tree {
	trees := []*parse.Tree{t.Tree}
	for _, other := range t.Templates() {
		trees = append(trees, other.Tree)
	}
	return inOrder(trees)
}

func htmlTrees(t *html.Template) []*parse.Tree {
	trees := []*parse.Tree{t.Tree}
	for _, other := range t.Templates() {
		trees = append(trees, other.Tree)
	}
	return inOrder(trees)
}

// inOrder sorts all trees but the first by name.
func inOrder(trees []*parse.Tree) []*parse.Tree {
	trees = slices.DeleteFunc(trees, func(t *parse.Tree) bool { return t == nil || t.Root == nil })
	if len(trees) > 1 {
		slices.SortFunc(trees[1:], func(a, b *parse.Tree) int { return strings.Compare(a.Name, b.Name) })
	}
	return trees
}

// templateError words an error of a Go template as file, line, reason and remedy.
func templateError(err error) error {
	if err == nil {
		return nil
	}
	s := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "html/template:"), "template: ")
	for _, kind := range []string{"string", "html/template.HTML"} {
		s = strings.ReplaceAll(s, "in type *mail.Data["+kind+"]",
			"; a template can use "+fields(reflect.TypeFor[mail.Data[string]]()))
		s = strings.ReplaceAll(s, "in type mail.Phrases["+kind+"]",
			"; .Text has "+fields(reflect.TypeFor[mail.Phrases[string]]()))
	}
	return errors.New(strings.ReplaceAll(s, " ; ", "; "))
}

// fields returns what a template can use of t, as it writes it.
func fields(t reflect.Type) string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = "." + t.Field(i).Name
	}
	return strings.Join(names, ", ")
}
