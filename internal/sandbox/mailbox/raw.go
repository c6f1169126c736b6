package mailbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// maxParts bounds what is read of a raw mail's parts, maxNesting how deep.
const (
	maxParts   = 100
	maxNesting = 5
)

// readRaw reads a mail that was sent as MIME. Its header names sender and recipients where the
// request doesn't.
func (m *outgoing) readRaw(data []byte, recipientsFromHeader bool) *refusal {
	parsed, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return badRequest("the raw message has no header that can be read")
	}
	m.raw = data
	decoder := new(mime.WordDecoder)
	for name, values := range parsed.Header {
		value := strings.Join(values, ", ")
		if decoded, err := decoder.DecodeHeader(value); err == nil {
			value = decoded
		}
		switch name {
		case "Subject":
			m.subject = value
		case "From":
			if m.from == "" {
				m.from = parsed.Header.Get("From")
			}
		case "Bcc":
		default:
			m.headers = append(m.headers, [2]string{name, value})
		}
	}
	if recipientsFromHeader {
		for _, field := range []string{"To", "Cc", "Bcc"} {
			list, err := parsed.Header.AddressList(field)
			if err != nil {
				continue // absent
			}
			for _, a := range list {
				m.recipients = append(m.recipients, a.String())
				if field == "To" {
					m.to = append(m.to, a.String())
				}
			}
		}
	}
	parts := maxParts
	m.readBody(parsed.Header.Get, parsed.Body, &parts, 0)
	return nil
}

// readBody keeps the first plain and the first HTML text that it finds.
func (m *outgoing) readBody(header func(string) string, body io.Reader, parts *int, depth int) {
	if *parts--; *parts < 0 || depth > maxNesting {
		return
	}
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		reader := multipart.NewReader(body, params["boundary"])
		for {
			part, err := reader.NextRawPart()
			if err != nil {
				return // the end, or nothing that can be read
			}
			m.readBody(part.Header.Get, part, parts, depth+1)
		}
	}
	switch strings.ToLower(header("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(body) // what could be decoded is worth showing
	switch {
	case kind == "text/html" && m.html == "":
		m.html = string(text)
	case kind == "text/plain" && m.text == "":
		m.text = string(text)
	}
}
