package main

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
)

// submitted submits the form and resolves to the milliseconds up to the code's screen, and those of
// them between the first call of the API and the end of the last one.
const submitted = `new Promise(done => {
	const from = performance.now();
	const seen = new MutationObserver(() => {
		if (!document.querySelector("#code")) return;
		seen.disconnect();
		const page = performance.now() - from;
		setTimeout(() => {
			const calls = performance.getEntriesByType("resource").filter(e => e.name.startsWith(%q));
			done({page, api: Math.max(...calls.map(c => c.responseEnd)) - Math.min(...calls.map(c => c.startTime))});
		}, 50);
	});
	seen.observe(document, {subtree: true, childList: true});
	document.forms[0].requestSubmit();
})`

// pageTimes measures what the sign-in page adds, in a browser, between the submitted address and
// the code's screen, beside the API's own time.
func pageTimes(r *run) error {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
		}
	}
	if browser == "" {
		return fmt.Errorf("there is no Chromium; install the package chromium")
	}
	n := r.samples(20, 3)
	s, err := r.startSandbox(settings.Passwordless, n, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // nothing is measured any more
	c := s.Config()
	page, err := signinpage.New(signinpage.Options{
		Settings: webbundle.Settings{UserPoolID: c.UserPoolID, UserPoolClientID: c.UserPoolClientID, Mode: string(c.Mode),
			Endpoint: c.Endpoint},
		CacheDir: r.cache,
	})
	if err != nil {
		return err
	}
	if err := page.Prepare(r.ctx); err != nil {
		return err
	}
	listener, err := loopback.Listen(r.ctx, 0, "the sign-in page", "")
	if err != nil {
		return err
	}
	server := loopback.Serve(listener, loopback.Guard(page), slog.New(slog.DiscardHandler))
	defer server.Close()
	// A container's root has no sandbox, and the page is this repository's.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox,
		chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(r.ctx, options...)
	defer cancel()
	var added, api []float64
	for i := range n {
		took, err := openAndSubmit(ctx, server.URL(), address(i), c.Endpoint)
		if err != nil {
			return err
		}
		added, api = append(added, (took.Page-took.API)/1000), append(api, took.API/1000)
	}
	r.compare("what the page adds, from the address to the code's screen", "s", added, "the API", api, valueAtMost(0.1))
	return nil
}

// pageTook are milliseconds.
type pageTook struct{ Page, API float64 }

// openAndSubmit signs in on the page in a new browser, as far as the code's screen.
func openAndSubmit(ctx context.Context, url, address, endpoint string) (took pageTook, err error) {
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	err = chromedp.Do(ctx, chromedp.Navigate(url), chromedp.WaitVisible("#language"), chromedp.SendKeys("#email", address))
	if err != nil {
		return took, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[pageTook](fmt.Sprintf(submitted, endpoint), chromedp.EvalAwaitPromise))
}
