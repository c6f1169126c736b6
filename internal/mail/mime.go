package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"
)

// MIME returns m as an RFC 5322 message: for previews and tests, since a mail service builds its
// own. date becomes the Date header; the boundary follows from the content, so that the same mail
// gives the same bytes.
func (m Mail) MIME(date time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256([]byte(m.Text + "\x00" + m.HTML))
	if err := w.SetBoundary(hex.EncodeToString(sum[:16])); err != nil {
		return nil, err
	}
	fold(&b, "From", m.From)
	fold(&b, "To", m.To)
	if len(m.ReplyTo) > 0 {
		fold(&b, "Reply-To", strings.Join(m.ReplyTo, ", "))
	}
	fold(&b, "Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	fold(&b, "Date", date.Format(time.RFC1123Z))
	for _, h := range m.Headers {
		fold(&b, h.Name, h.Value)
	}
	fold(&b, "MIME-Version", "1.0")
	fold(&b, "Content-Type", fmt.Sprintf("multipart/alternative; boundary=%q", w.Boundary()))
	b.WriteString("\r\n")
	for _, part := range [...]struct{ kind, body string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		if part.body == "" {
			continue // Cognito's own mails have no plain text
		}
		if err := writePart(w, part.kind, m.Language, part.body); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func writePart(w *multipart.Writer, mediaType, language, body string) error {
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {mediaType + "; charset=utf-8"},
		"Content-Language":          {language},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	q := quotedprintable.NewWriter(part)
	if _, err := io.WriteString(q, body); err != nil {
		return err
	}
	return q.Close()
}

// foldAt is the length that lines are kept within: RFC 2047, section 2, for those with encoded
// words. RFC 5322, section 2.1.1, would have 78.
const foldAt = 76

// fold writes a header field, broken at spaces.
func fold(b *bytes.Buffer, name, value string) {
	b.WriteString(name + ":")
	column := len(name) + 1
	for word := range strings.SplitSeq(value, " ") {
		if column+1+len(word) > foldAt {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	b.WriteString("\r\n")
}
