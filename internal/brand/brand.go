// Package brand has the look that the sign-in page and the mail share: its rules, and what the page
// makes of it.
package brand

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// The limits of a brand. Beyond a radius of 32 pixels fields look like pills and their texts touch
// the edge. Logos are part of the page, whose weight they must not double.
const (
	MaxCornerRadius = 32
	MaxLogoBytes    = 64 << 10
	maxFonts        = 8
)

// A Brand is the look of the sign-in page and the mail. The zero value is the look that ships. The
// JSON names are the keys of cdk.json. The brand's name is the prop ProductName.
type Brand struct {
	// Logo is the file of the page's logo: PNG, JPEG, WebP or SVG of at most 64 KiB. Its path is
	// relative to the directory in which the app is synthesised. Empty for an envelope.
	Logo string `json:"logo,omitempty"`
	// DarkLogo is the logo in dark mode; empty for Logo.
	DarkLogo string `json:"darkLogo,omitempty"`
	// MailLogoURL is the https URL of the mail's logo, a PNG that is shown 32 pixels high. Mail
	// programs fetch it from there, and many do so only when asked. Empty for ProductName as text.
	MailLogoURL string `json:"mailLogoUrl,omitempty"`
	// AccentColor is the colour of buttons and links, and of the mail's bar, as #rrggbb or #rgb,
	// with a contrast of 4.5 to 1 on white. Empty for #3a57c4.
	// The colours for dark mode are derived from it.
	AccentColor string `json:"accentColor,omitempty"`
	// CornerRadius is the radius of the page's card in CSS pixels, 0 to 32; fields and buttons have
	// 60 percent of it. nil for 20.
	CornerRadius *int `json:"cornerRadius,omitempty"`
	// FontFamilies are fonts of the user's device that the page prefers, such as "Inter", at most
	// 8. Empty for the device's own.
	FontFamilies []string `json:"fontFamilies,omitempty"`
	// TermsURL, PrivacyURL and SupportURL are https URLs that the page links to; SupportURL may be
	// a mailto URL. Empty for no link.
	TermsURL   string `json:"termsUrl,omitempty"`
	PrivacyURL string `json:"privacyUrl,omitempty"`
	SupportURL string `json:"supportUrl,omitempty"`
}

// Links are the brand's links in the page's settings.
type Links struct {
	Terms   string `json:"terms,omitempty"`
	Privacy string `json:"privacy,omitempty"`
	Support string `json:"support,omitempty"`
}

// Links returns the links; nil where there are none.
func (b Brand) Links() *Links {
	l := Links{Terms: b.TermsURL, Privacy: b.PrivacyURL, Support: b.SupportURL}
	if l == (Links{}) {
		return nil
	}
	return &l
}

// Accent returns the accent colour.
func (b Brand) Accent() string { return cmp.Or(b.AccentColor, mail.DefaultAccentColor) }

// ChangesMail reports whether the mail differs from the one without a brand.
func (b Brand) ChangesMail() bool { return b.AccentColor != "" || b.MailLogoURL != "" }

// Parse reads a brand's JSON, and refuses unknown keys.
func Parse(data []byte) (Brand, error) {
	var b Brand
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Brand{}, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return b, nil
}

// Validate returns every problem of b but those of its files, which [Brand.Look] reads. Each begins
// with the field's name.
func (b Brand) Validate() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if ratio, err := mail.Contrast(b.Accent(), "#ffffff"); err != nil {
		add("AccentColor: %w", err)
	} else if ratio < mail.MinContrast {
		add("AccentColor must have a contrast of %.1f to 1 on white (received: %q, which has %.1f); take a darker one",
			mail.MinContrast, b.AccentColor, ratio)
	}
	if b.CornerRadius != nil && (*b.CornerRadius < 0 || *b.CornerRadius > MaxCornerRadius) {
		add("CornerRadius must be 0 to %d pixels (received: %d)", MaxCornerRadius, *b.CornerRadius)
	}
	if len(b.FontFamilies) > maxFonts {
		add("FontFamilies must have at most %d names (received: %d)", maxFonts, len(b.FontFamilies))
	}
	for _, f := range b.FontFamilies {
		if f == "" || len(f) > 64 || strings.Trim(f, letters) != "" {
			add("FontFamilies must be names of letters, digits, spaces and hyphens (received: %q)", f)
		}
	}
	if b.DarkLogo != "" && b.Logo == "" {
		add("DarkLogo goes with Logo (received: %q alone)", b.DarkLogo)
	}
	for _, u := range []struct{ name, value, schemes string }{{"MailLogoURL", b.MailLogoURL, "https"},
		{"TermsURL", b.TermsURL, "https"}, {"PrivacyURL", b.PrivacyURL, "https"}, {"SupportURL", b.SupportURL, "https mailto"}} {
		if u.value != "" && !isURL(u.value, u.schemes) {
			add("%s must be an %s URL of at most 2,000 characters, such as https://www.example.com/ (received: %q)", u.name,
				strings.ReplaceAll(u.schemes, " ", " or "), u.value)
		}
	}
	return errors.Join(errs...)
}

// letters are what a font's name may have. Quotes and backslashes would leave the style sheet's
// string.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -"

func isURL(s, schemes string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > 2000 || strings.ContainsAny(s, "\"'<>\\ \t\r\n") || u.User != nil {
		return false
	}
	for _, scheme := range strings.Fields(schemes) {
		if u.Scheme == scheme && (u.Host != "" || scheme == "mailto" && strings.Contains(u.Opaque, "@")) {
			return true
		}
	}
	return false
}
