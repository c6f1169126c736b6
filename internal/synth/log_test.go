package synth_test

import (
	"bytes"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

func TestWhatTheCLIOfTheCDKPrintsEndsItsLine(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]string{
		"one\ntwo\n": "one\ntwo\n", "one\ntwo": "one\ntwo\n",
		"one\nRuntime process exited abnormally: waitid: no child processes": "one\n",
		"doneRuntime process exited abnormally: x\nthree\n":                  "done\nthree\n",
	} {
		var out bytes.Buffer
		w := synth.NewLog(&out)
		for _, b := range []byte(printed) {
			if n, err := w.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if w.Flush(); out.String() != want {
			t.Errorf("%q becomes %q, want %q", printed, &out, want)
		}
	}
}
