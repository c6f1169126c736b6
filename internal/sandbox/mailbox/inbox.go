package mailbox

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

//go:embed web
var web embed.FS

var pages = template.Must(template.ParseFS(web, "web/*.html"))

// Inbox serves a Store: a page for developers, JSON for scripts. No other origin can read or change
// it.
type Inbox struct {
	store  *Store
	logger *slog.Logger
	mux    *http.ServeMux
	signIn atomic.Pointer[string]
}

// NewInbox makes the handler.
func NewInbox(store *Store, logger *slog.Logger) *Inbox {
	in := &Inbox{store: store, logger: logger, mux: http.NewServeMux()}
	in.mux.HandleFunc("GET /{$}", in.page)
	in.mux.HandleFunc("GET /inbox.css", in.file("text/css; charset=utf-8"))
	in.mux.HandleFunc("GET /inbox.js", in.file("text/javascript; charset=utf-8"))
	in.mux.HandleFunc("GET /api/messages", in.list)
	in.mux.HandleFunc("DELETE /api/messages", in.clear)
	in.mux.HandleFunc("GET /api/messages/{id}", in.one)
	in.mux.HandleFunc("GET /api/summaries", in.summaries)
	in.mux.HandleFunc("GET /messages/{id}/html", in.html)
	in.mux.HandleFunc("GET /messages/{id}/source", in.source)
	return in
}

// SetSignInURL links the page to a sign-in page; empty removes the link.
func (in *Inbox) SetSignInURL(u string) { in.signIn.Store(&u) }

// pagePolicy lets the page load its own two files and frame its own mails.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src " +
	"'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// mailPolicy: a mail's HTML gets an opaque origin, no script and no network.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'self'"

// ServeHTTP answers one request. Changes are refused to pages of other origins, which a browser
// marks in Sec-Fetch-Site or Origin.
func (in *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		problem(w, http.StatusForbidden, "the inbox may only be changed from its own page or by a program")
		return
	}
	in.mux.ServeHTTP(w, r)
}

func (in *Inbox) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	data := struct{ SignInURL string }{}
	if u := in.signIn.Load(); u != nil {
		data.SignInURL = *u
	}
	if err := pages.ExecuteTemplate(w, "inbox.html", data); err != nil {
		in.logger.Debug("inbox page", "error", err)
	}
}

func (in *Inbox) file(contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := web.ReadFile("web" + r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(data)
	}
}

func (in *Inbox) list(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.URL.Query())
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	reply(w, in.store.Messages(q.to, q.since, q.limit))
}

func (in *Inbox) one(w http.ResponseWriter, r *http.Request) {
	m, ok := in.store.Message(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "no such mail; it may have been deleted")
		return
	}
	reply(w, m)
}

func (in *Inbox) clear(w http.ResponseWriter, _ *http.Request) {
	in.store.Delete()
	w.WriteHeader(http.StatusNoContent)
}

// summary is what the page's list shows of a mail.
type summary struct {
	ID      string    `json:"id"`
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	SentAt  time.Time `json:"sentAt"`
	// Code is what looks like the code in the mail.
	Code string `json:"code,omitempty"`
	HTML bool   `json:"hasHtml"`
}

// shown is how many mails the page lists.
const shown = 200

func (in *Inbox) summaries(w http.ResponseWriter, r *http.Request) {
	tag := fmt.Sprintf(`"%d"`, in.store.Version())
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	all := []summary{}
	for _, m := range in.store.Messages("", time.Time{}, shown) {
		all = append(all, summary{m.ID, m.To, m.From, m.Subject, m.SentAt, FindCode(m.Text), m.HTML != ""})
	}
	reply(w, all)
}

func (in *Inbox) html(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", mailPolicy)
	in.show(w, r, "text/html; charset=utf-8", func(m Message) []byte { return []byte(m.HTML) })
}

func (in *Inbox) source(w http.ResponseWriter, r *http.Request) {
	in.show(w, r, "text/plain; charset=utf-8", Source)
}

// show writes a part of the mail that the request names.
func (in *Inbox) show(w http.ResponseWriter, r *http.Request, contentType string, part func(Message) []byte) {
	m, ok := in.store.Message(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(part(m))
}

type query struct {
	to    string
	since time.Time
	limit int
}

// parseQuery reads to, since (RFC 3339, or milliseconds since 1970) and limit. A + that wasn't
// escaped, of an address or a zone offset, arrives as a space.
func parseQuery(values url.Values) (query, error) {
	q := query{to: strings.ReplaceAll(strings.TrimSpace(values.Get("to")), " ", "+")}
	var errs []error
	if s := values.Get("since"); s != "" {
		if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
			q.since = time.UnixMilli(ms)
		} else if q.since, err = time.Parse(time.RFC3339, strings.Replace(s, " ", "+", 1)); err != nil {
			errs = append(errs, fmt.Errorf("since must be a time such as 2026-11-21T06:30:00Z or milliseconds since 1970 "+
				"(received: %q)", s))
		}
	}
	if s := values.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			errs = append(errs, fmt.Errorf("limit must be a whole number from 1 (received: %q)", s))
		}
		q.limit = n
	}
	return q, errors.Join(errs...)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // fails only if the client went away
}

func problem(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}
