package attach_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/customresource"
)

func properties(t *testing.T, change func(*attach.Properties)) json.RawMessage {
	t.Helper()
	own := triggers()
	p := attach.Properties{UserPoolID: "eu-west-1_Example01", Mode: "password", Triggers: own.ARNs, Chained: own.Chained,
		Version: "v0.2.0"}
	if change != nil {
		change(&p)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTheLifeOfAResource goes through what CloudFormation sends, with its rollbacks.
func TestTheLifeOfAResource(t *testing.T) {
	before := everyField(t)
	c := newCognito(t, before)
	operate := attach.Operation(c, nil)
	created := customresource.Event{RequestType: customresource.Create, ResourceProperties: properties(t, nil)}
	id, err := operate(t.Context(), created)
	if err != nil || id != "eu-west-1_Example01/emailotp/PreTokenGeneration" {
		t.Fatalf("id %q, %v", id, err)
	}
	if again, err := operate(t.Context(), created); err != nil || again != id {
		t.Errorf("a repeated Create: id %q, %v", again, err)
	}
	renewed := properties(t, func(p *attach.Properties) { p.Triggers["DefineAuthChallenge"] = ours + "renewed" })
	update := customresource.Event{RequestType: customresource.Update, PhysicalResourceID: id, ResourceProperties: renewed,
		OldResourceProperties: properties(t, nil)}
	if got, err := operate(t.Context(), update); err != nil || got != id ||
		c.lambdas()["DefineAuthChallenge"] != ours+"renewed" {
		t.Errorf("update: id %q, %v, %v", got, err, c.lambdas())
	}
	update.ResourceProperties, update.OldResourceProperties = update.OldResourceProperties, update.ResourceProperties
	if got, err := operate(t.Context(), update); err != nil || got != id ||
		c.lambdas()["DefineAuthChallenge"] != ours+"DefineAuthChallenge" {
		t.Errorf("its rollback: id %q, %v, %v", got, err, c.lambdas())
	}
	deleted := customresource.Event{RequestType: customresource.Delete, PhysicalResourceID: id,
		ResourceProperties: properties(t, nil)}
	for range 2 {
		if _, err := operate(t.Context(), deleted); err != nil {
			t.Errorf("delete: %v", err)
		}
		same(t, c.described(), before)
	}
}

// TestARollbackGoesByTheDayOfItsSynthesis: an acknowledgement that ended meanwhile must not keep a
// failed deployment from being rolled back.
func TestARollbackGoesByTheDayOfItsSynthesis(t *testing.T) {
	for name, c := range map[string]struct {
		request    customresource.RequestType
		now, older string
		want       bool // by the clock
	}{
		"a creation":                   {customresource.Create, "2020-01-01", "", true},
		"a later synthesis":            {customresource.Update, "2020-01-02", "2020-01-01", true},
		"a later synthesis by seconds": {customresource.Update, "2020-01-01T10:00:01Z", "2020-01-01T10:00:00Z", true},
		"a rollback":                   {customresource.Update, "2020-01-01", "2020-01-02T10:00:00Z", false},
		"to one with an end":           {customresource.Update, "2020-01-01", "", false},
		"a malformed day":              {customresource.Update, "yesterday of old", "", true},
	} {
		fake := newCognito(t, everyField(t))
		var got time.Time
		operate := attach.Operation(fake, func(p attach.Properties, _ json.RawMessage, _ []json.RawMessage) []string {
			got = p.Now()
			return nil
		})
		e := customresource.Event{RequestType: c.request, PhysicalResourceID: "eu-west-1_Example01/emailotp/",
			ResourceProperties: properties(t, func(p *attach.Properties) { p.SynthesizedAt = c.now })}
		if c.request == customresource.Update {
			e.OldResourceProperties = properties(t, func(p *attach.Properties) { p.SynthesizedAt = c.older })
		}
		if _, err := operate(t.Context(), e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (got.Year() != 2020) != c.want {
			t.Errorf("%s: acknowledgements end by %v", name, got)
		}
	}
}

func TestAFailedCreateLeavesThePoolAndItsDeleteSucceeds(t *testing.T) {
	c := newCognito(t, everyField(t))
	c.change(func(pool map[string]any) {
		pool["LambdaConfig"].(map[string]any)["CreateAuthChallenge"] = theirs + "Create"
	})
	before := c.described()
	operate := attach.Operation(c, nil)
	id, err := operate(t.Context(), customresource.Event{RequestType: customresource.Create,
		ResourceProperties: properties(t, nil)})
	if err == nil || !strings.Contains(err.Error(), "CreateAuthChallenge calls") {
		t.Fatalf("id %q, %v", id, err)
	}
	for _, known := range []string{id, "made-up-by-cloudformation"} {
		_, err = operate(t.Context(), customresource.Event{RequestType: customresource.Delete, PhysicalResourceID: known,
			ResourceProperties: properties(t, nil)})
		if err != nil {
			t.Errorf("delete of %q: %v", known, err)
		}
		same(t, c.described(), before)
	}
}

func TestAnotherPoolIsAnError(t *testing.T) {
	c := newCognito(t, everyField(t))
	other := properties(t, func(p *attach.Properties) { p.UserPoolID = "eu-west-1_Example02" })
	id, err := attach.Operation(c, nil)(t.Context(), customresource.Event{RequestType: customresource.Update,
		PhysicalResourceID: "eu-west-1_Example01/emailotp/", ResourceProperties: other,
		OldResourceProperties: properties(t, nil)})
	if err == nil || !strings.Contains(err.Error(), "another construct id") || id != "eu-west-1_Example01/emailotp/" ||
		len(c.calls) != 0 {
		t.Errorf("id %q, %v, calls %v", id, err, c.calls)
	}
}

// TestACheckAloneIsDeletedWithoutACall: the pool may be gone, and the role's rights with it.
func TestACheckAloneIsDeletedWithoutACall(t *testing.T) {
	c := newCognito(t, everyField(t))
	alone := properties(t, func(p *attach.Properties) { p.Triggers, p.Chained, p.Expected = nil, nil, p.Triggers })
	operate := attach.Operation(c, func(attach.Properties, json.RawMessage, []json.RawMessage) []string { return nil })
	before := c.described()
	id, err := operate(t.Context(), customresource.Event{RequestType: customresource.Create, ResourceProperties: alone})
	if err != nil || id != "eu-west-1_Example01/emailotp/" || len(c.calls) == 0 {
		t.Errorf("create: id %q, %v, calls %v", id, err, c.calls)
	}
	same(t, c.described(), before)
	c.calls = nil
	_, err = operate(t.Context(), customresource.Event{RequestType: customresource.Delete, PhysicalResourceID: id,
		ResourceProperties: alone})
	if err != nil || len(c.calls) != 0 {
		t.Errorf("delete: %v, calls %v", err, c.calls)
	}
}

func TestMalformedEvents(t *testing.T) {
	c := newCognito(t, everyField(t))
	for _, e := range []customresource.Event{
		{RequestType: customresource.Create, ResourceProperties: json.RawMessage(`[]`)},
		{RequestType: customresource.Update, ResourceProperties: properties(t, nil),
			OldResourceProperties: json.RawMessage(`7`)},
		{RequestType: "Rename", ResourceProperties: properties(t, nil)},
	} {
		if _, err := attach.Operation(c, nil)(t.Context(), e); err == nil {
			t.Errorf("%s with %s: no error", e.RequestType, e.ResourceProperties)
		}
	}
	if len(c.calls) != 0 {
		t.Errorf("calls %v", c.calls)
	}
}
