package clients_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
)

// gallery checks the screens of a test and takes pictures of them.
type gallery struct {
	b   *tab
	dir string // empty: no pictures
}

// sizes of the pictures, in CSS pixels.
var sizes = []struct {
	name          string
	width, height int64
}{{"phone", 390, 844}, {"small", 320, 568}, {"desktop", 1100, 860}}

// shot checks the screen in each size, light and dark.
func (g *gallery) shot(name string) {
	b := g.b
	b.t.Helper()
	for _, size := range sizes {
		g.size(size.width, size.height)
		if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			b.t.Errorf("%s is %d pixels wider than a %s", name, over, size.name)
		}
		if size.name != "phone" && g.dir == "" {
			continue // neither checked by axe nor pictured
		}
		for _, scheme := range []string{"light", "dark"} {
			b.media("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
			if size.name == "phone" {
				b.accessible(name+" in "+scheme+" on a "+size.name, true)
			}
			g.take(name + "." + size.name + "." + scheme)
		}
	}
}

// glance checks a screen that differs from one of shot's in its words alone, not in its colours.
func (g *gallery) glance(name string) {
	b := g.b
	b.t.Helper()
	b.media("prefers-color-scheme", "light", "prefers-reduced-motion", "reduce")
	b.accessible(name, false)
	g.size(320, 568)
	if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		b.t.Errorf("%s is %d pixels wider than a small phone", name, over)
	}
	if g.dir != "" {
		g.size(390, 844)
		g.take(name)
	}
}

// size gives the screen a size in CSS pixels. Pictures have two pixels for one, which no check
// needs.
func (g *gallery) size(width, height int64) {
	scale := 1.0
	if g.dir != "" {
		scale = 2
	}
	g.b.t.Helper()
	g.b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)))
}

func (g *gallery) take(name string) {
	if g.dir == "" {
		return
	}
	g.b.t.Helper()
	picture, err := chromedp.Call(g.b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		g.b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, name+".png"), picture.Data, 0o644); err != nil {
		g.b.t.Fatal(err)
	}
}

func newGallery(b *tab) *gallery {
	b.t.Helper()
	dir := os.Getenv("EMAILOTP_SCREENSHOTS")
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.t.Fatal(err)
		}
	}
	return &gallery{b, dir}
}

// accessible runs axe-core on the screen; its check of the contrast of colours is the slow one.
func (b *tab) accessible(what string, contrast bool) {
	b.t.Helper()
	if !eval[bool](b, `"axe" in window`) {
		source, err := os.ReadFile(filepath.Join(node.Modules(b.t), "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			b.t.Fatal(err)
		}
		b.do(chromedp.Evaluate[chromedp.Void](string(source) + ";undefined"))
	}
	for _, fault := range eval[[]string](b,
		`axe.run({resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: {"color-contrast": {enabled: %s}}}).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join(" | ")))`, contrast) {
		b.t.Errorf("axe-core finds fault with %s: %s", what, fault)
	}
}

// changesAddress changes the address of the person who is signed in, and returns the new one.
func (w *world) changesAddress(b *tab) string {
	b.t.Helper()
	say, to, since := wordsOf(b.t, "en"), "moved@example.com", time.Now()
	b.press(say.ChangeAddress)
	b.fill("#new-email", to)
	b.press(say.SendCodes)
	b.says("#intro", to)
	b.fill("#present-code", w.code(person, since))
	b.fill("#new-code", w.code(to, since))
	b.says(".notice", say.Notices["address-changed"])
	return to
}

func TestEveryPasswordlessScreenIsSound(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", map[string]string{"EMAILOTP_GUESS_BURST": "10"},
		func(o *sandbox.Options) { o.ChangeAddress = true })
	b := newTab(t)
	g := newGallery(b)
	b.open(w.page)
	g.shot("start")
	b.press("Continue")
	b.says("#alert", "complete email address")
	g.shot("start-problem")
	b.press("Create an account")
	b.heading("Create your account")
	g.shot("sign-up")
	b.press("Sign in")
	b.fill("#email", person)
	since := time.Now()
	b.goOn()
	code := w.code(person, since)
	g.shot("code")
	const opacity = `getComputedStyle(document.querySelector(".primary"), "::after").opacity`
	if spinner := eval[string](b, opacity); spinner != "0" {
		t.Errorf("an idle button shows its spinner")
	}
	b.answer(wrong(code), "2 tries left")
	g.shot("wrong-code")
	b.answer(wrong(wrong(code)), "1 try left")
	b.signIn(code)
	g.shot("signed-in")
	changed := w.changesAddress(b)
	g.glance("changed")
	since = time.Now()
	b.goOn()
	b.signIn(w.code(changed, since))
	b.says(".who", changed)
	b.press("Sign out")
	b.says(".notice", "signed out")
	g.shot("signed-out")
	if _, err := w.sb.Inject(sandbox.Fault{Service: sandbox.SES, Error: "SendingPausedException"}); err != nil {
		t.Fatal(err)
	}
	b.fill("#email", "eve@example.com")
	b.press("Create an account")
	b.press("Continue")
	b.says("#alert", "aren’t available just now")
	g.shot("unavailable")
}
