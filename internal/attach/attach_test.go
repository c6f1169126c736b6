package attach_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
)

// A cognito is a user pool that resets what an update does not give, as AWS's does.
type cognito struct {
	pool map[string]any
	// hook runs before each call; its error is the call's.
	hook     func(operation string, n int) error
	calls    []string
	modified int
	// forget is a member that an update resets whatever it is given.
	forget string
	// clients are the pool's app clients, two to a page.
	clients []map[string]any
}

func (c *cognito) Call(ctx context.Context, operation string, request any) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := 0
	for _, done := range c.calls {
		if done == operation {
			n++
		}
	}
	c.calls = append(c.calls, operation)
	if c.hook != nil {
		if err := c.hook(operation, n); err != nil {
			return nil, err
		}
	}
	in := request.(map[string]any)
	switch operation {
	case "DescribeUserPool":
		if c.pool == nil {
			return nil, &attach.APIError{Code: "ResourceNotFoundException", Message: "User pool does not exist."}
		}
		pool := maps.Clone(c.pool)
		pool["LastModifiedDate"] = 1.7e9 + float64(c.modified)
		pool["EstimatedNumberOfUsers"] = rand.IntN(1000)
		return json.Marshal(map[string]any{"UserPool": pool})
	case "GetUserPoolMfaConfig":
		return json.RawMessage(`{"MfaConfiguration": "OFF"}`), nil
	case "UpdateUserPool":
		return json.RawMessage(`{}`), c.update(in)
	case "ListUserPoolClients":
		return json.Marshal(c.page(in))
	case "DescribeUserPoolClient":
		for _, client := range c.clients {
			if client["ClientId"] == in["ClientId"] {
				return json.Marshal(map[string]any{"UserPoolClient": client})
			}
		}
		return nil, &attach.APIError{Code: "ResourceNotFoundException", Message: "no such client"}
	}
	return nil, fmt.Errorf("unexpected %s", operation)
}

func (c *cognito) page(in map[string]any) map[string]any {
	from := 0
	if token, ok := in["NextToken"].(string); ok {
		_, _ = fmt.Sscan(token, &from)
	}
	page := map[string]any{"UserPoolClients": c.clients[from:min(from+2, len(c.clients))]}
	if from+2 < len(c.clients) {
		page["NextToken"] = fmt.Sprint(from + 2)
	}
	return page
}

// kept are the members that an update neither has nor changes.
var kept = []string{"Id", "Arn", "CreationDate", "SchemaAttributes", "AliasAttributes", "UsernameAttributes",
	"UsernameConfiguration", "Domain", "CustomDomain", "Status", "EmailConfigurationFailure", "SmsConfigurationFailure"}

// reset are the values that Cognito gives to members which an update lacks.
var reset = map[string]any{"UserPoolTier": "ESSENTIALS", "MfaConfiguration": "OFF", "DeletionProtection": "INACTIVE",
	"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": false},
	"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "verified_phone_number",
		"Priority": 1}}},
	"Policies": map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 8, "TemporaryPasswordValidityDays": 7}}}

func (c *cognito) update(in map[string]any) error {
	bytes, _ := json.Marshal(in)
	request := map[string]any{}
	_ = json.Unmarshal(bytes, &request)
	if create, _ := request["AdminCreateUserConfig"].(map[string]any); create["UnusedAccountValidityDays"] != nil {
		return &attach.APIError{Code: "InvalidParameterException", Message: "Please use TemporaryPasswordValidityDays in " +
			"PasswordPolicy instead of UnusedAccountValidityDays"}
	}
	if tags, _ := request["UserPoolTags"].(map[string]any); tags["aws:cloudformation:stack-name"] != nil {
		return &attach.APIError{Code: "UserPoolTaggingException", Message: "aws: is reserved"}
	}
	lambdas, _ := request["LambdaConfig"].(map[string]any)
	if config, _ := lambdas["PreTokenGenerationConfig"].(map[string]any); config != nil {
		if arn := lambdas["PreTokenGeneration"]; arn != nil && arn != config["LambdaArn"] {
			return &attach.APIError{Code: "InvalidParameterException", Message: "different Lambda function ARN's"}
		}
		lambdas["PreTokenGeneration"] = config["LambdaArn"]
	} else if arn := lambdas["PreTokenGeneration"]; arn != nil {
		lambdas["PreTokenGenerationConfig"] = map[string]any{"LambdaArn": arn, "LambdaVersion": "V1_0"}
	}
	next := map[string]any{}
	for _, name := range kept {
		if v, ok := c.pool[name]; ok {
			next[name] = v
		}
	}
	maps.Copy(next, reset)
	for name, v := range request {
		switch name {
		case "UserPoolId":
		case "PoolName":
			next["Name"] = v
		default:
			next[name] = v
		}
	}
	// What older pools show under two names is one number.
	if former, _ := c.pool["AdminCreateUserConfig"].(map[string]any); former["UnusedAccountValidityDays"] != nil {
		days := next["Policies"].(map[string]any)["PasswordPolicy"].(map[string]any)["TemporaryPasswordValidityDays"]
		create := maps.Clone(next["AdminCreateUserConfig"].(map[string]any))
		create["UnusedAccountValidityDays"] = days
		next["AdminCreateUserConfig"] = create
	}
	if tags, _ := c.pool["UserPoolTags"].(map[string]any); tags["aws:cloudformation:stack-name"] != nil {
		own, _ := next["UserPoolTags"].(map[string]any)
		own = maps.Clone(own)
		own["aws:cloudformation:stack-name"] = tags["aws:cloudformation:stack-name"]
		next["UserPoolTags"] = own
	}
	delete(next, c.forget)
	c.pool, c.modified = next, c.modified+1
	return nil
}

func described(t *testing.T) map[string]any {
	t.Helper()
	b, err := os.ReadFile("testdata/every-field.json")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ UserPool map[string]any }
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.UserPool
}

const ours, theirs = "arn:aws:lambda:eu-west-1:123456789012:function:ours-",
	"arn:aws:lambda:eu-west-1:123456789012:function:theirs-"

func triggers() attach.Triggers {
	arns := map[string]string{}
	for _, slot := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse",
		"PreTokenGeneration"} {
		arns[slot] = ours + slot
	}
	return attach.Triggers{ARNs: arns, Chained: map[string]string{"PreTokenGeneration": theirs + "PreTokenGeneration"}}
}

// cycle attaches and detaches with the slots that were taken over.
func cycle(t *testing.T, c *cognito) error {
	own := triggers()
	taken, err := poolOf(c).Attach(t.Context(), own)
	if err != nil {
		return err
	}
	own.Restore = taken
	return poolOf(c).Detach(t.Context(), own)
}

func restoring() attach.Triggers {
	own := triggers()
	own.Restore = []string{"PreTokenGeneration"}
	return own
}

func poolOf(c *cognito) attach.Pool {
	return attach.Pool{API: c, ID: "eu-west-1_Example01",
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func lambdas(c *cognito) map[string]any { m, _ := c.pool["LambdaConfig"].(map[string]any); return m }

// same compares two pools as a person would: by their JSON, without the date.
func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name := range maps.Keys(maps.Collect(merged(got, want))) {
		if name == "LastModifiedDate" || name == "EstimatedNumberOfUsers" {
			continue
		}
		a, _ := json.Marshal(got[name])
		b, _ := json.Marshal(want[name])
		if string(a) != string(b) {
			t.Errorf("%s is %s, was %s", name, a, b)
		}
	}
}

func merged(a, b map[string]any) func(func(string, any) bool) {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return maps.All(m)
}

func TestAttachChangesTheTriggersAndNothingElse(t *testing.T) {
	before := described(t)
	c := &cognito{pool: before}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	for slot, arn := range triggers().ARNs {
		if lambdas(c)[slot] != arn {
			t.Errorf("%s calls %v", slot, lambdas(c)[slot])
		}
	}
	config := lambdas(c)["PreTokenGenerationConfig"].(map[string]any)
	if config["LambdaVersion"] != "V2_0" || config["LambdaArn"] != ours+"PreTokenGeneration" {
		t.Errorf("the token slot is %v", config)
	}
	if lambdas(c)["PostConfirmation"] != theirs+"PostConfirmation" {
		t.Error("another trigger is gone")
	}
	rest, was := maps.Clone(c.pool), maps.Clone(before)
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
		same(t, c.pool, before)
	})
}

// TestEveryMemberOfTheSDKIsInTheTable: a member that the SDK knows and the table lacks would make
// every pool that has it unusable.
func TestEveryMemberOfTheSDKIsInTheTable(t *testing.T) {
	pool := map[string]any{}
	fill(pool, reflect.TypeFor[types.UserPoolType]())
	delete(pool["VerificationMessageTemplate"].(map[string]any), "EmailMessageByLink")
	delete(pool["UserPoolTags"].(map[string]any), "aws:cloudformation:stack-name")
	pool["LambdaConfig"] = map[string]any{"UserMigration": "x"}
	c := &cognito{pool: pool}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Error(err)
	}
	for name := range described(t) {
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
			return 1.7e9
		}
		m := map[string]any{}
		fill(m, t)
		return m
	case reflect.Bool:
		return true
	case reflect.String:
		return "text"
	}
	return 7
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*cognito)
		want   string
	}{
		"an unknown member": {func(c *cognito) { c.pool["Passkeys"] = true }, "can't carry over: Passkeys"},
		"an unknown member within": {func(c *cognito) {
			c.pool["Policies"].(map[string]any)["SignInPolicy"] = map[string]any{"Novel": 1}
		}, "Policies.SignInPolicy.Novel"},
		"an unknown trigger": {func(c *cognito) { lambdas(c)["PostSignOut"] = "arn" }, "LambdaConfig.PostSignOut"},
		"an unknown member in a list": {func(c *cognito) {
			c.pool["AccountRecoverySetting"] = map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "x",
				"After": 1}}}
		}, "AccountRecoverySetting.RecoveryMechanisms[0].After"},
		"a slot that is taken": {func(c *cognito) {
			lambdas(c)["DefineAuthChallenge"] = theirs + "Define"
			lambdas(c)["CreateAuthChallenge"] = theirs + "Create"
		}, "CreateAuthChallenge calls " + theirs + "Create; DefineAuthChallenge calls " + theirs + "Define"},
		"two wordings": {func(c *cognito) {
			c.pool["VerificationMessageTemplate"] = map[string]any{"EmailMessage": "{####}", "EmailMessageByLink": "{##x##}"}
		}, "takes only one of them"},
		"no pool": {func(c *cognito) { c.pool = nil }, "ResourceNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &cognito{pool: described(t)}
			c.change(fake)
			before := maps.Clone(fake.pool)
			_, err := poolOf(fake).Attach(t.Context(), triggers())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if slices.Contains(fake.calls, "UpdateUserPool") {
				t.Error("the pool was updated")
			}
			same(t, fake.pool, before)
		})
	}
}

func TestFindingsOfThePoolAndAllItsClientsRefuse(t *testing.T) {
	c := &cognito{pool: described(t), clients: []map[string]any{{"ClientId": "a", "ClientSecret": "hidden"},
		{"ClientId": "b"},
		{"ClientId": "c", "ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}}}
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
	if len(seen) != 3 || strings.Contains(strings.Join(seen, " "), "hidden") {
		t.Errorf("checked %v", seen)
	}
	if err := p.Detach(t.Context(), triggers()); err != nil {
		t.Errorf("a finding keeps the triggers in: %v", err)
	}
}

func TestALostSettingIsPutBackAndNamed(t *testing.T) {
	c := &cognito{pool: described(t), forget: "UserAttributeUpdateSettings"}
	c.pool["UserPoolTags"] = map[string]any{"team": "accounts"}
	before := maps.Clone(c.pool)
	n := 0
	c.hook = func(operation string, _ int) error {
		if operation == "UpdateUserPool" {
			if n++; n == 2 {
				c.forget = ""
			}
		}
		return nil
	}
	_, err := poolOf(c).Attach(t.Context(), triggers())
	if err == nil || !strings.Contains(err.Error(), "UserAttributeUpdateSettings") ||
		!strings.Contains(err.Error(), "was put back") {
		t.Errorf("error %v", err)
	}
	same(t, c.pool, before)
}

func TestAChangeByAnotherCallerIsNotLost(t *testing.T) {
	c := &cognito{pool: described(t)}
	c.hook = func(operation string, n int) error {
		if operation == "DescribeUserPool" && n == 1 {
			c.pool["MfaConfiguration"], c.modified = "OPTIONAL", c.modified+1
		}
		if operation == "UpdateUserPool" && n == 0 {
			return &attach.APIError{Code: "ConcurrentModificationException", Message: "busy"}
		}
		return nil
	}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	if c.pool["MfaConfiguration"] != "OPTIONAL" {
		t.Errorf("MfaConfiguration is %v", c.pool["MfaConfiguration"])
	}
}

// TestMissingRightsAreNamed: only the pool's description has the role and the key.
func TestMissingRightsAreNamed(t *testing.T) {
	for _, code := range []string{"AccessDeniedException", "NotAuthorizedException",
		"InvalidSmsRoleAccessPolicyException"} {
		c := &cognito{pool: described(t)}
		c.hook = func(operation string, _ int) error {
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

// TestThrottledReadsAreRepeated: a pool with many clients needs more calls than Cognito takes in a
// second.
func TestThrottledReadsAreRepeated(t *testing.T) {
	c := &cognito{pool: described(t)}
	for i := range 70 {
		c.clients = append(c.clients, map[string]any{"ClientId": fmt.Sprint("client", i)})
	}
	calls := 0
	c.hook = func(operation string, _ int) error {
		if calls++; calls%3 == 0 && operation != "UpdateUserPool" {
			return &attach.APIError{Code: "TooManyRequestsException"}
		}
		return nil
	}
	p := poolOf(c)
	p.Check = func(_ json.RawMessage, clients []json.RawMessage) []string {
		if len(clients) != 70 {
			t.Errorf("checked %d clients", len(clients))
		}
		return nil
	}
	if _, err := p.Attach(t.Context(), triggers()); err != nil {
		t.Error(err)
	}
}

func TestAPoolThatChangesAllTheTimeEndsInAnError(t *testing.T) {
	c := &cognito{pool: described(t)}
	c.hook = func(operation string, _ int) error { c.modified++; return nil }
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("error %v", err)
	}
}

// TestDetachTakesOnlyWhatIsOurs: slots that the adopter gave to other functions meanwhile stay.
func TestDetachTakesOnlyWhatIsOurs(t *testing.T) {
	c := &cognito{pool: described(t)}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	lambdas(c)["DefineAuthChallenge"] = theirs + "later"
	if err := poolOf(c).Detach(t.Context(), restoring()); err != nil {
		t.Fatal(err)
	}
	if lambdas(c)["DefineAuthChallenge"] != theirs+"later" || lambdas(c)["CreateAuthChallenge"] != nil ||
		lambdas(c)["PreTokenGeneration"] != theirs+"PreTokenGeneration" {
		t.Errorf("left %v", lambdas(c))
	}
	c.pool = nil
	if err := poolOf(c).Detach(t.Context(), triggers()); err != nil {
		t.Errorf("a deleted pool: %v", err)
	}
}

func TestAnUpdateReplacesTheFormerFunctions(t *testing.T) {
	c := &cognito{pool: described(t)}
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
	if lambdas(c)["DefineAuthChallenge"] != ours+"new-DefineAuthChallenge" {
		t.Errorf("LambdaConfig %v", lambdas(c))
	}
}

// TestFaultsAtEachCall: whatever call fails, the pool is either attached, or as it was; and the
// same operation afterwards succeeds.
func TestFaultsAtEachCall(t *testing.T) {
	for _, fault := range []error{&attach.APIError{Code: "InternalErrorException"},
		&attach.APIError{Code: "NotAuthorizedException"}, errors.New("reset")} {
		for failing := range 12 {
			c := &cognito{pool: described(t)}
			before := maps.Clone(c.pool)
			n := 0
			c.hook = func(string, int) error {
				if n++; n == failing+1 {
					return fault
				}
				return nil
			}
			_, err := poolOf(c).Attach(t.Context(), triggers())
			attached := lambdas(c)["DefineAuthChallenge"] != nil
			if err == nil && !attached {
				t.Errorf("call %d, %v: no error and no triggers", failing, fault)
			}
			if !attached {
				same(t, c.pool, before)
			}
			c.hook = nil
			if err := cycle(t, c); err != nil {
				t.Errorf("call %d, %v: afterwards %v", failing, fault, err)
			}
			same(t, c.pool, before)
		}
	}
}

// TestAnyDescriptionSurvives: pools with any part of the settings come back unchanged.
func TestAnyDescriptionSurvives(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		pool := described(t)
		for name := range maps.Clone(pool) {
			if _, needed := reset[name]; !needed && name != "Id" && name != "Name" && random.IntN(2) == 0 {
				delete(pool, name)
			}
		}
		c := &cognito{pool: pool}
		before := maps.Clone(pool)
		if err := cycle(t, c); err != nil {
			t.Fatalf("%v: %v", slices.Sorted(maps.Keys(pool)), err)
		}
		if len(lambdas(c)) == 0 {
			delete(c.pool, "LambdaConfig")
		}
		same(t, c.pool, before)
		if t.Failed() {
			return
		}
	}
}
