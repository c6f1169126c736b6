package assembly_test

import (
	"testing"
)

// As the construct refuses ChangeAddress, so the sandbox makes none.
func TestThePageOfTheSandboxChangesAddressesWhereClientsMayNot(t *testing.T) {
	for name, c := range map[string]struct {
		change func(template object)
		want   string
	}{
		"a client may write email": {func(o object) {
			props(o, "SignInClient")["WriteAttributes"] = []any{"email"}
			at(o, "Resources", "SignInClient")["Metadata"] = object{"EmailOTP::Client": "passwordless",
				"EmailOTP::AcknowledgedBypasses": []any{"WRITE_EMAIL:SignInClient"}}
		}, "users can't change their address here: "},
		"neither": {func(object) {}, ""},
	} {
		choice := passwordless
		choice.ChangeAddress = true
		p := mustPlan(t, edited(t, devTemplate, c.change), choice)
		if p.Page == nil || p.Page.ChangesAddresses != (c.want == "") ||
			mentioned(p.Warnings, "users can't change") != (c.want != "") {
			t.Errorf("%s: page %+v, warnings %q", name, p.Page, p.Warnings)
		}
	}
	if p := mustPlan(t, app, passwordless); p.Page != nil {
		t.Errorf("a page that nobody asked for: %+v", p.Page)
	}
}
