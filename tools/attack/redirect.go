package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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

// foreignAddresses are addresses that are not the app's, for a browser or for a careless parser.
var foreignAddresses = []string{"https://attacker.example/", lab.AppCallback + "/", lab.AppCallback + "?a",
	lab.AppCallback + "#", "//attacker.example", "https://app.example.com.attacker.example/callback",
	"https://app.example.com@attacker.example/callback", "https:attacker.example",
	"https://attacker.example\\@app.example.com/callback", "https://attacker.app.example.com/callback",
	"HTTPS://app.example.com/callback", "https://app.example.com/callback%2f..",
	"https://app.example.com/%63allback", "https://app.example.com:443/callback", "javascript:alert(1)",
	"data:text/html,x", "https://app.example.com/callback\r\nLocation: https://attacker.example",
	"https://app.example.com/callback\x00", "https://another.example.com/callback", strings.Repeat("a", 10_000)}

// openRedirects sends the browser to every address but the app's.
func openRedirects(r *run, m settings.Mode, d *lab.Desk, right url.Values) {
	var left tally
	for _, to := range foreignAddresses {
		for name, path := range map[string]string{"redirect_uri": oauth.PathAuthorize, "logout_uri": oauth.PathLogout,
			"post_logout_redirect_uri": oauth.PathLogout} {
			q := maps.Clone(right)
			q.Set(name, to)
			for _, raw := range []string{q.Encode(), q.Encode() + "&" + name + "=" + url.QueryEscape(to)} {
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.URL.RawQuery = raw
				left.note(!strings.HasPrefix(d.Send(request).Header().Get("Location"), "/?error="))
			}
		}
	}
	left.add(r, m, "open redirects: other hosts, paths, schemes, encodings, each once and twice", "left the page")
}

// replayedCode redeems one code many times at once.
func replayedCode(r *run, m settings.Mode, d *lab.Desk) {
	verifier, challenge := lab.Verifier()
	code := d.HandOver(d.Request(challenge), d.SignIn(), nil)
	n, _ := r.atOnce(replays, func(int) (bool, error) { return d.Redeem(code, verifier, d.Lab.Client), nil })
	r.add(m, fmt.Sprintf("a code redeemed %d times at once", replays), replays, fmt.Sprintf("%d got tokens", n), "1",
		unless(n == 1, "one code gave tokens %d times", n))
}

// stolen redeems a code without what it is bound to, and afterwards with it.
func stolen(r *run, m settings.Mode, d *lab.Desk) {
	other, _ := lab.Verifier()
	var tokens tally
	alive := 0
	for _, use := range []struct{ verifier, client string }{
		{other, d.Lab.Client}, {other, "another"}, {"", d.Lab.Client}} {
		verifier, challenge := lab.Verifier()
		signedIn := d.SignIn()
		code := d.HandOver(d.Request(challenge), signedIn, nil)
		tokens.note(d.Redeem(code, use.verifier, use.client))
		if use.verifier == "" {
			continue // refused before the code was looked at, so the app can go on
		}
		tokens.note(d.Redeem(code, verifier, d.Lab.Client))
		if _, err := d.Server.Cognito.Refresh(r.Ctx, d.Lab.Client, signedIn["refresh_token"]); err == nil {
			alive++
		}
	}
	tokens.add(r, m, "a stolen code: wrong verifier, another client, no verifier", "gave tokens",
		unless(alive == 0, "%d attacked sign-ins were not revoked", alive))
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
	var codes tally
	for _, tokens := range []map[string]string{elsewhere.SignIn(), mixed("id_token"), mixed("access_token"),
		mixed("refresh_token"), old, swapped, {}} {
		codes.note(d.HandOver(request, tokens, nil) != "")
	}
	to := d.Request(challenge)
	to.Set("client_id", "another")
	to.Set("redirect_uri", "https://another.example.com/callback")
	codes.note(d.HandOver(to, d.SignIn(), nil) != "")
	for _, header := range [][2]string{{"Origin", "https://attacker.example"}, {"Origin", "null"}, {"Origin", ""},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Content-Type", "text/plain"}} {
		codes.note(d.HandOver(request, d.SignIn(), map[string]string{header[0]: header[1]}) != "")
	}
	codes.add(r, m, "tokens of another pool, client, sign-in or time, and other pages' requests", "became codes")
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
	got := tally{2, count(early, during, again)}
	got.add(r, m, "the table dies before a code is stored, and before it is taken", "got tokens by it",
		unless(after, "the sign-in did not survive"))
}

// leaks searches all answers, and the log.
func leaks(r *run, m settings.Mode, d *lab.Desk) {
	var found []string
	for _, w := range d.Seen {
		h := w.Header()
		all := strings.Join([]string{h.Get("Location"), h.Get("Set-Cookie")}, " ")
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("X-Frame-Options") != "DENY" {
			found = append(found, "an answer may be cached or framed, or sends a Referer")
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
	tally{len(d.Seen), len(found)}.add(r, m,
		"answers and log lines searched for tokens, addresses, line breaks, cacheable answers", "leaks", found...)
}
