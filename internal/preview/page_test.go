package preview_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// still finds the names of the states in the page's source.
var still = regexp.MustCompile(`(?m)^  '?([a-z-]+)'?: \(\) => \(\{ state:`)

func TestThePagesStatesAreShownBesideTheMails(t *testing.T) {
	source, err := fs.ReadFile(web.Sources(), "src/preview.ts")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range still.FindAllSubmatch(source, -1) {
		known[string(m[1])] = true
	}
	for _, s := range webbundle.Stills("") {
		if !known[s.Name] {
			t.Errorf("src/preview.ts has no state %s", s.Name)
		}
		delete(known, s.Name)
	}
	for name := range known {
		t.Errorf("the preview doesn't show the state %s of src/preview.ts", name)
	}

	dir, logo := t.TempDir(), filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(logo, []byte("\x89PNG\r\n\x1a\nrest"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := config()
	c.Mode, c.ProductName = mail.Password, `Ex"ample`
	s := preview.Source{Config: c, Brand: brand.Brand{AccentColor: "#8a1c4a", Logo: logo,
		TermsURL: "https://www.example.com/terms"}}
	if err := preview.Write(s, dir); err != nil {
		t.Fatal(err)
	}
	language := read(t, dir, "de.html")
	for _, want := range []string{"state=new-password", "lang=de", "scheme=dark"} {
		if !strings.Contains(language, want) {
			t.Errorf("the page of German lacks %s", want)
		}
	}
	if strings.Contains(language, "state=sign-up") {
		t.Error("a state of the other mode is shown")
	}
	index := read(t, dir, "page/index.html")
	for _, want := range []string{`src="assets/logo-`, `href="assets/brand-`, `<script defer src="preview.js">`,
		"Ex\\&#34;ample", "https://www.example.com/terms"} {
		if !strings.Contains(index, want) {
			t.Errorf("the page lacks %s:\n%s", want, index)
		}
	}
	if script := read(t, dir, "page/preview.js"); strings.Contains(script, "AWSCognitoIdentityProviderService") {
		t.Error("the preview has the client of the pool")
	}
	s.Brand.AccentColor = "#ffee00"
	if err := preview.Write(s, dir); err == nil ||
		!strings.Contains(err.Error(), "AccentColor must have a contrast of 4.5") {
		t.Errorf("a colour that can't be read gives %v", err)
	}
}
