package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

func redirects(r *run, m settings.Mode) {
	d := r.Lab(lab.Plan{Mode: m, Memory: true}).Desk()
	verifier, challenge := lab.Verifier()
	right := d.Request(challenge)
	code := d.HandOver(right, d.SignIn(), nil)
	got := d.Redeem(code, verifier, d.Lab.Client)
	r.add(m, "a sign-in by redirect as it should be", 1, yesNo(got), "tokens", unless(got, "the app got no tokens"))

	openRedirects(r, m, d, right)
	replayedCode(r, m, d)
	stolen(r, m, d)
	foreign(r, m, d)
	tableDies(r, m, d)
	leaks(r, m, d)
}

func yesNo(tokens bool) string { return map[bool]string{true: "tokens", false: "none"}[tokens] }

// openRedirects sends the browser to every address but the app's.
func openRedirects(r *run, m settings.Mode, d *lab.Desk, right url.Values) {
	var tried, left int
	for _, to := range []string{"https://attacker.example/", lab.AppCallback + "/", lab.AppCallback + "?a", lab.AppCallback + "#", "//attacker.example",
		"https://app.example.com.attacker.example/callback", "https://app.example.com@attacker.example/callback", "https:attacker.example",
		"https://attacker.example\\@app.example.com/callback", "https://attacker.app.example.com/callback", "HTTPS://app.example.com/callback",
		"https://app.example.com/callback%2f..", "https://app.example.com/%63allback", "https://app.example.com:443/callback", "javascript:alert(1)",
		"data:text/html,x", "https://app.example.com/callback\r\nLocation: https://attacker.example", "https://app.example.com/callback\x00",
		"https://another.example.com/callback", strings.Repeat("a", 10_000)} {
		for _, name := range []string{"redirect_uri", "logout_uri", "post_logout_redirect_uri"} {
			q := url.Values{}
			for key, values := range right {
				q[key] = values
			}
			path := oauth.PathAuthorize
			if q.Set(name, to); name != "redirect_uri" {
				path = oauth.PathLogout
			}
			for _, raw := range []string{q.Encode(), q.Encode() + "&" + name + "=" + url.QueryEscape(to)} {
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.URL.RawQuery = raw
				w := d.Send(request)
				if tried++; !strings.HasPrefix(w.Header().Get("Location"), "/?error=") {
					left++
				}
			}
		}
	}
	r.add(m, "open redirects: other hosts, paths, schemes, encodings, each once and twice", tried, counted(left, "left the page"), "0",
		unless(left == 0, "%d requests left the page", left))
}

// replayedCode redeems one code many times at once.
func replayedCode(r *run, m settings.Mode, d *lab.Desk) {
	const at = 50
	verifier, challenge := lab.Verifier()
	code := d.HandOver(d.Request(challenge), d.SignIn(), nil)
	results := make(chan bool, at)
	var wg sync.WaitGroup
	for range at {
		wg.Go(func() { results <- d.Redeem(code, verifier, d.Lab.Client) })
	}
	wg.Wait()
	close(results)
	n := 0
	for ok := range results {
		if ok {
			n++
		}
	}
	r.add(m, "a code redeemed 50 times at once", at, counted(n, "got tokens"), "1", unless(n == 1, "one code gave tokens %d times", n))
}

// stolen redeems a code without what it is bound to, and afterwards with it.
func stolen(r *run, m settings.Mode, d *lab.Desk) {
	other, _ := lab.Verifier()
	var tried, tokens, alive int
	for _, use := range []struct{ verifier, client string }{{other, d.Lab.Client}, {other, "another"}, {"", d.Lab.Client}} {
		verifier, challenge := lab.Verifier()
		signedIn := d.SignIn()
		code := d.HandOver(d.Request(challenge), signedIn, nil)
		if tried++; d.Redeem(code, use.verifier, use.client) {
			tokens++
		}
		if use.verifier == "" {
			continue // refused before the code was looked at, so the app can go on
		}
		if tried++; d.Redeem(code, verifier, d.Lab.Client) {
			tokens++
		}
		if _, err := d.Server.Cognito.Refresh(r.Ctx, d.Lab.Client, signedIn["refresh_token"]); err == nil {
			alive++
		}
	}
	r.add(m, "a stolen code: wrong verifier, another client, no verifier", tried, counted(tokens, "gave tokens"), "0",
		unless(tokens == 0, "a stolen code gave tokens %d times", tokens), unless(alive == 0, "%d attacked sign-ins were not revoked", alive))
}

// foreign hands over what is not a fresh sign-in of the client, or from another page.
func foreign(r *run, m settings.Mode, d *lab.Desk) {
	elsewhere := r.Lab(lab.Plan{Mode: m, Memory: true}).Desk()
	_, challenge := lab.Verifier()
	request := d.Request(challenge)
	mixed := func(name string) map[string]string {
		a, b := d.SignIn(), d.SignIn()
		a[name] = b[name]
		return a
	}
	old := d.SignIn()
	d.Lab.Clock.Advance(6 * time.Minute)
	swapped := d.SignIn()
	swapped["access_token"], swapped["id_token"] = swapped["id_token"], swapped["access_token"]
	var tried, codes int
	for _, tokens := range []map[string]string{elsewhere.SignIn(), mixed("id_token"), mixed("access_token"), mixed("refresh_token"), old, swapped, {}} {
		if tried++; d.HandOver(request, tokens, nil) != "" {
			codes++
		}
	}
	to := d.Request(challenge)
	to.Set("client_id", "another")
	to.Set("redirect_uri", "https://another.example.com/callback")
	if tried++; d.HandOver(to, d.SignIn(), nil) != "" {
		codes++
	}
	for _, headers := range []map[string]string{{"Origin": "https://attacker.example"}, {"Origin": "null"}, {"Origin": ""},
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Content-Type": "text/plain"}} {
		if tried++; d.HandOver(request, d.SignIn(), headers) != "" {
			codes++
		}
	}
	r.add(m, "tokens of another pool, client, sign-in or time, and other pages' requests", tried, counted(codes, "became codes"), "0",
		unless(codes == 0, "%d became codes", codes))
}

// tableDies takes the table away before each of the two steps.
func tableDies(r *run, m settings.Mode, d *lab.Desk) {
	verifier, challenge := lab.Verifier()
	tokens := d.SignIn()
	d.Down = true
	early := d.HandOver(d.Request(challenge), tokens, nil) != ""
	d.Down = false
	code := d.HandOver(d.Request(challenge), tokens, nil) // the page tries again
	d.Down = true
	during := d.Redeem(code, verifier, d.Lab.Client)
	d.Down = false
	after, again := d.Redeem(code, verifier, d.Lab.Client), d.Redeem(code, verifier, d.Lab.Client)
	r.add(m, "the table dies before a code is stored, and before it is taken", 2, counted(count(early, during, again), "got tokens by it"), "0",
		unless(!early && !during && !again, "a dead table gave a code or tokens"), unless(after, "the sign-in did not survive"))
}

// leaks searches all answers, and the log.
func leaks(r *run, m settings.Mode, d *lab.Desk) {
	var found []string
	for _, w := range d.Seen {
		h := w.Header()
		all := strings.Join([]string{h.Get("Location"), h.Get("Set-Cookie")}, " ")
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
			found = append(found, "an answer may be cached, framed or told on")
		}
		if strings.ContainsAny(all, "\r\n") || strings.Contains(all, "eyJ") || h.Get("Set-Cookie") != "" {
			found = append(found, "a header has more than it should")
		}
	}
	log := d.Log.String()
	for _, secret := range []string{"eyJ", lab.Victim, "code_verifier", "code="} {
		if strings.Contains(log, secret) {
			found = append(found, "the log has "+secret)
		}
	}
	r.add(m, "answers and log lines searched for tokens, addresses, line breaks, cacheable answers", len(d.Seen), counted(len(found), "leaks"), "0", found...)
}

// counted writes a number with what it counts.
func counted(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }

// count returns how many are true.
func count(all ...bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}
