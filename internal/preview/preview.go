// Package preview shows the mails and the sign-in page of a configuration in a browser. The mails:
// every language, with a short and a long code, by day, in dark mode, on a narrow screen and as
// plain text. The page: every state, on a phone by day and in dark mode, and on a desktop.
//
// [Write] makes static files of it, which need no server. [NewHandler] serves the same pages and
// has them reload when the configuration changes. [Check] returns what is wrong with the mails.
package preview

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// The values that every preview shows, so that two of them can be compared.
const (
	recipient = "jane.doe@example.com"
	digits    = "12345678901234567890"
	zoneinfo  = "Europe/Berlin"
)

// requestedAt is the time of the request for the previewed codes.
func requestedAt() time.Time { return time.Date(2026, time.November, 21, 6, 30, 0, 0, time.UTC) }

// A Source is what there are mails of.
type Source struct {
	// Config is the configuration. If it leaves the mode open, the mails of both are shown where
	// they differ.
	Config mail.Config
	// Compiled is a mail.json to show in place of Config; nil for none.
	Compiled []byte
	// Brand is the look of the page, whose logos lie below Dir.
	Brand brand.Brand
	Dir   string
	// Code is the codes' length and validity; zero for [compile.DefaultCode].
	Code compile.Code
}

// A sample is one mail of the gallery.
type sample struct {
	Language string
	Mode     mail.Mode
	Length   string // of its code: "short", "long" or "both"
	Kind     string // a key of titles; empty for a sign-in code
	Mail     mail.Mail
	Findings []check.Finding
}

// Name is its files' name without extension: "de-password-long".
func (s sample) Name() string {
	if s.Kind != "" {
		return s.Language + "-" + s.Kind
	}
	return s.Language + "-" + string(s.Mode) + "-" + s.Length
}

// titles are what the gallery calls the mails that have no code of a sign-in, by their kind.
var titles = map[string]string{
	string(mail.Invitation):         "Cognito’s invitation (CustomMessages)",
	string(mail.Reset):              "Cognito’s reset code (CustomMessages)",
	string(mail.Confirmation):       "Cognito’s confirmation code (CustomMessages)",
	changeKind(mail.ChangeFrom):     "Changed address, to the present one (ChangeAddress)",
	changeKind(mail.ChangeTo):       "Changed address, to the new one (ChangeAddress)",
	changeKind(mail.AddressTaken):   "Changed address, to the owner of a taken one (ChangeAddress)",
	changeKind(mail.AddressChanged): "Changed address, the notice afterwards (ChangeAddress)",
}

// changeKind is the kind of a mail about a changed address.
func changeKind(k mail.Kind) string { return "address-" + string(k) }

// Title is what the gallery calls it.
func (s sample) Title() string {
	if title, ok := titles[s.Kind]; ok {
		return title
	}
	title := "Code alone"
	if s.Mode == mail.Password {
		title = "Password and code"
	}
	switch s.Length {
	case "long":
		return title + ", long code"
	case "both":
		return title + ", long code beside the short one"
	}
	return title
}

// renderers returns one for each mode to show.
func (s Source) renderers() (all []*mail.Renderer, warnings []compile.Warning, err error) {
	if s.Compiled != nil {
		r, err := mail.Load(s.Compiled)
		return []*mail.Renderer{r}, nil, err
	}
	modes := []mail.Mode{s.Config.Mode}
	if s.Config.Mode == "" {
		modes = []mail.Mode{mail.Passwordless, mail.Password}
	}
	for _, mode := range modes {
		s.Config.Mode = mode
		var r *mail.Renderer
		if r, warnings, err = compile.New(s.Config, s.Code); err != nil {
			return nil, nil, err
		}
		all = append(all, r)
	}
	return all, warnings, nil
}

// mode is the mode of the page: the passwordless one where both are shown.
func (s Source) mode() mail.Mode { return cmp.Or(s.Config.Mode, mail.Passwordless) }

// message is a message with a short code.
func (s Source) message(tag string) mail.Message {
	return mail.Message{To: recipient, Code: digits[:s.Code.Length], ExpiresIn: s.Code.TTL, RequestedAt: requestedAt(),
		Zoneinfo: zoneinfo, Locale: tag}
}

// samples renders everything there is to see of s.
func (s Source) samples() (all []sample, warnings []compile.Warning, err error) {
	if s.Code == (compile.Code{}) {
		s.Code = compile.DefaultCode()
	}
	renderers, warnings, err := s.renderers()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, r := range renderers {
		for _, tag := range r.Languages() {
			for _, length := range []string{"short", "long", "both"} {
				m := s.message(tag)
				switch length {
				case "long":
					m.Code = digits[:otp.LongDigits]
				case "both":
					m.Fallback = digits[:otp.LongDigits]
				}
				out, err := r.Render(m)
				if err != nil {
					return nil, nil, err
				}
				if key := tag + out.Subject + out.Text + out.HTML; !seen[key] {
					seen[key] = true
					all = append(all, sample{Language: tag, Mode: r.Mode(), Length: length, Mail: out,
						Findings: check.Check(out)})
				}
			}
		}
	}
	for _, tag := range renderers[0].Languages() {
		for _, kind := range mail.CognitoKinds() {
			out, err := cognitoSample(renderers[0], kind, tag)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, out)
		}
		for _, kind := range []mail.Kind{mail.ChangeFrom, mail.ChangeTo, mail.AddressTaken, mail.AddressChanged} {
			m := s.message(tag)
			if m.Kind = kind; !kind.HasCode() {
				m.Code = ""
			}
			out, err := renderers[0].Render(m)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, sample{Language: tag, Mode: renderers[0].Mode(), Kind: changeKind(kind), Mail: out,
				Findings: check.Check(out)})
		}
	}
	return all, warnings, nil
}

// temporary is the temporary password of the previewed invitations.
const temporary = "Kite7-Larch"

// cognitoSample is a mail that Cognito itself sends, its placeholders filled in. Cognito writes its
// headers and sends no plain text, so the rules about those have nothing to find.
func cognitoSample(r *mail.Renderer, kind mail.CognitoKind, tag string) (sample, error) {
	m, err := r.Cognito(kind, tag)
	if err != nil {
		return sample{}, err
	}
	code := digits[:6]
	if kind == mail.Invitation {
		code = temporary
	}
	body := strings.NewReplacer(mail.CodePlaceholder, code, mail.UsernamePlaceholder, recipient).Replace(m.HTML)
	out := mail.Mail{From: r.From(), To: recipient, Subject: m.Subject, HTML: body, Language: m.Language}
	found := slices.DeleteFunc(check.Check(out), func(f check.Finding) bool {
		return slices.Contains([]string{"plain-text", "alternatives", "headers"}, f.Rule)
	})
	return sample{Language: tag, Mode: r.Mode(), Kind: string(kind), Mail: out, Findings: found}, nil
}

// A Report is what was found in one mail.
type Report struct {
	// Language and Mode are the mail's; Code is "short", "long" or "both", or the kind of a mail
	// that Cognito itself sends ("invitation", "reset" or "confirmation") or that is about a
	// changed address ("address-present", "address-new", "address-taken" or "address-changed").
	Language string    `json:"language"`
	Mode     mail.Mode `json:"mode"`
	Code     string    `json:"code"`
	// Bytes is the size of the HTML.
	Bytes    int             `json:"bytes"`
	Findings []check.Finding `json:"findings"`
}

// Check checks every mail of s. The warnings name the strings that languages lack. It fails if
// there are no mails to check, since the configuration is wrong.
func Check(s Source) ([]Report, []compile.Warning, error) {
	all, warnings, err := s.samples()
	if err != nil {
		return nil, nil, err
	}
	reports := make([]Report, len(all))
	for i, m := range all {
		reports[i] = Report{Language: m.Language, Mode: m.Mode, Code: m.Length, Bytes: len(m.Mail.HTML),
			Findings: append([]check.Finding{}, m.Findings...)}
		if m.Kind != "" {
			reports[i].Code = m.Kind
		}
	}
	return reports, warnings, nil
}
