package attach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Of the two members for the pre-token-generation trigger the second one has the event's version.
// Cognito refuses a pool in which they name different functions.
const (
	tokenSlot   = "PreTokenGeneration"
	tokenConfig = "PreTokenGenerationConfig"
)

// attached returns LambdaConfig with the triggers in their slots, or an error that names every slot
// which another function holds.
func (t Triggers) attached(now map[string]any) (map[string]any, error) {
	want := maps.Clone(now)
	var taken []string
	for _, slot := range slices.Sorted(maps.Keys(t.ARNs)) {
		own := t.ARNs[slot]
		for _, held := range holders(now, slot) {
			if held != own && held != t.Former[slot] && held != t.Chained[slot] {
				taken = append(taken, fmt.Sprintf("%s calls %s", slot, held))
			}
		}
		set(want, slot, own, t.TokenVersion)
	}
	if len(taken) > 0 {
		return nil, fmt.Errorf("the user pool's triggers are in use: %s; take them out of the pool; a function for "+
			"PreSignUp, "+
			"PreTokenGeneration, CustomMessage or PostConfirmation can also be passed as the prop of that name, and EmailOTP "+
			"then invokes it",
			strings.Join(taken, "; "))
	}
	for slot, former := range t.Former {
		if _, isKept := t.ARNs[slot]; !isKept {
			t.giveBack(want, slot, t.FormerChained[slot], former)
		}
	}
	return want, nil
}

// detached returns LambdaConfig without the triggers, with the chained functions back in their
// slots.
func (t Triggers) detached(now map[string]any) map[string]any {
	want := maps.Clone(now)
	for slot, own := range t.ARNs {
		t.giveBack(want, slot, t.Chained[slot], own, t.Former[slot])
	}
	return want
}

// giveBack empties a slot that only own functions hold, or puts the chained function back that held
// it before the first Attach.
func (t Triggers) giveBack(lambdas map[string]any, slot, chained string, own ...string) {
	held := holders(lambdas, slot)
	if len(held) == 0 || slices.ContainsFunc(held, func(arn string) bool { return !slices.Contains(own, arn) }) {
		return
	}
	if chained != "" && slices.Contains(t.Restore, slot) {
		set(lambdas, slot, chained, t.TokenVersion)
		return
	}
	delete(lambdas, slot)
	if slot == tokenSlot {
		delete(lambdas, tokenConfig)
	}
}

// takenOver returns the slots with a chained function that hold it, or the trigger already.
func (t Triggers) takenOver(now map[string]any) []string {
	var slots []string
	for slot := range t.Chained {
		if len(holders(now, slot)) > 0 {
			slots = append(slots, slot)
		}
	}
	slices.Sort(slots)
	return slots
}

// holders returns the functions that a slot has: none, one, or for the token slot the one of each
// of its two members.
func holders(lambdas map[string]any, slot string) []string {
	var arns []string
	if arn, _ := lambdas[slot].(string); arn != "" {
		arns = append(arns, arn)
	}
	if config, _ := lambdas[tokenConfig].(map[string]any); slot == tokenSlot && config != nil {
		if arn, _ := config["LambdaArn"].(string); arn != "" && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	return arns
}

// synced returns LambdaConfig with both members of the token slot where it has one: Cognito keeps
// them in sync, and a description from older years may lack the second.
func synced(lambdas map[string]any) map[string]any {
	held := holders(lambdas, tokenSlot)
	if len(held) != 1 {
		return lambdas
	}
	lambdas = maps.Clone(lambdas)
	set(lambdas, tokenSlot, held[0], "")
	return lambdas
}

// set puts a function into a slot. The token slot keeps the version that the pool has: another one
// would change the events that the adopter's function receives.
func set(lambdas map[string]any, slot, arn, version string) {
	lambdas[slot] = arn
	if slot != tokenSlot {
		return
	}
	if config, _ := lambdas[tokenConfig].(map[string]any); config != nil {
		if v, _ := config["LambdaVersion"].(string); v != "" {
			version = v
		}
	}
	lambdas[tokenConfig] = map[string]any{"LambdaArn": arn, "LambdaVersion": cmp.Or(version, "V1_0")}
}
