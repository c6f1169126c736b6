package emailotp

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// config is the props as Go values with every default filled in. All later steps read the config
// and never the props, so they use what was validated.
type config struct {
	settings settings.Settings
	sender   *sender

	mailFromDomain    string
	dmarcRecord       string
	sandboxRecipients bool
	mailFile          []byte // mail.json; nil for none
	warnings          []string

	pool                  awscognito.IUserPool
	imported              bool // CloudFormation does not manage the pool
	checkOnDeploy         bool
	caseSensitive         bool // of an imported pool
	attachStatements      []awsiam.PolicyStatement
	poolProps             UserPoolProps
	clientProps           UserPoolClientProps
	clientsMayChangeEmail bool
	bypasses              []Bypass
	chained               awslambda.IFunction      // the adopter's own; nil for none
	tokenVersion          awscognito.LambdaVersion // empty for V1_0
	tokenWarning          string                   // empty for none

	architecture  awslambda.Architecture
	goarch        string
	memorySize    int
	logRetention  awslogs.RetentionDays
	destroy       bool
	keyGeneration int
	codes         map[settings.Function]awslambda.Code
}

// retain reports whether resources are kept when the stack is deleted.
func (c *config) retain() bool { return !c.destroy }

// removalPolicy returns the policy of a resource. A resource without deletion protection is deleted
// where the deployment that creates it fails; deletion protection would refuse that, and the
// roll-back with it.
func (c *config) removalPolicy(protected bool) awscdk.RemovalPolicy {
	switch {
	case c.destroy:
		return awscdk.RemovalPolicy_DESTROY
	case protected:
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
}

// guesses returns the account's guess bucket.
func (c *config) guesses() guard.Bucket {
	return guard.Bucket{Burst: c.settings.GuessBurst, Refill: c.settings.GuessRefill}
}

// bound returns the chance to guess a code of one account within any year.
func (c *config) bound() float64 { return guard.YearlyBound(c.settings.CodeLength, c.guesses()) }

// A reader turns props into Go values and collects the problems.
type reader struct{ problems []string }

func (r *reader) add(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// whole reads a whole number from least to most.
func (r *reader) whole(prop string, value *float64, least, most, preset int, unit string) int {
	if value == nil {
		return preset
	}
	allowed := fmt.Sprintf("%s to %s %s", thousands(least), thousands(most), unit)
	if unresolvedNumber(*value) {
		r.add("%s must be known while the app is synthesised, a whole number, %s (received: a token); pass the number itself",
			prop, allowed)
		return preset
	}
	n := int(*value)
	if float64(n) != *value || n < least || n > most {
		r.add("%s must be %s (received: %s); leave it nil for %s",
			prop, allowed, strconv.FormatFloat(*value, 'f', -1, 64), thousands(preset))
		return preset
	}
	return n
}

// duration reads whole seconds from least to most. It checks for unresolved durations first, with
// which the CDK silently computes wrong numbers.
func (r *reader) duration(prop string, value awscdk.Duration, least, most, preset time.Duration) time.Duration {
	if value == nil {
		return preset
	}
	allowed := fmt.Sprintf("%s to %s in whole seconds", human(least), human(most))
	if *value.IsUnresolved() {
		r.add("%s must be known while the app is synthesised, %s (received: a token); pass awscdk.Duration_Minutes of a number",
			prop, allowed)
		return preset
	}
	d := time.Duration(*value.ToMilliseconds(nil)) * time.Millisecond
	if d < least || d > most || d%time.Second != 0 {
		r.add("%s must be %s (received: %s); leave it nil for %s", prop, allowed, human(d), human(preset))
		return preset
	}
	return d
}

// unknownText is the problem of a text that is a token; its argument is the prop.
const unknownText = "%s must be known while the app is synthesised (received: a token); " +
	"pass the text itself, not a parameter or another resource's attribute"

// known reads a string that must not be a token and, if it is given, not blank. Its caller, or the
// mail's configuration, checks the rest.
func (r *reader) known(prop string, value *string) string {
	switch {
	case value == nil:
	case unresolvedString(*value):
		r.add(unknownText, prop)
	case strings.TrimSpace(*value) == "":
		r.add("%s must not be empty (received: %q); leave it nil for the default", prop, *value)
	default:
		return *value
	}
	return ""
}

// text reads a string that must be known and within 1 to most characters on one line.
func (r *reader) text(prop string, value *string, most int) string {
	known := r.known(prop, value)
	switch n := len([]rune(known)); {
	case n > most:
		r.add("%s must be %d characters or fewer (received: %d)", prop, most, n)
	case strings.ContainsFunc(known, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.add("%s must be one line without control characters (received: %q)", prop, known)
	default:
		return known
	}
	return ""
}

// tokens reports every token among the strings that the value holds, down to the last field of this
// module's types: they are rendered at synth, and a token would be mailed as it stands. Values of
// the CDK's own types may have tokens.
func (r *reader) tokens(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if unresolvedString(v.String()) {
			r.add(unknownText, path)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			r.tokens(path, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.tokens(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			r.tokens(path, key)
			r.tokens(fmt.Sprintf("%s[%q]", path, key), v.MapIndex(key))
		}
	case reflect.Struct:
		if !strings.HasPrefix(v.Type().PkgPath(), build.Module+"/") {
			return
		}
		for i := range v.NumField() {
			// The acknowledgements have a sentence of their own.
			if name := v.Type().Field(i).Name; !strings.HasPrefix(name, "Acknowledged") {
				r.tokens(strings.TrimPrefix(path+"."+name, "."), v.Field(i))
			}
		}
	}
}

func flag(value *bool, preset bool) bool {
	if value == nil {
		return preset
	}
	return *value
}

// unresolvedString reports whether the string holds a token. It calls the CDK only where one can
// be.
func unresolvedString(s string) bool {
	return strings.Contains(s, "${Token[") && *awscdk.Token_IsUnresolved(jsii.String(s))
}

// unresolvedNumber reports whether the number is a token, which the CDK encodes as a huge negative
// one.
func unresolvedNumber(n float64) bool { return n < -1e200 }

// human writes a duration in its largest whole unit: "5 minutes", "90 seconds", "1 hour".
func human(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.unit && d%u.unit == 0 {
			n := int(d / u.unit)
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}

// thousands writes 1800000 as "1,800,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
