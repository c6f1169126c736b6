package preview

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// The gallery loads nothing but itself. A mail in it loads nothing at all and runs nothing: it is
// in a sandboxed frame besides.
const (
	galleryPolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
	// The page's own policy but for its API: the preview calls nothing, and its languages are data.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)

//go:embed pages/style.css
var styleSheet []byte

//go:embed pages/pages.tmpl
var pagesTemplate string

// site is the gallery's files, by path with forward slashes.
type site map[string][]byte

// view is what the gallery's pages show.
type view struct {
	Policy    string
	Script    bool // whether the page reloads by itself
	Problem   string
	Warnings  []compile.Warning
	Languages []languageView
	Language  languageView // on a language's own page
	Stills    []webbundle.Still
}

type languageView struct {
	Tag, Name string
	Dir       locale.Direction
	Samples   []sample
}

// addPage adds the sign-in page, which shows the state of its query.
func (s site) addPage(source Source) error {
	if err := source.Brand.Validate(); err != nil {
		return fmt.Errorf("brand: %w", err)
	}
	look, err := source.Brand.Look(source.Dir)
	if err != nil {
		return fmt.Errorf("brand: %w", err)
	}
	settings := webbundle.Settings{Mode: string(source.mode()), Product: source.Config.ProductName,
		SignUp: source.mode() == mail.Passwordless, Links: source.Brand.Links()}
	files, err := webbundle.BuildPreview(web.Sources(), look, settings)
	for _, f := range files {
		s["page/"+f.Name] = f.Body
	}
	return err
}

// newSite renders the gallery of source.
func newSite(source Source, script bool) (site, error) {
	all, warnings, err := source.samples()
	if err != nil {
		return nil, err
	}
	v := view{Policy: galleryPolicy, Script: script, Warnings: warnings, Languages: byLanguage(all),
		Stills: webbundle.Stills(string(source.Config.Mode))}
	if script {
		v.Policy += "; script-src 'self'; connect-src 'self'"
	}
	out := site{"style.css": styleSheet}
	if err := out.addPage(source); err != nil {
		return nil, err
	}
	pages, err := template.New("pages").Parse(pagesTemplate)
	if err != nil {
		return nil, err
	}
	if err := out.page(pages, "index", "index.html", v); err != nil {
		return nil, err
	}
	for _, l := range v.Languages {
		v.Language = l
		if err := out.page(pages, "language", l.Tag+".html", v); err != nil {
			return nil, err
		}
		for _, s := range l.Samples {
			if err := out.mail(s); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// problemSite is the gallery of a configuration that can't be rendered, with the reason.
func problemSite(problem error) (site, error) {
	pages, err := template.New("pages").Parse(pagesTemplate)
	if err != nil {
		return nil, err
	}
	out := site{"style.css": styleSheet}
	v := view{Policy: galleryPolicy + "; script-src 'self'; connect-src 'self'", Script: true, Problem: problem.Error()}
	return out, out.page(pages, "problem", "index.html", v)
}

func (s site) page(pages *template.Template, name, path string, v view) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		return fmt.Errorf("gallery: %w", err)
	}
	s[path] = b.Bytes()
	return nil
}

// mail adds the files of one mail: its HTML with dark mode off and on whatever the browser's own
// setting is, its plain text, and the message as it goes over the wire.
func (s site) mail(m sample) error {
	source, err := m.Mail.MIME(requestedAt())
	if err != nil {
		return err
	}
	path := "mails/" + m.Name()
	s[path+".light.html"] = []byte(fenced(strings.ReplaceAll(m.Mail.HTML, "(prefers-color-scheme: dark)", "not all")))
	s[path+".dark.html"] = []byte(fenced(strings.ReplaceAll(m.Mail.HTML, "(prefers-color-scheme: dark)", "all")))
	if m.Mail.Text != "" {
		s[path+".txt"] = []byte(m.Mail.Text + "\n")
	}
	s[path+".eml"] = source
	return nil
}

// fenced puts the policy into the mail itself, since files have no headers.
func fenced(markup string) string {
	meta := `<meta http-equiv="Content-Security-Policy" content="` + mailPolicy + `">`
	if before, after, ok := strings.Cut(markup, "<head>"); ok {
		return before + "<head>" + meta + after
	}
	return meta + markup
}

func byLanguage(all []sample) []languageView {
	var out []languageView
	index := map[string]int{}
	for _, s := range all {
		i, ok := index[s.Language]
		if !ok {
			i = len(out)
			index[s.Language] = i
			out = append(out, languageView{Tag: s.Language, Name: locale.Name(s.Language), Dir: locale.DirectionOf(s.Language)})
		}
		out[i].Samples = append(out[i].Samples, s)
	}
	return out
}

// Write renders the gallery of source into dir, which it makes if need be. Open index.html in a
// browser.
func Write(source Source, dir string) error {
	files, err := newSite(source, false)
	if err != nil {
		return err
	}
	for path, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return fmt.Errorf("gallery: %w", err)
		}
		if err := os.WriteFile(file, content, 0o666); err != nil {
			return fmt.Errorf("gallery: %w", err)
		}
	}
	return nil
}
