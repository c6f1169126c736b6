package assembly

import (
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
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
	b.nearby(func(l template.Located) {
		targets, err := l.Stack.ResolveMap(map[string]any{"Targets": l.Properties["Targets"]})
		if err != nil {
			return // not EmailOTP's: its own targets resolve
		}
		for _, target := range template.Properties(targets).Objects("Targets") {
			fn, found := functions[unqualified(target.Text("Arn"))]
			if found && fn.Metadata[contract.MetadataFunction] != nil && fn.Variable(poolVariable) == b.plan.Pool.ID {
				b.rule(l, fn)
			}
		}
	}, "AWS::Events::Rule")
}

func (b *builder) rule(l, fn template.Located) {
	p, err := l.Stack.ResolveMap(without(l.Properties, "Targets"))
	if err != nil {
		b.fail("rule %s: %w", l.ID, err)
		return
	}
	props := template.Properties(p)
	f, err := b.function(fn)
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	pattern, err := eventbus.ParsePattern(props.Object("EventPattern"))
	switch bus := props.Text("EventBusName"); {
	case bus != "" && bus != defaultBus && !strings.HasSuffix(bus, ":event-bus/"+defaultBus):
		b.warn("rule %s is on the event bus %s, which is not emulated; AWS services write to the default one", l.ID, bus)
		return
	case props.Text("State") == "DISABLED":
		b.warn("rule %s is disabled, so function %s receives no events", l.ID, f.LogicalID)
		return
	case err != nil:
		b.warn("rule %s: %v, so function %s receives no events here", l.ID, err, f.LogicalID)
		return
	case !b.isInvocable(f, "events.amazonaws.com", l.ARN()):
		b.warn("function %s: no AWS::Lambda::Permission lets rule %s invoke it, so on AWS it receives no events",
			f.LogicalID, l.ID)
		return
	}
	b.plan.Rules = append(b.plan.Rules, Rule{LogicalID: l.ID, Pattern: pattern, Function: f.Name})
	if !slices.ContainsFunc(b.plan.Functions, func(other Function) bool { return other.Name == f.Name }) {
		b.plan.Functions = append(b.plan.Functions, f)
		slices.SortFunc(b.plan.Functions, func(a, c Function) int { return strings.Compare(a.ARN, c.ARN) })
	}
}

// busEvents returns the types of events that a configuration set publishes on the default event
// bus.
func (b *builder) busEvents(set string) []string {
	var kinds []string
	b.nearby(func(l template.Located) {
		p, err := l.Stack.ResolveMap(l.Properties)
		if err != nil || template.Properties(p).Text("ConfigurationSetName") != set {
			return
		}
		destination := template.Properties(p).Object("EventDestination")
		bus := destination.Object("EventBridgeDestination").Text("EventBusArn")
		if destination.Text("Enabled") == "true" && strings.HasSuffix(bus, ":event-bus/"+defaultBus) {
			kinds = append(kinds, destination.Texts("MatchingEventTypes")...)
		}
	}, "AWS::SES::ConfigurationSetEventDestination")
	return kinds
}
