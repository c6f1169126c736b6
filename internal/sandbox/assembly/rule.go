package assembly

import (
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
)

// poolVariable holds the pool's id, in functions that are no trigger of it.
const poolVariable = "EMAILOTP_USER_POOL_ID"

// defaultBus is the name of the event bus that AWS services write to.
const defaultBus = "default"

// rules describes the event rules whose target is a function of this EmailOTP: one that has its
// mark, and this pool's id in its environment.
func (b *builder) rules() {
	functions := b.assembly.functionsByARN()
	b.nearby(func(l located) {
		targets, err := l.stack.resolveMap(map[string]any{"Targets": l.Properties["Targets"]})
		if err != nil {
			return // not EmailOTP's: its own targets resolve
		}
		for _, target := range properties(targets).objects("Targets") {
			fn, found := functions[unqualified(target.text("Arn"))]
			if found && fn.Metadata[contract.MetadataFunction] != nil && fn.variable(poolVariable) == b.plan.Pool.ID {
				b.rule(l, fn)
			}
		}
	}, "AWS::Events::Rule")
}

func (b *builder) rule(l, fn located) {
	p, err := l.stack.resolveMap(without(l.Properties, "Targets"))
	if err != nil {
		b.fail("rule %s: %w", l.id, err)
		return
	}
	props := properties(p)
	f, err := b.function(fn)
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	pattern, err := eventbus.ParsePattern(props.object("EventPattern"))
	switch bus := props.text("EventBusName"); {
	case bus != "" && bus != defaultBus && !strings.HasSuffix(bus, ":event-bus/"+defaultBus):
		b.warn("rule %s is on the event bus %s, which is not emulated; AWS services write to the default one", l.id, bus)
		return
	case props.text("State") == "DISABLED":
		b.warn("rule %s is disabled, so function %s receives no events", l.id, f.LogicalID)
		return
	case err != nil:
		b.warn("rule %s: %v, so function %s receives no events here", l.id, err, f.LogicalID)
		return
	case !b.isInvocable(f, "events.amazonaws.com", l.arn()):
		b.warn("function %s: no AWS::Lambda::Permission lets rule %s invoke it, so on AWS it receives no events",
			f.LogicalID, l.id)
		return
	}
	b.plan.Rules = append(b.plan.Rules, Rule{LogicalID: l.id, Pattern: pattern, Function: f.Name})
	if !slices.ContainsFunc(b.plan.Functions, func(other Function) bool { return other.Name == f.Name }) {
		b.plan.Functions = append(b.plan.Functions, f)
		slices.SortFunc(b.plan.Functions, func(a, c Function) int { return strings.Compare(a.ARN, c.ARN) })
	}
}

// busEvents returns the types of events that a configuration set publishes on the default event
// bus.
func (b *builder) busEvents(set string) []string {
	var kinds []string
	b.nearby(func(l located) {
		p, err := l.stack.resolveMap(l.Properties)
		if err != nil || properties(p).text("ConfigurationSetName") != set {
			return
		}
		destination := properties(p).object("EventDestination")
		bus := destination.object("EventBridgeDestination").text("EventBusArn")
		if destination.text("Enabled") == "true" && strings.HasSuffix(bus, ":event-bus/"+defaultBus) {
			kinds = append(kinds, destination.texts("MatchingEventTypes")...)
		}
	}, "AWS::SES::ConfigurationSetEventDestination")
	return kinds
}
