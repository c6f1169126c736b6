package mail

import (
	"slices"
	"time"
	_ "time/tzdata" // Lambda's provided.al2023 has no time zone database. 450 kB, read only where it is needed.

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// Data is what a template can use. T is string for Subject and Text, and html/template's HTML,
// escaped already, for HTML. All values are ready to print; one that doesn't apply to the mail at
// hand is empty.
type Data[T ~string] struct {
	// Language is the mail's language as a BCP 47 tag, Dir its direction ("ltr" or "rtl"), and
	// Align the side at which its lines begin ("left" or "right").
	Language, Dir, Align string
	// ProductName, LogoText, SupportAddress and Footer are Config's.
	ProductName, LogoText, SupportAddress, Footer string
	// LogoURL is Config's.
	LogoURL string
	// Accent is the accent colour on white, AccentDark the one on the dark background; both as
	// #rrggbb.
	Accent, AccentDark string
	// Code is the code's digits without spaces. Groups is the same in groups.
	Code   string
	Groups []string
	// Grouped is the code to show: in groups, held left to right, and in HTML such that selecting
	// it copies the digits alone.
	Grouped T
	// Long reports a code that is longer than usual.
	Long bool
	// Minutes is how long the code is valid, rounded down; 0 is "less than a minute".
	Minutes int
	// Time and Zone are the time of day and the time zone of the request for the code.
	Time, Zone string
	// Domain is the host that a browser may offer the code on.
	Domain string
	// Text holds the strings of the language, with all values filled in.
	Text Phrases[T]
}

// Phrases are [Strings] with their values filled in: those that go with the mail at hand.
type Phrases[T ~string] struct {
	// Subject is the subject, Preview what a list of mails shows beside it.
	Subject, Preview T
	Heading, Intro   T
	Expires          T
	// LongCode is why the code is long, or what the longer code beside it is and when to enter it.
	// It is empty for a short code alone.
	LongCode T
	// Requested is empty if the time of the request isn't known.
	Requested T
	Secret    T
	// NotYou is the advice that goes with the mode.
	NotYouTitle, NotYou T
	// Support is empty without a support address.
	Support T
	// Footer is the reason for the mail; Config.Footer is Data.Footer.
	Footer T
}

// A value is a value by the name that a layout has for it.
type value struct{ name, text string }

// values are what the built-in layouts can use of d, in the order of [valueIndex]. Long is for
// conditions.
func values(d *Data[string]) []value {
	long := ""
	if d.Long {
		long = "true"
	}
	return []value{
		{".Language", d.Language}, {".Dir", d.Dir}, {".Align", d.Align}, {".LogoText", d.LogoText},
		{".LogoURL", d.LogoURL}, {".Footer", d.Footer},
		{".Accent", d.Accent}, {".AccentDark", d.AccentDark}, {".Code", d.Code}, {".Grouped", d.Grouped}, {".Long", long},
		{".Domain", d.Domain}, {".Text.Subject", d.Text.Subject}, {".Text.Preview", d.Text.Preview},
		{".Text.Heading", d.Text.Heading}, {".Text.Intro", d.Text.Intro}, {".Text.Expires", d.Text.Expires},
		{".Text.LongCode", d.Text.LongCode}, {".Text.Requested", d.Text.Requested}, {".Text.Secret", d.Text.Secret},
		{".Text.NotYouTitle", d.Text.NotYouTitle}, {".Text.NotYou", d.Text.NotYou}, {".Text.Support", d.Text.Support},
		{".Text.Footer", d.Text.Footer},
	}
}

// valueIndex returns where [values] has the value called name, and a negative number if it has
// none.
func valueIndex(name string) int {
	return slices.IndexFunc(values(&Data[string]{}), func(v value) bool { return v.name == name })
}

// Facts are a message's values, worked out once for all parts of the mail.
type Facts struct {
	// Kind is what the mail is about.
	Kind Kind
	// Language is the mail's language as a BCP 47 tag, Dir its direction.
	Language string
	Dir      locale.Direction
	// Code is the code, and Minutes its validity in whole minutes.
	Code    string
	Minutes int
	// Fallback is the longer code beside it, empty for none.
	Fallback string
	// Time and Zone are those of the request, as the language writes them; empty if they aren't
	// known.
	Time, Zone string
}

// Facts returns the values of m, which has to be well-formed.
func (r *Renderer) Facts(m Message) Facts { return r.facts(m, r.matcher.Match(m.Locale)) }

func (r *Renderer) facts(m Message, tag string) Facts {
	tag = m.Kind.languageOf(tag)
	f := Facts{Kind: m.Kind, Language: tag, Dir: locale.DirectionOf(tag), Code: m.Code,
		Fallback: m.Fallback, Minutes: max(0, int(m.ExpiresIn/time.Minute))}
	if !m.RequestedAt.IsZero() {
		at := m.RequestedAt.In(zone(m.Zoneinfo))
		f.Time, f.Zone = locale.TimeOfDay(at, tag, m.Locale), zoneName(at.Location())
	}
	return f
}

func (f *Facts) long() bool { return len(f.Code) >= LongCode }

// choose returns the strings that go with the mail at hand, their values still to be filled in.
func (r *Renderer) choose(s *Strings, f Facts) (Phrases[string], error) {
	p := Phrases[string]{
		Subject: s.Subject, Heading: s.Heading, Intro: s.Intro, Expires: s.ExpiresSoon,
		Secret: s.Secret, NotYouTitle: s.NotYouTitle, NotYou: s.NotYou, Footer: s.Footer,
	}
	if f.Minutes > 0 {
		p.Expires = s.expires(f.Language, f.Minutes)
	}
	p.Preview = s.Heading + " · " + p.Expires
	if r.config.CodeInSubject {
		p.Subject = s.SubjectWithCode
		p.Preview = "{code} · " + p.Expires
	}
	switch {
	case f.long():
		p.LongCode = s.LongCode
	case f.Fallback != "":
		p.LongCode = s.FallbackCode
	}
	if f.Time != "" {
		p.Requested = s.Requested
	}
	if r.config.Mode == Password {
		p.NotYou = s.NotYouPassword
	}
	if r.config.SupportAddress != "" {
		p.Support = s.Support
	}
	err := f.Kind.about(&p, f.Language)
	return p, err
}

// expires returns the wording for n minutes.
func (s *Strings) expires(tag string, n int) string {
	if form, ok := s.Expires[string(locale.PluralOf(tag, n))]; ok {
		return form
	}
	return s.Expires[string(locale.Other)]
}

// convert maps every phrase of p.
func convert[T ~string](p Phrases[string], each func(string) T) Phrases[T] {
	return Phrases[T]{
		Subject: each(p.Subject), Preview: each(p.Preview), Heading: each(p.Heading), Intro: each(p.Intro),
		Expires: each(p.Expires), LongCode: each(p.LongCode), Requested: each(p.Requested), Secret: each(p.Secret),
		NotYouTitle: each(p.NotYouTitle), NotYou: each(p.NotYou), Support: each(p.Support), Footer: each(p.Footer),
	}
}

// data returns what the templates of both kinds see.
func data[T ~string](c *Config, accentDark string, f Facts, grouped T, text Phrases[T]) *Data[T] {
	d := &Data[T]{
		Language: f.Language, Dir: string(f.Dir), Align: "left",
		ProductName: c.ProductName, LogoText: c.LogoText, LogoURL: c.LogoURL, SupportAddress: c.SupportAddress,
		Footer: c.Footer, Accent: c.AccentColor, AccentDark: accentDark,
		Code: f.Code, Groups: groups(f.Code), Grouped: grouped, Long: f.long(),
		Minutes: f.Minutes, Time: f.Time, Zone: f.Zone, Domain: c.Origin, Text: text,
	}
	if f.Dir == locale.RTL {
		d.Align = "right"
	}
	if f.Kind != SignIn {
		d.Domain = "" // a browser would offer the code to a sign-in
	}
	return d
}
