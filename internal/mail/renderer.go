package mail

import (
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// The names that templates have in errors and in a directory of templates.
const (
	SubjectTemplate = "subject.tmpl"
	TextTemplate    = "text.tmpl"
	HTMLTemplate    = "html.tmpl"
)

//go:embed layout/subject.tmpl
var subjectLayout string

//go:embed layout/text.tmpl
var textLayout string

//go:embed layout/html.tmpl
var htmlLayout string

// A Renderer writes mails. It is safe for concurrent use.
type Renderer struct {
	config     Config
	from       string
	tags       []Tag
	accentDark string
	matcher    *locale.Matcher
	layouts    layouts
	compiled   compiled

	mu        sync.Mutex
	languages map[string]*Strings // those used so far
}

// layouts are the built-in ones.
type layouts struct{ subject, text, html layout }

// New returns a renderer for c, which must have no Templates: package compile turns those into a
// file for [Load]. New parses the layout; a language is read when a mail first needs it. The error
// names everything that is wrong with c. New accepts whatever [Config.Validate] accepts.
func New(c Config) (*Renderer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Templates != (Templates{}) {
		return nil, errors.New("Templates must be compiled before mails can be written; load the mail.json that " +
			"compiling gives")
	}
	c = c.WithDefaults()
	l, err := parseLayouts()
	if err != nil {
		return nil, err
	}
	matcher, err := locale.NewMatcher(c.tags()...)
	if err != nil {
		return nil, fmt.Errorf("languages: %w", err)
	}
	accent, err := parseColor(c.AccentColor)
	if err != nil {
		return nil, err
	}
	r := &Renderer{
		config: c, from: formatFrom(c.FromName, c.From), accentDark: lightened(accent).String(),
		matcher: matcher, layouts: l, languages: map[string]*Strings{},
	}
	if c.FeedbackID != "" {
		// SES writes the Feedback-ID header itself, with the value of this tag.
		r.tags = []Tag{{"ses:feedback-id-a", c.FeedbackID}}
	}
	return r, nil
}

func parseLayouts() (l layouts, err error) {
	for _, each := range []struct {
		name, source string
		into         *layout
	}{{SubjectTemplate, subjectLayout, &l.subject}, {TextTemplate, textLayout, &l.text}, {HTMLTemplate, htmlLayout,
		&l.html}} {
		if *each.into, err = parseLayout(each.source); err != nil {
			return l, fmt.Errorf("%s:%w", each.name, err)
		}
	}
	return l, nil
}

// Languages returns the BCP 47 tags of the languages that r writes, the default one first, the
// others sorted.
func (r *Renderer) Languages() []string { return r.config.tags() }

// From returns the From header's value of every mail.
func (r *Renderer) From() string { return r.from }

// Mode returns the mode of the config.
func (r *Renderer) Mode() Mode { return r.config.Mode }

// Missing returns the keys of the strings that the language tag lacks, whose text is English.
func (r *Renderer) Missing(tag string) ([]string, error) {
	_, missing, err := resolve(r.config.Languages, tag)
	if err == nil && r.config.Languages[tag].Cognito != (CognitoStrings{}) {
		var more []string
		_, more, err = r.cognitoStrings(tag)
		missing = append(missing, more...)
	}
	return missing, err
}

// words returns the strings of the language tag, reading them on first use.
func (r *Renderer) words(tag string) (*Strings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.languages[tag]; ok {
		return s, nil
	}
	s, _, err := resolve(r.config.Languages, tag)
	if err != nil {
		return nil, err
	}
	r.languages[tag] = &s
	return &s, nil
}
