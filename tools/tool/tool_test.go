package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

type result struct {
	Rows   int
	failed error
}

func (r result) Table(w io.Writer) error { _, err := fmt.Fprintln(w, "rows", r.Rows); return err }
func (r result) Err() error              { return r.failed }

func TestCommandLine(t *testing.T) {
	broken := errors.New("1 of 2 bounds are broken")
	for _, c := range []struct {
		args     string
		failed   error
		harness  error
		code     int
		out, err string
	}{
		{args: "", out: "rows 2", err: "working on all"},
		{args: "--json", out: `"Rows": 2`, err: "working"},
		{args: "--small --only year,flood", out: "rows 2", err: "working on year flood, small"},
		{args: "-small -only year", out: "rows 2", err: "working on year, small"},
		{args: "--quiet", out: "rows 2"},
		{args: "--json", failed: broken, code: 1, out: `"Rows": 2`, err: "attack: error: 1 of 2 bounds are broken"},
		{args: "", harness: errors.New("no engine"), code: 1, err: "attack: error: no engine"},
		{args: "--only year,nothing", code: 2, err: "--only: there is no attack nothing; there are year, flood"},
		{args: "--loud", code: 2, err: "flag provided but not defined: -loud"},
		{args: "year", code: 2, err: `attack accepts flags alone (received: "year")`},
		{args: "--help", err: "-only"},
	} {
		var out, errOut strings.Builder
		command := Command{Name: "attack", Part: "attack", Parts: []string{"year", "flood"}, Fewer: "small"}
		code := command.Main(strings.Fields(c.args), &out, &errOut, func(_ context.Context, o Options) (Report, error) {
			words := "working on " + strings.Join(o.Only, " ")
			if len(o.Only) == 0 {
				words += "all"
			}
			if o.Fewer {
				words += ", small"
			}
			fmt.Fprintln(o.Progress, words)
			return result{2, c.failed}, c.harness
		})
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.err) {
			t.Errorf("%q: exit code %d, want %d; out %q, err %q", c.args, code, c.code, out.String(), errOut.String())
		}
		if c.err == "" && errOut.Len() > 0 {
			t.Errorf("%q wrote progress: %q", c.args, errOut.String())
		}
	}
}

func TestAlign(t *testing.T) {
	got := Align([][]string{{"what", "n", "note"}, {"a", "1,000", "é"}, {"a long cell of a short line", "x"},
		{"abcdef", "7", ""}}, 1)
	want := []string{"what        n  note", "a       1,000  é", "a long cell of a short line      x", "abcdef      7"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
