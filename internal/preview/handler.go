package preview

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed pages/reload.js
var reloadScript []byte

// A handler serves the gallery of what source returns at each request.
type handler struct {
	source func() (Source, error)

	mu      sync.Mutex
	version string
	files   site
}

// NewHandler serves the gallery of what source returns. It calls source anew for every page and
// about once a second for every open one, which reloads itself when there is something else to see.
// An error of source's, or one in the configuration, is shown in place of the gallery.
//
// The handler is for a listener on the loopback interface; the server must check the Host header.
func NewHandler(source func() (Source, error)) http.Handler {
	return &handler{source: source}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	files, version, err := h.current()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	content, ok := files[name]
	switch {
	case name == "reload.js":
		content, ok = reloadScript, true
	case name == "version.txt":
		content, ok = []byte(version), true
	case !ok && strings.HasSuffix(name, ".html") && files["index.html"] != nil && len(files) <= 2:
		content, ok = files["index.html"], true // every page of a broken gallery has the reason
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	setHeaders(w.Header(), name)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func setHeaders(header http.Header, name string) {
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	switch path.Ext(name) {
	case ".html":
		header.Set("Content-Type", "text/html; charset=utf-8")
	case ".css":
		header.Set("Content-Type", "text/css; charset=utf-8")
	case ".js":
		header.Set("Content-Type", "text/javascript; charset=utf-8")
	case ".svg":
		header.Set("Content-Type", "image/svg+xml")
	case ".png", ".jpg", ".webp":
		header.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	default: // mails are shown, not downloaded
		header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	policy := galleryPolicy + "; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
	if strings.HasPrefix(name, "mails/") {
		policy = mailPolicy + "; sandbox; frame-ancestors 'self'"
	}
	if strings.HasPrefix(name, "page/") {
		policy = pagePolicy
	}
	header.Set("Content-Security-Policy", policy)
}

// current returns the gallery as it is now, rendered anew if the configuration has changed.
func (h *handler) current() (site, string, error) {
	source, err := h.source()
	var version string
	if err != nil {
		version = sum([]byte("error: " + err.Error()))
	} else {
		encoded, err := json.Marshal(source)
		if err != nil {
			return nil, "", err
		}
		version = sum(encoded)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.version == version {
		return h.files, version, nil
	}
	var files site
	if err == nil {
		files, err = newSite(source, true)
	}
	if err != nil {
		if files, err = problemSite(err); err != nil {
			return nil, "", err
		}
	}
	h.files, h.version = files, version
	return files, version, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:8])
}
