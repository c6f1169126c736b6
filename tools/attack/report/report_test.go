package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func testReport() Report {
	return Report{Seconds: 2, Broken: 1, Rows: []Row{
		{Attack: "year", Mode: "password", Tried: "guesses", Count: 8770, Result: "8,770 compared", Bound: "≤ 8,770",
			OK: true},
		{Attack: "bypass", Mode: "password", Tried: "an entry", Count: 1, Result: "tokens", Bound: "0",
			Why: "tokens were given"},
	}}
}

func TestTheTableNamesWhatBroke(t *testing.T) {
	var b strings.Builder
	if err := testReport().Table(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"attack", "8,770 compared", "≤ 8,770  ok", "0        BROKEN",
		"BROKEN bypass, password, an entry:\n  tokens were given", "2 bounds, 1 broken, 2 s"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in\n%s", want, b.String())
		}
	}
	if err := testReport().Err(); err == nil || err.Error() != "1 of 2 bounds are broken" {
		t.Errorf("the error is %v", err)
	}
}

func TestTheJSONReadsBack(t *testing.T) {
	text, err := json.Marshal(testReport())
	var back Report
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || back.Broken != 1 || len(back.Rows) != 2 || back.Rows[0] != testReport().Rows[0] {
		t.Errorf("%+v, %v", back, err)
	}
}
