package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// ReadFiles returns c with the templates and languages of a directory: subject.tmpl, text.tmpl and
// html.tmpl, those of [CognitoTemplate], and a file like sv.json with [Strings] for each language.
// All are optional; where c has the same already, the file wins. The error names every file that
// can't be used, with the line where it has one.
func (c Config) ReadFiles(fsys fs.FS) (Config, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return c, fmt.Errorf("templates: %w", err)
	}
	languages := map[string]Strings{}
	for tag, s := range c.Languages {
		languages[tag] = s
	}
	c.Languages = languages
	var errs []error
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := c.readFile(fsys, entry.Name()); err != nil {
			errs = append(errs, err)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return c, errors.Join(errs...)
}

// CognitoTemplate is the file name of a template of a mail that Cognito itself sends, such as
// invitation.html.tmpl.
func CognitoTemplate(kind CognitoKind, file string) string { return string(kind) + "." + file }

func (c *Config) readFile(fsys fs.FS, name string) error {
	files := map[string]*string{
		SubjectTemplate: &c.Templates.Subject, TextTemplate: &c.Templates.Text, HTMLTemplate: &c.Templates.HTML,
	}
	for _, kind := range CognitoKinds() {
		t := c.Templates.Of(kind)
		files[CognitoTemplate(kind, SubjectTemplate)], files[CognitoTemplate(kind, HTMLTemplate)] = &t.Subject, &t.HTML
	}
	into := files[name]
	if into == nil && path.Ext(name) != ".json" {
		return fmt.Errorf("%s: no such file is used; a directory of templates has %s, a file like de.json for each "+
			"language", name, strings.Join(slices.Sorted(maps.Keys(files)), ", "))
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if into != nil {
		if strings.TrimSpace(string(data)) == "" {
			return fmt.Errorf("%s: the template is empty; delete the file for the built-in one", name)
		}
		*into = string(data)
		return nil
	}
	tag, err := locale.Canonical(strings.TrimSuffix(name, ".json"))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var s Strings
	if err := strictJSON(data, &s); err != nil {
		return fmt.Errorf("%s:%w", name, err)
	}
	c.Languages[tag] = s
	return nil
}
