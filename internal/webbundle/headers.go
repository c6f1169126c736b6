package webbundle

import (
	"net/url"
	"strings"
)

// Header is a response header.
type Header struct{ Name, Value string }

// Headers returns the response headers of the page. api is the user pool's API, the one other
// origin that the page may request, such as "https://cognito-idp.eu-west-1.amazonaws.com/".
func Headers(api string) []Header {
	return []Header{
		{"Content-Security-Policy", Policy(api)},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
	}
}

// Policy returns the content security policy. It allows scripts and styles from the page's own
// files, requests to the page's origin and to api, and nothing else: no inline code, no HTML from
// text, no frame.
func Policy(api string) string {
	connect := "'self'"
	if u, err := url.Parse(api); err == nil && u.Host != "" {
		connect += " " + u.Scheme + "://" + u.Host
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src " + connect,
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}
