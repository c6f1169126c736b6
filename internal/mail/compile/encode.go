package compile

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// encode writes f as JSON: keys sorted at every level, the config readable to a person, and each
// mail on a line of its own for [mail.Load] to find.
func encode(f mail.File) ([]byte, error) {
	mails := f.Mails
	f.Mails = nil
	first, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var sorted map[string]any
	if err := json.Unmarshal(first, &sorted); err != nil {
		return nil, err
	}
	if len(mails) > 0 {
		sorted["mails"] = map[string]any{}
	}
	var b bytes.Buffer
	e := encoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(sorted); err != nil || len(mails) == 0 {
		return b.Bytes(), err
	}
	lines, err := mailLines(mails)
	if err != nil {
		return nil, err
	}
	return bytes.Replace(b.Bytes(), []byte("\n  \"mails\": {}"), append(append([]byte("\n  \"mails\": {\n"),
		lines...), "\n  }"...), 1), nil
}

func mailLines(mails map[string]mail.Form) ([]byte, error) {
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(mails)) {
		if b.Len() > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(`    "` + key + `": `)
		if err := encoder(&b).Encode(mails[key]); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // Encode ends with a line break
	}
	return b.Bytes(), nil
}

func encoder(b *bytes.Buffer) *json.Encoder {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e
}
