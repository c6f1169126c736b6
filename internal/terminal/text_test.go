package terminal

import "testing"

func TestArgumentsAreQuotedForAShell(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"user@example.com": "user@example.com", "/tmp/a b": "'/tmp/a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'",
	} {
		if got := Quote(arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}
