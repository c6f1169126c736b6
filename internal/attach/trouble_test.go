package attach_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestALostSettingIsPutBackAndNamed(t *testing.T) {
	before := everyField(t)
	before["UserPoolTags"] = map[string]any{"team": "accounts"}
	c := newCognito(t, before)
	c.after = func(operation string, n int) error {
		if operation == "UpdateUserPool" && n == 0 {
			c.change(func(pool map[string]any) { delete(pool, "UserAttributeUpdateSettings") })
		}
		return nil
	}
	_, err := poolOf(c).Attach(t.Context(), triggers())
	if err == nil || !strings.Contains(err.Error(), "UserAttributeUpdateSettings") ||
		!strings.Contains(err.Error(), "was put back") {
		t.Errorf("error %v", err)
	}
	same(t, c.described(), before)
}

func TestAChangeByAnotherCallerIsNotLost(t *testing.T) {
	c := newCognito(t, everyField(t))
	c.before = func(operation string, n int) error {
		if operation == "DescribeUserPool" && n == 1 {
			c.change(func(pool map[string]any) { pool["MfaConfiguration"] = "OPTIONAL" })
		}
		if operation == "UpdateUserPool" && n == 0 {
			return &attach.APIError{Code: "ConcurrentModificationException", Message: "busy"}
		}
		return nil
	}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err != nil {
		t.Fatal(err)
	}
	if got := c.described()["MfaConfiguration"]; got != "OPTIONAL" {
		t.Errorf("MfaConfiguration is %v", got)
	}
}

// TestThrottledReadsAreRepeated: a pool with many clients needs more calls than Cognito takes in a
// second.
func TestThrottledReadsAreRepeated(t *testing.T) {
	var clients []userpool.Client
	for i := range 70 {
		clients = append(clients, userpool.Client{ID: fmt.Sprint("client", i)})
	}
	c := newCognito(t, everyField(t), clients...)
	calls := 0
	c.before = func(operation string, _ int) error {
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
	c := newCognito(t, everyField(t))
	c.before = func(operation string, n int) error {
		if operation == "DescribeUserPool" {
			c.change(func(pool map[string]any) { pool["EmailVerificationSubject"] = fmt.Sprint(n) })
		}
		return nil
	}
	if _, err := poolOf(c).Attach(t.Context(), triggers()); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("error %v", err)
	}
}

// TestFaultsAtEachCall: whatever call of a creation fails, before or after it took effect, or ends
// the time, the deletion that CloudFormation sends next leaves the pool as it was.
func TestFaultsAtEachCall(t *testing.T) {
	before := everyField(t)
	for name, fault := range map[string]error{"internal": &attach.APIError{Code: "InternalErrorException"},
		"denied": &attach.APIError{Code: "NotAuthorizedException"}, "reset": errors.New("reset"), "time out": nil} {
		for failing := range 12 {
			for _, isLate := range []bool{false, true} {
				c := newCognito(t, before)
				ctx, cancel := context.WithCancel(t.Context())
				calls := 0
				hook := func(string, int) error {
					if calls++; calls != failing+1 {
						return nil
					}
					if fault == nil {
						cancel()
						return context.Canceled
					}
					return fault
				}
				if c.before = hook; isLate {
					c.before, c.after = nil, hook
				}
				own := triggers()
				taken, err := poolOf(c).Attach(ctx, own)
				isAttached := c.lambdas()["DefineAuthChallenge"] != nil
				if err == nil && !isAttached {
					t.Errorf("%s at call %d: no error and no triggers", name, failing)
				}
				c.before, c.after = nil, nil
				own.Restore = taken
				if err := poolOf(c).Detach(t.Context(), own); err != nil {
					t.Errorf("%s at call %d: the deletion afterwards: %v", name, failing, err)
				}
				same(t, c.described(), before)
				cancel()
			}
		}
	}
}

// TestDeploymentsThatCollide: two EmailOTPs and an administrator change one pool at the same time.
// Cognito has no conditions, so one may undo another's triggers; nothing else is ever lost, and no
// state is a mixture.
func TestDeploymentsThatCollide(t *testing.T) {
	before := everyField(t)
	without := func(pool map[string]any) map[string]any {
		pool = maps.Clone(pool)
		delete(pool, "LambdaConfig")
		return pool
	}
	for range 20 {
		c := newCognito(t, before)
		var wg sync.WaitGroup
		for _, owner := range []string{"a-", "b-"} {
			own := triggers()
			for slot := range own.ARNs {
				own.ARNs[slot] = ours + owner + slot
			}
			wg.Go(func() {
				// One of the two is refused, or undone; its error depends on the order.
				_, _ = poolOf(c).Attach(t.Context(), own)
			})
		}
		wg.Wait()
		same(t, without(c.described()), without(before))
		owners := map[string]bool{}
		for _, slot := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
			arn, _ := c.lambdas()[slot].(string)
			owners[strings.TrimSuffix(arn, slot)] = true
		}
		if len(owners) != 1 {
			t.Fatalf("the triggers are a mixture: %v", c.lambdas())
		}
	}
}

// TestAnyDescriptionSurvives: pools with any part of the settings come back unchanged, or are
// refused unchanged.
func TestAnyDescriptionSurvives(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 300 {
		pool := everyField(t)
		thin(random, pool, "Id", "Name")
		pool["LambdaConfig"] = anyTriggers(random)
		c := newCognito(t, pool)
		// What an update without a member resets, it would reset in any pool that lacks the member:
		// the description of a living pool has Cognito's default instead.
		if _, err := c.serve(t.Context(), "UpdateUserPool", requestOf(pool)); err != nil {
			t.Fatal(err)
		}
		before := c.described()
		if err := cycle(t, c); err != nil {
			refused++
			if !strings.Contains(err.Error(), "PreTokenGeneration calls "+theirs+"another") {
				t.Fatalf("%v: %v", pool, err)
			}
		}
		if after := c.described(); !reflect.DeepEqual(after, before) {
			same(t, after, before)
			t.Fatalf("from %v", pool)
		}
	}
	if refused == 0 || refused > 200 {
		t.Errorf("%d of 300 descriptions were refused", refused)
	}
}

// thin removes half of the members, at every depth.
func thin(random *rand.Rand, m map[string]any, keep ...string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if inner, ok := m[name].(map[string]any); ok {
			thin(random, inner)
		}
		if !slices.Contains(keep, name) && random.IntN(2) == 0 {
			delete(m, name)
		}
	}
}

// anyTriggers returns triggers of the adopter's, in every form of the token slot.
func anyTriggers(random *rand.Rand) map[string]any {
	lambdas := map[string]any{}
	for _, slot := range []string{"PostConfirmation", "CustomMessage", "UserMigration", "PreSignUp"} {
		if random.IntN(2) == 0 {
			lambdas[slot] = theirs + slot
		}
	}
	if random.IntN(2) == 0 {
		lambdas["KMSKeyID"] = "arn:aws:kms:eu-west-1:123456789012:key/1"
		lambdas["CustomEmailSender"] = map[string]any{"LambdaArn": theirs + "mail", "LambdaVersion": "V1_0"}
	}
	arn := theirs + "PreTokenGeneration"
	if random.IntN(5) == 0 {
		arn = theirs + "another"
	}
	version := []string{"V1_0", "V2_0", "V3_0"}[random.IntN(3)]
	config := map[string]any{"LambdaArn": arn, "LambdaVersion": version}
	switch random.IntN(4) {
	case 0:
		lambdas["PreTokenGeneration"] = arn
	case 1:
		lambdas["PreTokenGenerationConfig"] = config
	case 2:
		lambdas["PreTokenGeneration"], lambdas["PreTokenGenerationConfig"] = arn, config
	}
	return lambdas
}

// requestOf returns UpdateUserPool's request for a description without what Cognito refuses in it.
func requestOf(pool map[string]any) map[string]any {
	request := maps.Clone(pool)
	request["UserPoolId"], request["PoolName"] = pool["Id"], pool["Name"]
	for _, name := range []string{"Id", "Name", "Arn", "Status", "CreationDate", "SchemaAttributes", "UsernameAttributes",
		"UsernameConfiguration", "Domain", "CustomDomain", "SmsConfigurationFailure", "EmailConfigurationFailure",
		"UserPoolTags"} {
		delete(request, name)
	}
	if create, ok := request["AdminCreateUserConfig"].(map[string]any); ok {
		create = maps.Clone(create)
		delete(create, "UnusedAccountValidityDays")
		request["AdminCreateUserConfig"] = create
	}
	return request
}
