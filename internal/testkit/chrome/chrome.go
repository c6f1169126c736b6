// Package chrome starts a Chromium for tests, one for each package. A test that imports it is
// skipped with -short.
package chrome

import (
	"context"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

// names are the browser's programs, the first that is on PATH is taken.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
	"headless-shell"}

var browser struct {
	once sync.Once
	ctx  context.Context
	err  error
}

// frugal spares more than half of the browser's processor time: no process waits in reserve for the
// next tab, one process serves all tabs of a profile from their first empty page on, and no window
// loads the two pages that draw the suggestions of its address bar.
var frugal = []chromedp.ExecAllocatorOption{
	chromedp.Flag("disable-site-isolation-trials", true),
	chromedp.Flag("renderer-process-limit", "1"),
	chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,IsolateOrigins,site-per-process,"+
		"SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
}

func start() {
	browser.err = exec.ErrNotFound
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(),
			slices.Concat(chromedp.DefaultExecAllocatorOptions[:], frugal, []chromedp.ExecAllocatorOption{
				chromedp.ExecPath(path),
				chromedp.NoSandbox, // a container's root has none, and the pages are ours
				chromedp.DisableGPU,
				chromedp.Flag("lang", "en-US"),
				chromedp.WSURLReadTimeout(testkit.Patience),
			})...)
		ctx, closeContext := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
		testkit.AtExit(func() error { closeContext(); closeAllocator(); return nil })
		browser.ctx, browser.err = ctx, chromedp.Do(ctx)
		return
	}
}

// Tab opens a tab in a new, empty profile of the package's browser and closes it when the test
// ends. The package's TestMain must call [testkit.Main], which closes the browser.
func Tab(t testing.TB) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser; leave out -short")
	}
	browser.once.Do(start)
	if browser.err != nil {
		testkit.Lacking(t, "there is no Chromium to test with (%v); install the package chromium", browser.err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return ctx
}
