package mailbox_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// browser opens a Chromium; a machine without one skips, but for CI.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium on PATH, without which the inbox page can't be tested")
		}
		t.Skip("no Chromium on PATH, without which the inbox page can't be tested; install chromium")
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts the browser, whose life is this context's
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// screenshot keeps a picture where INBOX_SCREENSHOTS names a directory.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("INBOX_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestThePageShowsMailsAsTheyComeAndRunsNothingOfThem(t *testing.T) {
	ctx := browser(t)
	store, inbox, base := page(t)
	inbox.SetSignInURL(base + "/")
	var mu sync.Mutex
	var complaints []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, fmt.Sprint(e.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, string(e.Type))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	m := mailbox.Message{
		ID: "1", To: "user@example.com", From: "Example <codes@example.com>", Subject: "<b>Your</b> sign-in code",
		Text: "Your code:\n\n1234 5678\n", SentAt: time.Now(),
		HTML:       `<p style="font-size:2rem" id="code">1234 5678</p><script>parent.document.title="owned";document.title="owned"</script><img src="http://tracker.invalid/x">`,
		Recipients: []string{"user@example.com"}, Headers: map[string]string{"From": "Example <codes@example.com>",
			"Subject": "Your sign-in code"},
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Navigate(base), chromedp.WaitVisible("#state"))
	screenshot(t, ctx, "empty")
	store.Add(m)
	do(chromedp.WaitVisible("#list .code"), chromedp.WaitVisible("#mail iframe"), chromedp.Sleep(200*time.Millisecond))
	screenshot(t, ctx, "light")
	listed := must(t)(chromedp.Run(ctx, chromedp.Text("#list")))
	frames := must(t)(chromedp.Run(ctx,
		chromedp.Evaluate[string](`String(document.querySelectorAll('#mail iframe[sandbox=""]').length)`)))
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme",
		Value: "dark"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	screenshot(t, ctx, "dark")
	do(chromedp.Click("#tab-headers"))
	headers := must(t)(chromedp.Run(ctx, chromedp.Text("#panel-headers")))
	do(chromedp.Click("#tab-source"))
	source := must(t)(chromedp.Run(ctx, chromedp.Text("#panel-source")))
	second := m
	second.ID, second.To, second.Text, second.SentAt = "2", "grace@example.com", "Your code:\n\n8765 4321\n", time.Now()
	text := func(js string) string { t.Helper(); return must(t)(chromedp.Run(ctx, chromedp.Evaluate[string](js))) }
	until := func(js, want string) {
		t.Helper()
		for got := ""; got != want; time.Sleep(20 * time.Millisecond) {
			if got = text(js); ctx.Err() != nil {
				t.Fatalf("%s is %q, want %q", js, got, want)
			}
		}
	}
	const newest, shown = `document.getElementById("newest-code").textContent`, `document.getElementById("to").textContent`
	// A mail that the reader chose stays when a newer one comes, whose code is on top at once.
	do(chromedp.Click("#list button"))
	store.Add(second)
	until(newest, "8765 4321")
	if got := text(shown); got != "user@example.com" {
		t.Errorf("the chosen mail was replaced by the one to %s", got)
	}
	// The copied code has no spaces.
	do(chromedp.Evaluate[chromedp.Void](`navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve() }; 0`),
		chromedp.Click("#copy"))
	until(`String(window.copied)`, "87654321")
	do(chromedp.Click("#copy-mail")) // of the older mail, which is open
	until(`String(window.copied)`, "12345678")
	until(`document.getElementById("copy-mail").textContent`, "Copied")
	// The filter, by its link and by typing.
	do(chromedp.Evaluate[chromedp.Void](`location.hash = "to=" + encodeURIComponent("user@example.com"); 0`))
	until(newest, "1234 5678")
	until(`String(document.querySelectorAll("#list button").length)`, "1")
	longer := second
	longer.ID, longer.To = "3", "superuser@example.com"
	store.Add(longer) // its address has the other one in it
	until(`String(mails.length)`, "3")
	until(newest, "1234 5678")
	do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); 0`), chromedp.KeyEvent("/"),
		chromedp.SendKeys("#filter", "x"))
	until(`String(document.querySelectorAll("#list button").length)`, "0")
	do(chromedp.KeyEvent(kb.Escape))
	until(shown, "superuser@example.com")
	do(chromedp.KeyEvent(kb.ArrowDown))
	until(shown, "grace@example.com")
	do(chromedp.KeyEvent(kb.ArrowDown))
	until(shown, "user@example.com")
	do(chromedp.EmulateViewport(360, 740), chromedp.Click("#tab-text"))
	screenshot(t, ctx, "narrow-mail")
	do(chromedp.Click("#back"), chromedp.WaitNotVisible("#mail"))
	screenshot(t, ctx, "narrow-list")
	if wide := text(`String(document.documentElement.scrollWidth)`); wide != "360" {
		t.Errorf("a phone scrolls sideways: %s pixels", wide)
	}
	title := must(t)(chromedp.Run(ctx, chromedp.Title()))
	do(chromedp.Click("#clear"), chromedp.WaitNotVisible("#newest"))
	if !strings.Contains(listed, "user@example.com") || !strings.Contains(listed, "1234 5678") ||
		!strings.Contains(listed, "<b>Your</b> sign-in code") {
		t.Errorf("list: %q", listed)
	}
	if frames != "1" || !strings.HasPrefix(title, "Inbox") {
		t.Errorf("%s sandboxed frames, title %q", frames, title)
	}
	if !strings.Contains(headers, "codes@example.com") || !strings.Contains(source, "multipart/alternative") {
		t.Errorf("headers %q, source %q", headers, source)
	}
	if len(store.Messages("", time0, 0)) != 0 {
		t.Error("the button deleted nothing")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the page complains: %q", complaints)
	}
}

func must(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
