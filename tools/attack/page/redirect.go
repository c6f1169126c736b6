// Package page attacks what the sign-in page's functions do: the sign-in by redirect, and the
// change of an address.
package page

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
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// Redirects attacks the sign-in by redirect.
func Redirects(r *rig.Run, m settings.Mode) {
	d := r.Lab(lab.Plan{Mode: m, Memory: true}).Desk()
	verifier, challenge := lab.Verifier()
	right := d.Request(challenge)
	code := d.HandOver(right, d.SignIn(), nil)
	got := d.Redeem(code, verifier, d.Lab.Client)
	r.Add(m, "a sign-in by redirect as it should be", 1, yesNo(got), "tokens", rig.Unless(got, "the app got no tokens"))

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
func openRedirects(r *rig.Run, m settings.Mode, d *lab.Desk, right url.Values) {
	var left rig.Tally
	for _, to := range foreignAddresses {
		for name, path := range map[string]string{"redirect_uri": oauth.PathAuthorize, "logout_uri": oauth.PathLogout,
			"post_logout_redirect_uri": oauth.PathLogout} {
			q := maps.Clone(right)
			q.Set(name, to)
			for _, raw := range []string{q.Encode(), q.Encode() + "&" + name + "=" + url.QueryEscape(to)} {
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.URL.RawQuery = raw
				left.Note(!strings.HasPrefix(d.Send(request).Header().Get("Location"), "/?error="))
			}
		}
	}
	left.Add(r, m, "open redirects: other hosts, paths, schemes, encodings, each once and twice", "left the page")
}

// replayedCode redeems one code many times at once.
func replayedCode(r *rig.Run, m settings.Mode, d *lab.Desk) {
	verifier, challenge := lab.Verifier()
	code := d.HandOver(d.Request(challenge), d.SignIn(), nil)
	n, _ := r.AtOnce(rig.Replays, func(int) (bool, error) { return d.Redeem(code, verifier, d.Lab.Client), nil })
	r.Add(m, fmt.Sprintf("a code redeemed %d times at once", rig.Replays), rig.Replays, fmt.Sprintf("%d got tokens", n),
		"1", rig.Unless(n == 1, "one code gave tokens %d times", n))
}

// stolen redeems a code without what it is bound to, and afterwards with it.
func stolen(r *rig.Run, m settings.Mode, d *lab.Desk) {
	other, _ := lab.Verifier()
	var tokens rig.Tally
	alive := 0
	for _, use := range []struct{ verifier, client string }{
		{other, d.Lab.Client}, {other, "another"}, {"", d.Lab.Client}} {
		verifier, challenge := lab.Verifier()
		signedIn := d.SignIn()
		code := d.HandOver(d.Request(challenge), signedIn, nil)
		tokens.Note(d.Redeem(code, use.verifier, use.client))
		if use.verifier == "" {
			continue // refused before the code was looked at, so the app can go on
		}
		tokens.Note(d.Redeem(code, verifier, d.Lab.Client))
		if _, err := d.Server.Cognito.Refresh(r.Ctx, d.Lab.Client, signedIn["refresh_token"]); err == nil {
			alive++
		}
	}
	tokens.Add(r, m, "a stolen code: wrong verifier, another client, no verifier", "gave tokens",
		rig.Unless(alive == 0, "%d attacked sign-ins were not revoked", alive))
}

// foreign hands over what is not a fresh sign-in of the client, or from another page.
func foreign(r *rig.Run, m settings.Mode, d *lab.Desk) {
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
	var codes rig.Tally
	for _, tokens := range []map[string]string{elsewhere.SignIn(), mixed("id_token"), mixed("access_token"),
		mixed("refresh_token"), old, swapped, {}} {
		codes.Note(d.HandOver(request, tokens, nil) != "")
	}
	to := d.Request(challenge)
	to.Set("client_id", "another")
	to.Set("redirect_uri", "https://another.example.com/callback")
	codes.Note(d.HandOver(to, d.SignIn(), nil) != "")
	for _, header := range [][2]string{{"Origin", "https://attacker.example"}, {"Origin", "null"}, {"Origin", ""},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Content-Type", "text/plain"}} {
		codes.Note(d.HandOver(request, d.SignIn(), map[string]string{header[0]: header[1]}) != "")
	}
	codes.Add(r, m, "tokens of another pool, client, sign-in or time, and other pages' requests", "became codes")
}

// tableDies takes the table away before each of the two steps.
func tableDies(r *rig.Run, m settings.Mode, d *lab.Desk) {
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
	got := rig.Tally{Tried: 2, Achieved: rig.Count(early, during, again)}
	got.Add(r, m, "the table dies before a code is stored, and before it is taken", "got tokens by it",
		rig.Unless(after, "the sign-in did not survive"))
}

// leaks searches all answers, and the log.
func leaks(r *rig.Run, m settings.Mode, d *lab.Desk) {
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
	rig.Tally{Tried: len(d.Seen), Achieved: len(found)}.Add(r, m,
		"answers and log lines searched for tokens, addresses, line breaks, cacheable answers", "leaks", found...)
}
