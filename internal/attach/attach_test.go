package attach_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestAttachChangesTheTriggersAndNothingElse(t *testing.T) {
	before := everyField(t)
	c := newCognito(t, before)
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	lambdas := c.lambdas()
	for slot, arn := range triggers().ARNs {
		if lambdas[slot] != arn {
			t.Errorf("%s calls %v", slot, lambdas[slot])
		}
	}
	config := lambdas["PreTokenGenerationConfig"].(map[string]any)
	if config["LambdaVersion"] != "V2_0" || config["LambdaArn"] != ours+"PreTokenGeneration" {
		t.Errorf("the token slot is %v", config)
	}
	if lambdas["PostConfirmation"] != theirs+"PostConfirmation" {
		t.Error("another trigger is gone")
	}
	rest, was := c.described(), maps.Clone(before)
	delete(rest, "LambdaConfig")
	delete(was, "LambdaConfig")
	same(t, rest, was)
	t.Run("again is no update", func(t *testing.T) {
		c.calls = nil
		if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil || slices.Contains(c.calls, "UpdateUserPool") {
			t.Errorf("%v, calls %v", err, c.calls)
		}
	})
	t.Run("and back", func(t *testing.T) {
		if err := poolOf(c).Detach(t.Context(), restoring()); err != nil {
			t.Fatal(err)
		}
		same(t, c.described(), before)
	})
}

// TestEveryMemberOfTheSDKIsInTheTable: a member that the SDK knows and the table lacks would make
// every pool that has it unusable.
func TestEveryMemberOfTheSDKIsInTheTable(t *testing.T) {
	pool := map[string]any{}
	fill(pool, reflect.TypeFor[types.UserPoolType]())
	pool["Id"] = poolID
	delete(pool["VerificationMessageTemplate"].(map[string]any), "EmailMessageByLink")
	pool["LambdaConfig"] = map[string]any{"UserMigration": "x"}
	if _, err := poolOf(newCognito(t, pool)).Attach(t.Context(), triggers()); err != nil {
		t.Error(err)
	}
	for name := range everyField(t) {
		if _, found := reflect.TypeFor[types.UserPoolType]().FieldByName(name); !found {
			t.Errorf("the description has %s, which Cognito doesn't", name)
		}
	}
}

// fill gives every member of a type a value.
func fill(m map[string]any, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() {
			m[f.Name] = value(f.Type)
		}
	}
}

func value(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Pointer:
		return value(t.Elem())
	case reflect.Slice:
		return []any{value(t.Elem())}
	case reflect.Map:
		return map[string]any{"a": "b"}
	case reflect.Struct:
		if t.PkgPath() == "time" {
			return json.Number("1700000000")
		}
		m := map[string]any{}
		fill(m, t)
		return m
	case reflect.Bool:
		return true
	case reflect.String:
		return "text"
	}
	return json.Number("7")
}

// TestTheOlderFormOfTheTokenSlotIsNoDifference: Cognito fills in the second member at any update.
func TestTheOlderFormOfTheTokenSlotIsNoDifference(t *testing.T) {
	arn := theirs + "PreTokenGeneration"
	for name, lambdas := range map[string]map[string]any{
		"the first member alone": {"PreTokenGeneration": arn},
		"the second alone":       {"PreTokenGenerationConfig": map[string]any{"LambdaArn": arn, "LambdaVersion": "V2_0"}},
	} {
		pool := everyField(t)
		pool["LambdaConfig"] = lambdas
		c := newCognito(t, pool)
		own := triggers() // of passwordless mode, which leaves the slot free
		delete(own.ARNs, "PreTokenGeneration")
		own.Chained = nil
		if _, err := poolOf(c).Attach(t.Context(), own); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := c.lambdas()["PreTokenGeneration"]; got != arn {
			t.Errorf("%s: PreTokenGeneration calls %v", name, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(pool, lambdas map[string]any)
		want   string
	}{
		"an unknown member": {func(pool, _ map[string]any) { pool["Passkeys"] = true }, "can't carry over: Passkeys"},
		"an unknown member within": {func(pool, _ map[string]any) {
			pool["Policies"].(map[string]any)["SignInPolicy"] = map[string]any{"Novel": 1}
		}, "Policies.SignInPolicy.Novel"},
		"an unknown trigger": {func(_, lambdas map[string]any) { lambdas["PostSignOut"] = "arn" }, "LambdaConfig.PostSignOut"},
		"an unknown member in a list": {func(pool, _ map[string]any) {
			pool["AccountRecoverySetting"] = map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "x",
				"After": 1}}}
		}, "AccountRecoverySetting.RecoveryMechanisms[0].After"},
		"a slot that is taken": {func(_, lambdas map[string]any) {
			lambdas["DefineAuthChallenge"] = theirs + "Define"
			lambdas["CreateAuthChallenge"] = theirs + "Create"
		}, "CreateAuthChallenge calls " + theirs + "Create; DefineAuthChallenge calls " + theirs + "Define"},
		"the token slot's second member is taken": {func(_, lambdas map[string]any) {
			delete(lambdas, "PreTokenGeneration")
			lambdas["PreTokenGenerationConfig"] = map[string]any{"LambdaArn": theirs + "else", "LambdaVersion": "V3_0"}
		}, "PreTokenGeneration calls " + theirs + "else"},
		"two wordings": {func(pool, _ map[string]any) {
			pool["VerificationMessageTemplate"] = map[string]any{"EmailMessage": "{####}", "EmailMessageByLink": "{##x##}"}
		}, "takes only one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			pool := everyField(t)
			c.change(pool, pool["LambdaConfig"].(map[string]any))
			fake := newCognito(t, pool)
			before := fake.described()
			_, err := poolOf(fake).Attach(t.Context(), triggers())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if slices.Contains(fake.calls, "UpdateUserPool") {
				t.Error("the pool was updated")
			}
			same(t, fake.described(), before)
		})
	}
}

func TestADeletedPool(t *testing.T) {
	c := newCognito(t, everyField(t))
	c.pool = nil
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err == nil ||
		!strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("attach: %v", err)
	}
	if err := poolOf(c).Detach(t.Context(), triggers()); err != nil {
		t.Errorf("detach: %v", err)
	}
}

func TestFindingsOfThePoolAndAllItsClientsRefuse(t *testing.T) {
	c := newCognito(t, everyField(t), userpool.Client{ID: "a", Name: "a", Secret: "hidden"},
		userpool.Client{ID: "b", Name: "b"},
		userpool.Client{ID: "c", Name: "c", ExplicitAuthFlows: []string{"ALLOW_USER_SRP_AUTH"}})
	p := poolOf(c)
	var seen []string
	p.Check = func(pool json.RawMessage, clients []json.RawMessage) []string {
		for _, client := range clients {
			seen = append(seen, string(client))
		}
		return []string{"client c allows SRP"}
	}
	_, err := p.Attach(t.Context(), triggers())
	if err == nil || !strings.Contains(err.Error(), "client c allows SRP") || slices.Contains(c.calls, "UpdateUserPool") {
		t.Errorf("%v, calls %v", err, c.calls)
	}
	if len(seen) != 3 || strings.Contains(strings.Join(seen, " "), "hidden") || !strings.Contains(seen[0],
		`"GenerateSecret":true`) || strings.Contains(seen[1], "GenerateSecret") {
		t.Errorf("checked %v", seen)
	}
	if err := p.Detach(t.Context(), triggers()); err != nil {
		t.Errorf("a finding keeps the triggers in: %v", err)
	}
}

// TestMissingRightsAreNamed: only the pool's description has the role and the key.
func TestMissingRightsAreNamed(t *testing.T) {
	for _, code := range []string{"AccessDeniedException", "NotAuthorizedException",
		"InvalidSmsRoleAccessPolicyException"} {
		c := newCognito(t, everyField(t))
		c.before = func(operation string, _ int) error {
			if operation == "UpdateUserPool" {
				return &attach.APIError{Code: code, Message: "denied"}
			}
			return nil
		}
		_, err := poolOf(c).Attach(t.Context(), triggers())
		if err == nil || !strings.Contains(err.Error(), "iam:PassRole on arn:aws:iam::") ||
			!strings.Contains(err.Error(), "kms:CreateGrant on arn:aws:kms:") ||
			!strings.Contains(err.Error(), "AttachUserPoolStatements") {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestDetachTakesOnlyWhatIsOurs: slots that the adopter gave to other functions meanwhile stay.
func TestDetachTakesOnlyWhatIsOurs(t *testing.T) {
	c := newCognito(t, everyField(t))
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	c.change(func(pool map[string]any) {
		pool["LambdaConfig"].(map[string]any)["DefineAuthChallenge"] = theirs + "later"
	})
	if err := poolOf(c).Detach(t.Context(), restoring()); err != nil {
		t.Fatal(err)
	}
	left := c.lambdas()
	if left["DefineAuthChallenge"] != theirs+"later" || left["CreateAuthChallenge"] != nil ||
		left["PreTokenGeneration"] != theirs+"PreTokenGeneration" {
		t.Errorf("left %v", left)
	}
}

func TestAnUpdateReplacesTheFormerFunctions(t *testing.T) {
	c := newCognito(t, everyField(t))
	first := triggers()
	if _, err := poolOf(c).Attach(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := triggers()
	for slot := range second.ARNs {
		second.ARNs[slot] = ours + "new-" + slot
	}
	if _, err := poolOf(c).Attach(t.Context(), second); err == nil {
		t.Error("functions of another EmailOTP were replaced")
	}
	second.Former = first.ARNs
	if _, err := poolOf(c).Attach(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got := c.lambdas()["DefineAuthChallenge"]; got != ours+"new-DefineAuthChallenge" {
		t.Errorf("DefineAuthChallenge calls %v", got)
	}
}

// An update without an option leaves its slot: to the function that held it at first, or empty.
// Another's function stays.
func TestAnUpdateLeavesTheSlotsOfAnOption(t *testing.T) {
	for name, c := range map[string]struct {
		restore []string
		meets   string // the function that the slot calls meanwhile; empty for EmailOTP's
		want    any
	}{
		"taken over at first": {[]string{"CustomMessage"}, "", theirs + "CustomMessage"},
		"taken over later":    {nil, "", nil},
		"another's":           {[]string{"CustomMessage"}, theirs + "later", theirs + "later"},
	} {
		fake := newCognito(t, everyField(t))
		first := triggers()
		first.ARNs["CustomMessage"], first.Chained["CustomMessage"] = ours+"Create", theirs+"CustomMessage"
		taken, err := poolOf(fake).Attach(t.Context(), first)
		if err != nil || !slices.Contains(taken, "CustomMessage") {
			t.Fatalf("%s: took over %v, %v", name, taken, err)
		}
		if c.meets != "" {
			fake.change(func(pool map[string]any) { pool["LambdaConfig"].(map[string]any)["CustomMessage"] = c.meets })
		}
		second := triggers()
		second.Former, second.FormerChained, second.Restore = first.ARNs, first.Chained, c.restore
		if _, err := poolOf(fake).Attach(t.Context(), second); err != nil {
			t.Fatal(name, err)
		}
		if got := fake.lambdas()["CustomMessage"]; got != c.want ||
			fake.lambdas()["DefineAuthChallenge"] != ours+"DefineAuthChallenge" {
			t.Errorf("%s: %v", name, fake.lambdas())
		}
	}
}
