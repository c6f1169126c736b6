package compile

import (
	"errors"
	"fmt"
	html "html/template"
	"slices"
	"strings"
	text "text/template"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// cognitoTemplates are an importer's for one of the mails that Cognito itself sends; nil where
// there is none.
type cognitoTemplates struct {
	subject *text.Template
	html    *html.Template
}

// cognitoForms executes the templates of Cognito's mails for every language. All that is unknown
// then are Cognito's placeholders, which stand in the result as they are.
func (t *templates) cognitoForms(r *mail.Renderer) (map[string]mail.Form, error) {
	all := map[string]mail.Form{}
	var errs []error
	for _, kind := range mail.CognitoKinds() {
		of := t.cognito[kind]
		if of.subject == nil && of.html == nil {
			continue
		}
		for _, language := range r.Languages() {
			tag := r.CognitoLanguage(language)
			if _, isDone := all[mail.CognitoKey(tag, kind)]; isDone {
				continue
			}
			form, found := of.execute(r, kind, tag)
			all[mail.CognitoKey(tag, kind)] = form
			for _, err := range found {
				if !slices.ContainsFunc(errs, func(e error) bool { return strings.HasPrefix(e.Error(), err.Error()) }) {
					errs = append(errs, fmt.Errorf("%w (language %s)", err, tag))
				}
			}
		}
	}
	return all, errors.Join(errs...)
}

// execute returns what the templates write, and what is wrong with it.
func (t cognitoTemplates) execute(r *mail.Renderer, kind mail.CognitoKind, tag string) (form mail.Form, errs []error) {
	if t.subject != nil {
		d, err := r.CognitoText(kind, tag)
		if err != nil {
			return form, []error{err}
		}
		var b strings.Builder
		err = templateError(t.subject.Execute(&b, d))
		form.Subject = strings.TrimSpace(b.String())
		if err == nil {
			err = checkCognito(kind, mail.SubjectTemplate, mail.CognitoMail{Subject: form.Subject})
		}
		errs = append(errs, list(err)...)
	}
	if t.html == nil {
		return form, errs
	}
	d, err := mail.CognitoHTML[html.HTML](r, kind, tag)
	if err != nil {
		return form, append(errs, err)
	}
	var b strings.Builder
	if err := templateError(t.html.Execute(&b, d)); err != nil {
		return form, append(errs, err)
	}
	form.HTML = b.String()
	file, visible := mail.CognitoTemplate(kind, mail.HTMLTemplate), textOf(form.HTML)
	problems := bodyProblems(file, "HTML", "", visible, mail.CodePlaceholder)
	if kind == mail.Invitation && !strings.Contains(visible, mail.UsernamePlaceholder) {
		problems = append(problems, fmt.Errorf("%s: the HTML doesn't show the user's name, which Cognito requires; write %s "+
			"where it belongs", file, mail.UsernamePlaceholder))
	}
	if len(problems) == 0 {
		problems = list(checkCognito(kind, mail.HTMLTemplate, mail.CognitoMail{HTML: form.HTML}))
	}
	return form, append(errs, problems...)
}

// checkCognito names the template of what Cognito would refuse.
func checkCognito(kind mail.CognitoKind, file string, m mail.CognitoMail) error {
	name := mail.CognitoTemplate(kind, file)
	if file == mail.SubjectTemplate && m.Subject == "" {
		return fmt.Errorf("%s: the subject is empty", name)
	}
	if err := m.Check(kind); err != nil {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), mail.SubjectTemplate+": "))
	}
	return nil
}
