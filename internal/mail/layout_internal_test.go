package mail

import (
	"strings"
	"testing"
)

func TestLayoutsSayWhatTheyCantHave(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"a\n{{.Code", "2: unclosed action"},
		{"{{if .Code}}x", "1: {{if .Code}} has no {{end}}"},
		{"{{if .Code}}x{{else}}y", "1: {{if .Code}} has no {{end}}"},
		{"{{if .Code}}x{{else}}y{{else}}z{{end}}", "has no {{end}}"},
		{"a{{end}}", "1: unexpected {{end}}"},
		{"a{{else}}", "1: unexpected {{else}}"},
		{"\n\n{{.Password}}", "3: a layout can't have {{.Password}}"},
		{"{{not .Code}}", "a layout can't have {{not .Code}}"},
		{"{{with .Code}}{{end}}", "a layout can't have {{with .Code}}"},
		{"{{range .Groups}}{{end}}", "a layout can't have {{range .Groups}}"},
		{"{{printf .Code}}", "a layout can't have {{printf .Code}}"},
		{"{{/* a comment */}}", "a layout can't have {{/* a comment */}}"},
	} {
		if _, err := parseLayout(test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.source, err, test.want)
		}
	}
}

func TestLayoutsTrimAndNest(t *testing.T) {
	d := &Data[string]{Code: "1234", Dir: "ltr"}
	for _, test := range []struct{ source, want string }{
		{"a {{.Code}} b", "a 1234 b"},
		{"a \n{{- .Code}} b", "a1234 b"},
		{"a {{.Code -}}\n\t b", "a 1234b"},
		{"a {{- if .Long -}} b {{- else -}} c {{- end -}} d", "acd"},
		{"{{if .Code}}{{if not .Long}}{{.Dir}}{{end}}{{else}}x{{end}}", "ltr"},
		{"{{if not .Code}}x{{else}}y{{end}}", "y"},
	} {
		l, err := parseLayout(test.source)
		if err != nil {
			t.Fatalf("%q: %v", test.source, err)
		}
		if got := l.render(values(d), 0); got != test.want {
			t.Errorf("%q gives %q, want %q", test.source, got, test.want)
		}
	}
}
