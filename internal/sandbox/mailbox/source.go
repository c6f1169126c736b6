package mailbox

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
)

// headerOrder has the headers that a reader looks for first.
var headerOrder = []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version"}

// Source is a mail as MIME: as it was sent, or as SES would have written it.
func Source(m Message) []byte {
	if m.Raw != nil {
		return m.Raw
	}
	var b bytes.Buffer
	names := slices.Clone(headerOrder)
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		if !slices.Contains(headerOrder, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		value, ok := m.Headers[name]
		if !ok {
			continue
		}
		if name == "Subject" {
			value = mime.QEncoding.Encode("utf-8", value)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	w := multipart.NewWriter(&b)
	// The boundary follows from the id, so that the source looks the same each time.
	_ = w.SetBoundary("=_" + m.ID)
	fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n", w.Boundary())
	part(w, "text/plain", m.Text)
	part(w, "text/html", m.HTML)
	_ = w.Close() // a bytes.Buffer never fails
	return b.Bytes()
}

func part(w *multipart.Writer, kind, text string) {
	if text == "" {
		return
	}
	p, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {kind + "; charset=UTF-8"},
		"Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return // only a closed writer gives one
	}
	q := quotedprintable.NewWriter(p)
	_, _ = q.Write([]byte(text))
	_ = q.Close()
}
