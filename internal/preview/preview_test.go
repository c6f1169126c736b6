package preview_test

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/preview"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func config() mail.Config {
	return mail.Config{
		Mail:   settings.Mail{From: "codes@example.com", ProductName: "Example", SupportAddress: "help@example.com"},
		Footer: "Example, 1 Example Street, 12345 Example", Origin: "id.example.com",
	}
}

func TestWriteShowsEveryLanguageModeAndCode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	if err := preview.Write(preview.Source{Config: config()}, dir); err != nil {
		t.Fatal(err)
	}
	for _, tag := range locale.Shipped() {
		page := read(t, dir, tag+".html")
		for _, name := range []string{"-passwordless-short", "-passwordless-long", "-passwordless-both",
			"-password-short", "-password-long"} {
			for _, suffix := range []string{".light.html", ".dark.html", ".eml"} {
				file := "mails/" + tag + name + suffix
				if !strings.Contains(page, `"`+file+`"`) {
					t.Errorf("the page of %s doesn't show %s", tag, file)
				}
				if read(t, dir, file) == "" {
					t.Errorf("%s is empty", file)
				}
			}
		}
		if !strings.Contains(read(t, dir, "index.html"), `href="`+tag+`.html"`) {
			t.Errorf("the overview lacks %s", tag)
		}
	}
	// Cognito's own mails have no plain text, so their files have none either.
	if _, err := os.Stat(filepath.Join(dir, "mails", "de-reset.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a plain text that no mail has: %v", err)
	}
	source := read(t, dir, "mails/de-reset.eml")
	if strings.Contains(source, "text/plain") || !strings.Contains(source, "text/html") {
		t.Errorf("the message has a part that no mail has: %.400s", source)
	}
}

func TestOneModeIsShownAlone(t *testing.T) {
	dir, c := t.TempDir(), config()
	c.Mode = mail.Password
	if err := preview.Write(preview.Source{Config: c}, dir); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(read(t, dir, "en.html"), "passwordless") {
		t.Error("the gallery shows the other mode too")
	}
}

func TestModesThatLookTheSameAreShownOnce(t *testing.T) {
	dir, c := t.TempDir(), config()
	c.Templates = mail.Templates{Subject: "Hello", Text: "{{.Grouped}}", HTML: "<p>{{.Grouped}}"}
	if err := preview.Write(preview.Source{Config: c}, dir); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(read(t, dir, "en.html"), "en-password-") {
		t.Error("the same mail is shown for both modes")
	}
}

// Both views have to show what they are called whatever the browser's own setting.
func TestDarkModeIsForcedOnAndOff(t *testing.T) {
	dir := t.TempDir()
	if err := preview.Write(preview.Source{Config: config()}, dir); err != nil {
		t.Fatal(err)
	}
	if s := read(t, dir, "mails/en-password-short.dark.html"); !strings.Contains(s, "@media all {") {
		t.Error("the dark view isn't dark")
	}
	if s := read(t, dir, "mails/en-password-short.light.html"); !strings.Contains(s, "@media not all {") {
		t.Error("the light view isn't always light")
	}
}

func TestMailsAreIsolated(t *testing.T) {
	c := config()
	c.Templates.HTML = `<script>alert(1)</script><p>{{.Grouped}}</p>`
	h := preview.NewHandler(func() (preview.Source, error) { return preview.Source{Config: c}, nil })
	answer := get(h, "/mails/en-password-short.light.html")
	if policy := answer.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") ||
		!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("a mail is served with the policy %q", policy)
	}
	if !strings.HasPrefix(answer.Body.String(), `<meta http-equiv="Content-Security-Policy"`) {
		t.Error("the file itself has no policy")
	}
	frames := 0
	for _, e := range elements(t, get(h, "/en.html").Body.String()) {
		if e.Name.Local != "iframe" || !slices.ContainsFunc(e.Attr, func(a xml.Attr) bool {
			return a.Name.Local == "src" && strings.HasPrefix(a.Value, "mails/")
		}) {
			continue
		}
		frames++
		sandbox, found := "", false
		for _, a := range e.Attr {
			if a.Name.Local == "sandbox" {
				sandbox, found = a.Value, true
			}
		}
		if !found || sandbox != "" && sandbox != "sandbox" {
			t.Errorf("a frame has the sandbox %q", sandbox)
		}
	}
	if frames == 0 {
		t.Error("no frames found")
	}
}

func TestGalleryEscapesWhatItShows(t *testing.T) {
	c := config()
	c.ProductName = `<img src=x onerror=alert(1)>`
	h := preview.NewHandler(func() (preview.Source, error) { return preview.Source{Config: c}, nil })
	for _, path := range []string{"/", "/en.html", "/ar.html"} {
		if body := get(h, path).Body.String(); strings.Contains(body, "<img") {
			t.Errorf("%s has the product's name as markup", path)
		}
	}
}

func TestHandlerFollowsTheConfiguration(t *testing.T) {
	c, fault := config(), error(nil)
	h := preview.NewHandler(func() (preview.Source, error) { return preview.Source{Config: c}, fault })
	first := get(h, "/version.txt").Body.String()
	if again := get(h, "/version.txt").Body.String(); again != first {
		t.Errorf("the version went from %q to %q though nothing changed", first, again)
	}
	c.ProductName = "Sample"
	if v := get(h, "/version.txt").Body.String(); v == first {
		t.Error("the version stays when the configuration changes")
	}
	if body := get(h, "/en.html").Body.String(); !strings.Contains(body, "Sample") {
		t.Error("the page shows the old configuration")
	}
	c.AccentColor = "yellow"
	if body := get(h, "/en.html").Body.String(); !strings.Contains(body, "is no colour") {
		t.Errorf("a mistake in the configuration isn't shown: %s", body)
	}
	fault = errors.New("text.tmpl:3: unclosed action")
	if body := get(h, "/").Body.String(); !strings.Contains(body, "text.tmpl:3: unclosed action") {
		t.Errorf("an error of the source isn't shown: %s", body)
	}
	fault, c.AccentColor = nil, ""
	if v := get(h, "/version.txt").Body.String(); v == first {
		t.Error("the version of the repaired configuration is the first one's")
	}
	if body := get(h, "/en.html").Body.String(); !strings.Contains(body, "Sample") {
		t.Error("the gallery doesn't come back")
	}
}

func TestHandlerAnswers(t *testing.T) {
	h := preview.NewHandler(func() (preview.Source, error) { return preview.Source{Config: config()}, nil })
	for _, test := range []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/de.html", 200, "text/html; charset=utf-8"},
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/reload.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/mails/de-password-long.eml", 200, "text/plain; charset=utf-8"},
		{"GET", "/xx.html", 404, ""},
		{"GET", "/../handler.go", 404, ""},
		{"POST", "/", 405, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		if w.Code != test.status || test.contentType != "" && w.Header().Get("Content-Type") != test.contentType {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, w.Code, w.Header().Get("Content-Type"),
				test.status, test.contentType)
		}
	}
}

// What lies beside a deployed function is shown as that function would write it.
func TestCompiledMailsAreShown(t *testing.T) {
	c := config()
	c.Mode, c.Templates.Text = mail.Password, "Own: {{.Grouped}}"
	code := compile.Code{Length: 6, TTL: 3 * time.Minute}
	file, _, err := compile.Compile(c, code)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := preview.Write(preview.Source{Compiled: file, Code: code}, dir); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "mails/de-password-short.txt"); got != "Own: 123 456\n" {
		t.Errorf("the text is %q", got)
	}
	if err := preview.Write(preview.Source{Compiled: []byte("{"), Code: code}, dir); err == nil {
		t.Error("a broken mail.json is shown")
	}
}

func TestCheckReportsEveryMail(t *testing.T) {
	c := config()
	c.Languages = map[string]mail.Strings{"sv": {Heading: "DIN KOD", Subject: "DIN KOD TILL EXAMPLE!"}}
	reports, warnings, err := preview.Check(preview.Source{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 13*13 || reports[0].Language != "en" || reports[0].Mode != mail.Passwordless ||
		reports[0].Code != "short" || reports[1].Code != "long" {
		t.Fatalf("%d reports, the first of %+v", len(reports), reports[0])
	}
	for _, r := range reports {
		if r.Bytes < 1000 || r.Bytes > 20_000 {
			t.Errorf("%s, %s: %d bytes", r.Language, r.Code, r.Bytes)
		}
		// Mails of other kinds have no texts of the importer's, and are English in a language of
		// theirs.
		own := r.Language == "sv" && slices.Contains([]string{"short", "long", "both"}, r.Code)
		if !own && len(r.Findings) > 0 || own && len(r.Findings) != 2 {
			t.Errorf("%s, %s: %v", r.Language, r.Code, r.Findings)
		}
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), `Languages["sv"]: lacks expires, `) {
		t.Errorf("warnings %v", warnings)
	}
	c.AccentColor = "#eee"
	if _, _, err := preview.Check(preview.Source{Config: c}); err == nil {
		t.Error("an invalid config is checked")
	}
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func elements(t *testing.T, source string) (all []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(source))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			all = append(all, e.Copy())
		}
	}
}
