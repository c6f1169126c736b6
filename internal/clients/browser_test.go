package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/chrome"
)

// tab is a page in a browser profile of its own.
type tab struct {
	t      testing.TB
	ctx    context.Context
	errors *[]string
}

// newTab opens a tab in an empty profile. The test fails if a page in it throws or breaks its own
// security policy.
func newTab(t testing.TB) *tab {
	t.Helper()
	return watch(t, chrome.Tab(t))
}

// another opens a second tab of the same profile.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	return watch(b.t, ctx)
}

func watch(t testing.TB, ctx context.Context) *tab {
	t.Helper()
	b := &tab{t: t, ctx: ctx, errors: new([]string)}
	messages := chromedp.Console(ctx)
	b.do(chromedp.EmulateViewport(1000, 800))
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := m.String(); m.IsException() || strings.Contains(text, "Content Security Policy") ||
				strings.Contains(text, "Trusted") {
				mu.Lock()
				*b.errors = append(*b.errors, text)
				mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range *b.errors {
			t.Errorf("the page complained: %s", e)
		}
	})
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testkit.Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval evaluates an expression; a promise is awaited.
func eval[T any](b *tab, expression string, args ...any) T {
	b.t.Helper()
	v, err := tryEval[T](b, expression, args...)
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// tryEval is eval where the tab may be on its way to another page, which ends an evaluation.
func tryEval[T any](b *tab, expression string, args ...any) (v T, err error) {
	quoted := make([]any, len(args))
	for i, a := range args {
		data, err := json.Marshal(a)
		if err != nil {
			return v, err
		}
		quoted[i] = string(data)
	}
	ctx, cancel := context.WithTimeout(b.ctx, testkit.Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, quoted...), chromedp.EvalAwaitPromise))
}

// until waits for an expression to be true. The page looks itself, every 20 ms for a second: a call
// for each look would cost a browser with four tabs a third of a processor. Timers that a test
// replaced may make the second shorter.
func (b *tab) until(what, expression string, args ...any) {
	b.t.Helper()
	looks := `new Promise((done, fail) => { let left = 50; const look = () => { try { const is = !!(` + expression +
		`); is || !left-- ? done(is) : setTimeout(look, 20) } catch (e) { fail(e) } }; look() })`
	if err := testkit.Within(testkit.Patience, func() error {
		is, err := tryEval[bool](b, looks, args...)
		if err == nil && !is {
			err = errors.New(what)
		}
		return err
	}); err != nil {
		b.t.Fatalf("this never became true: %v; the page shows:\n%s", err, b.text("body"))
	}
}

// open goes to a page and waits for the sign-in page's script to have drawn.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.until("the page is drawn", `document.querySelector("#language")`)
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, `[...document.querySelectorAll(%s)].map(e => e.innerText).join("\n")`, selector)
}

// heading waits for a screen by its heading.
func (b *tab) heading(want string) {
	b.t.Helper()
	b.until("the heading is "+want, `document.querySelector("h1")?.textContent === %s`, want)
}

// says waits for a text in what a selector finds.
func (b *tab) says(selector, want string) {
	b.t.Helper()
	b.until(selector+" says "+want, `[...document.querySelectorAll(%s)].some(e => e.innerText.includes(%s))`, selector,
		want)
}

// fill types into a field, replacing what is there.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.until(selector+" can be filled", `document.querySelector(%s) && !document.querySelector(%[1]s).readOnly`, selector)
	eval[bool](b, `(e => { e.focus(); e.select(); return true })(document.querySelector(%s))`, selector)
	if text == "" {
		text = kb.Backspace
	}
	b.do(chromedp.KeyEvent(text))
}

// paste puts text into a field as the clipboard or a password manager does.
func (b *tab) paste(selector, text string) {
	b.t.Helper()
	eval[bool](b, `(e => { e.focus(); e.select(); return true })(document.querySelector(%s))`, selector)
	b.insert(text)
}

// value returns the text in a field.
func (b *tab) value(selector string) string {
	b.t.Helper()
	return eval[string](b, `document.querySelector(%s).value`, selector)
}

// goOn submits the first screen and waits for the code's screen.
func (b *tab) goOn() {
	b.t.Helper()
	b.press("Continue")
	b.heading("Check your email")
}

// begin starts a sign-in without a password.
func (b *tab) begin(address string) {
	b.t.Helper()
	b.fill("#email", address)
	b.goOn()
}

// answer enters a code to which the page shows a problem.
func (b *tab) answer(code, problem string) {
	b.t.Helper()
	b.fill("#code", code)
	b.says("#alert", problem)
}

// signIn enters the right code.
func (b *tab) signIn(code string) {
	b.t.Helper()
	b.fill("#code", code)
	b.heading("You’re signed in")
}

// press clicks the visible button with this name.
func (b *tab) press(name string) {
	b.t.Helper()
	find := `[...document.querySelectorAll("button")].find(e => e.innerText.trim() === %s && e.offsetParent)`
	b.until("there is a button "+name, find, name)
	eval[bool](b, `(e => { e.scrollIntoView({block: "center"}); return true })(`+find+`)`, name)
	at := eval[[2]float64](b, `(r => [r.x + r.width / 2, r.y + r.height / 2])((`+find+`).getBoundingClientRect())`, name)
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

func (b *tab) key(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

func (b *tab) focused() string {
	b.t.Helper()
	return eval[string](b, `document.activeElement.id || document.activeElement.textContent`)
}

// emulateNetwork is the command by which all Chromium versions of these years cut a tab's network.
var emulateNetwork = cdp.Command[networkConditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

type networkConditions struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency"`
	DownloadThroughput float64 `json:"downloadThroughput"`
	UploadThroughput   float64 `json:"uploadThroughput"`
}

// offline cuts the network of this tab, or joins it again.
func (b *tab) offline(cut bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulateNetwork, networkConditions{Offline: cut, DownloadThroughput: -1,
		UploadThroughput: -1}); err != nil {
		b.t.Fatal(err)
	}
}

// media emulates media features, such as prefers-color-scheme.
func (b *tab) media(features ...string) {
	b.t.Helper()
	var all []*emulation.MediaFeature
	for i := 0; i < len(features); i += 2 {
		all = append(all, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: all}); err != nil {
		b.t.Fatal(err)
	}
}

// before runs a script ahead of the scripts of every page that opens from now on.
func (b *tab) before(script string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.t.Fatal(err)
	}
}

// movableClock lets advance move the clock of the pages that open from now on, which by is ahead.
func (b *tab) movableClock(by time.Duration) {
	b.t.Helper()
	b.before(fmt.Sprintf(`{ const D = Date, now = D.now, mono = performance.now.bind(performance); globalThis.ahead = 0;
		globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(Date.now()) } static now() { return now() + %d + ahead } };
		performance.now = () => mono() + ahead }`, by.Milliseconds()))
}

// advance moves the clock of the open page, as if so much time went by.
func (b *tab) advance(by time.Duration) {
	b.t.Helper()
	eval[bool](b, `(ahead += %s, true)`, by.Milliseconds())
}

// countCalls counts the calls to the user pool by the pages that open from now on.
func (b *tab) countCalls() {
	b.t.Helper()
	b.before(`{ const real = fetch; globalThis.called = []; globalThis.fetch = (what, init) => {
		called.push(new Headers(init?.headers).get("x-amz-target")?.split(".").pop()); return real(what, init) } }`)
}

// calls returns how often the open page has called an operation.
func (b *tab) calls(operation string) int {
	b.t.Helper()
	return eval[int](b, `called.filter(c => c === %s).length`, operation)
}

// hurry makes the timers of the pages that open from now on run ten times as fast.
func (b *tab) hurry() {
	b.t.Helper()
	b.before(`{ const real = setTimeout; globalThis.setTimeout = (f, ms, ...rest) => real(f, ms / 10, ...rest) }`)
}

// insert enters text at once, as an input method does.
func (b *tab) insert(text string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.t.Fatal(err)
	}
}
