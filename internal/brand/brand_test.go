package brand_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

func whole(n int) *int { return &n }

func TestMistakesNameTheFieldTheValueAndTheRemedy(t *testing.T) {
	for _, c := range []struct {
		b    brand.Brand
		want string
	}{
		{brand.Brand{AccentColor: "#ffee00"}, `AccentColor must have a contrast of 4.5 to 1 on white (received: "#ffee00", which has 1.2)`},
		{brand.Brand{AccentColor: "blue"}, `AccentColor: "blue" is no colour`},
		{brand.Brand{CornerRadius: whole(33)}, "CornerRadius must be 0 to 32 pixels (received: 33)"},
		{brand.Brand{CornerRadius: whole(-1)}, "CornerRadius must be 0 to 32 pixels (received: -1)"},
		{brand.Brand{FontFamilies: []string{`Inter"; } * {`}}, "FontFamilies must be names of letters"},
		{brand.Brand{FontFamilies: make([]string, 9)}, "FontFamilies must have at most 8 names (received: 9)"},
		{brand.Brand{DarkLogo: "dark.svg"}, "DarkLogo goes with Logo"},
		{brand.Brand{TermsURL: "javascript:alert(1)"}, "TermsURL must be an https URL"},
		{brand.Brand{PrivacyURL: "http://www.example.com/"}, "PrivacyURL must be an https URL"},
		{brand.Brand{SupportURL: "mailto:"}, "SupportURL must be an https or mailto URL"},
		{brand.Brand{MailLogoURL: "https://user@www.example.com/"}, "MailLogoURL must be an https URL"},
	} {
		if err := c.b.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.b, err, c.want)
		}
	}
	all := brand.Brand{AccentColor: "x", CornerRadius: whole(99), TermsURL: "x"}.Validate()
	if all == nil || strings.Count(all.Error(), "\n") != 2 {
		t.Errorf("three mistakes give %v, want all of them", all)
	}
	good := brand.Brand{AccentColor: "#8a1c4a", CornerRadius: whole(0), FontFamilies: []string{"Inter", "Segoe UI"},
		TermsURL: "https://www.example.com/terms", SupportURL: "mailto:help@example.com"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := brand.Parse([]byte(`{"acentColor": "#123456"}`)); err == nil ||
		!strings.Contains(err.Error(), "acentColor") {
		t.Errorf("an unknown key gives %v", err)
	}
}

func TestALogoIsAPictureAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"good.svg": {`<?xml version="1.0"?><!-- c --><svg xmlns="http://www.w3.org/2000/svg"><defs><path id="a"/></defs><use href="#a"/></svg>`, ""},
		"good.png": {"\x89PNG\r\n\x1a\n", ""}, "good.jpg": {"\xff\xd8\xff\xe0", ""},
		"script.svg":  {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "must have no <script>"},
		"handler.svg": {`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "must have no attribute onload"},
		"remote.svg":  {`<svg xmlns="http://www.w3.org/2000/svg"><image href="https://example.com/x.png"/></svg>`, "must have no attribute href"},
		"foreign.svg": {`<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>`, "must have no <foreignObject>"},
		"entity.svg":  {`<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>`, "must have no entities"},
		"page.html":   {`<!doctype html><svg></svg>`, "must be a PNG, JPEG, WebP or SVG picture"},
		"html.svg":    {`<html><svg></svg></html>`, "must be a PNG, JPEG, WebP or SVG picture"},
		"empty.png":   {"", "must be a PNG, JPEG, WebP or SVG picture"},
		"half.svg":    {`<svg xmlns="http://www.w3.org/2000/svg"><g>`, "must be a PNG, JPEG, WebP or SVG picture"},
		"huge.png":    {"\x89PNG\r\n\x1a\n" + strings.Repeat("x", brand.MaxLogoBytes), "must be a file of at most 65536 bytes"},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		look, err := brand.Brand{Logo: name}.Look(dir)
		switch {
		case c.want == "" && (err != nil || string(look.Logo.Body) != c.content):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "Logo ")):
			t.Errorf("%s: %v, want Logo and %s", name, err, c.want)
		}
	}
	if _, err := (brand.Brand{Logo: "none.png"}).Look(dir); err == nil ||
		!strings.Contains(err.Error(), "must name a file") {
		t.Errorf("a missing file gives %v", err)
	}
}

// Whatever the accent is, letters on the button and links on both backgrounds can be read.
func TestEveryDerivedColourCanBeRead(t *testing.T) {
	for _, accent := range []string{"#000", "#3a57c4", "#8a1c4a", "#00695c", "#767676", "#5b0", "#b00020"} {
		if (brand.Brand{AccentColor: accent}).Validate() != nil {
			continue
		}
		for what, c := range map[string]struct{ a, b string }{
			"a link in dark mode":             {mail.Dark(accent), "#191c25"},
			"the button's letters":            {"#ffffff", accent},
			"the button's letters, dark mode": {"#ffffff", mail.Button(accent)},
		} {
			if ratio, err := mail.Contrast(c.a, c.b); err != nil || ratio < mail.MinContrast {
				t.Errorf("%s: %s has a contrast of %.2f (%v), want %.1f", accent, what, ratio, err, mail.MinContrast)
			}
		}
	}
}
