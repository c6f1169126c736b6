package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ParseConfig reads a config as JSON. Its error continues a file's name.
func ParseConfig(data []byte) (Config, error) {
	var c Config
	err := strictJSON(data, &c)
	return c, err
}

// strictJSON decodes one JSON value with known keys alone. Its error begins with the line of the
// mistake and continues a file's name.
func strictJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%d: %w", line(data, offset(err, d)), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%d: there is more behind the end of the JSON", line(data, d.InputOffset()))
	}
	return nil
}

func offset(err error, d *json.Decoder) int64 {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &kind):
		return kind.Offset
	}
	return d.InputOffset()
}

func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
}
