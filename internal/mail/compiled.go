package mail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// A File is mail.json: the config, and what package compile made of its templates.
//
// A mail is a language and a number of digits, as [FormKey] writes them, on a line of its own:
// reading a mail parses its line and nothing else. The digits are those of the code, and of the
// longer one beside it where the mail has two.
type File struct {
	// Config is the config without its templates.
	Config Config `json:"config"`
	// Minutes is for how long the codes of the mails are valid, in whole minutes.
	Minutes int `json:"minutes,omitempty"`
	// Mails are the mails that the templates write.
	Mails map[string]Form `json:"mails,omitempty"`
}

// A Form is a mail that an importer's templates wrote for an unknown code, time and zone, in whose
// places it has [DigitMark], [TimeMark] and [ZoneMark]. A part without a template is empty.
type Form struct {
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
}

// FormKey names the mail in the language tag with so many digits in its codes.
func FormKey(tag string, digits int) string { return fmt.Sprintf("%s/%d", tag, digits) }

// CognitoKey names the mail of Cognito's own in the language tag.
func CognitoKey(tag string, kind CognitoKind) string { return tag + "/" + string(kind) }

// The marks are characters at the very end of Unicode's private use. Fonts of icons use its
// beginning, so that no template loses a picture.
const (
	// FirstMark is the first of all marks, which reach to the end of Unicode.
	FirstMark = '\U0010FF00'
	// TimeMark stands for the time of day, ZoneMark for the time zone.
	TimeMark = '\U0010FFF0'
	ZoneMark = '\U0010FFF1'
)

// DigitMark stands for digit i of the code, counted from 0. The digits of the longer code beside it
// follow.
func DigitMark(i int) rune { return FirstMark + rune(i) }

// Fill replaces the marks by the values of f. Time and zone need no escaping: they have no
// character that is special in HTML.
func (form Form) Fill(f Facts) Form {
	return Form{fillMarks(form.Subject, f), fillMarks(form.Text, f), fillMarks(form.HTML, f)}
}

// markLead is the byte that marks begin with in UTF-8, markSize their length.
const (
	markLead = 0xf4
	markSize = 4
)

func fillMarks(s string, f Facts) string {
	i := strings.IndexByte(s, markLead)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, markLead) {
		b.WriteString(s[:i])
		end := min(i+markSize, len(s))
		b.WriteString(valueOfMark(s[i:end], f))
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

func valueOfMark(mark string, f Facts) string {
	switch r := []rune(mark)[0]; {
	case r == TimeMark:
		return f.Time
	case r == ZoneMark:
		return f.Zone
	case r >= FirstMark && int(r-FirstMark) < len(f.Code+f.Fallback):
		return (f.Code + f.Fallback)[r-FirstMark:][:1]
	}
	return mark
}

// compiled are the mails of a File as far as they were read.
type compiled struct {
	minutes int
	lines   map[string][]byte // JSON by FormKey, not parsed
}

// form returns the mail for f, and an empty one if the templates weren't executed for its like: a
// code of another length or validity, as exists for seconds while a deployment changes either, or a
// request without a time. The mail then has the built-in layout.
func (c *compiled) form(f Facts) (Form, error) {
	line, ok := c.lines[FormKey(f.Language, len(f.Code+f.Fallback))]
	if !ok || f.Minutes != c.minutes || f.Time == "" {
		return Form{}, nil
	}
	var form Form
	if err := json.Unmarshal(line, &form); err != nil {
		return form, fmt.Errorf("mail.json: mail %s: %w", FormKey(f.Language, len(f.Code+f.Fallback)), err)
	}
	return form.Fill(f), nil
}

// cognito returns what the templates wrote for a mail of Cognito's own; an empty form for none.
func (c *compiled) cognito(kind CognitoKind, tag string) (form Form, err error) {
	line, ok := c.lines[CognitoKey(tag, kind)]
	if !ok {
		return form, nil
	}
	if err := json.Unmarshal(line, &form); err != nil {
		return form, fmt.Errorf("mail.json: mail %s: %w", CognitoKey(tag, kind), err)
	}
	return form, nil
}

// Load returns a renderer for a mail.json as package compile writes it.
func Load(mailJSON []byte) (*Renderer, error) {
	rest, lines, err := splitMails(mailJSON)
	if err != nil {
		return nil, fmt.Errorf("mail.json:%w", err)
	}
	var f File
	if err := strictJSON(rest, &f); err != nil {
		return nil, fmt.Errorf("mail.json:%w", err)
	}
	if len(f.Mails) > 0 {
		return nil, fmt.Errorf("mail.json: it was written anew by another program; take it as compiling gave it, each " +
			"mail on a line of its own")
	}
	r, err := New(f.Config)
	if err != nil {
		return nil, err
	}
	r.compiled = compiled{f.Minutes, lines}
	return r, nil
}

// The lines around the mails of a File, and how the line of a mail begins.
const (
	mailsBegin = "\n  \"mails\": {\n"
	mailsEnd   = "\n  }"
	mailIndent = "    \""
)

// splitMails separates the mails from the rest of a File. The rest is the same File without any,
// and its lines up to there keep their numbers.
func splitMails(file []byte) (rest []byte, lines map[string][]byte, err error) {
	begin := bytes.Index(file, []byte(mailsBegin))
	if begin < 0 {
		return file, nil, nil
	}
	first := begin + len(mailsBegin)
	end := bytes.Index(file[first-1:], []byte(mailsEnd))
	if end < 0 {
		return nil, nil, fmt.Errorf("%d: the mails have no end", line(file, int64(begin+1)))
	}
	last := first - 1 + end
	lines = map[string][]byte{}
	for l := range bytes.Lines(file[first:max(first, last)]) {
		key, value, ok := bytes.Cut(bytes.TrimPrefix(l, []byte(mailIndent)), []byte(`": `))
		if !ok || !bytes.HasPrefix(l, []byte(mailIndent)) {
			return nil, nil, fmt.Errorf("%d: this isn't a mail on a line of its own; take the file as compiling gave it",
				line(file, int64(first)))
		}
		lines[string(key)] = bytes.TrimRight(value, ",\n")
	}
	return append(file[:begin+len(mailsBegin)-1:begin+len(mailsBegin)-1], file[last:]...), lines, nil
}
