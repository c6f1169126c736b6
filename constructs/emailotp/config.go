package emailotp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// config is the props as Go values with every default filled in. Later steps read it alone: what
// was validated is what is used.
type config struct {
	settings settings.Settings
	sender   *sender

	mailFromDomain string
	dmarcRecord    string
	mailFile       []byte // mail.json; nil for none
	warnings       []string

	pool                  awscognito.IUserPool
	poolProps             UserPoolProps
	clientProps           UserPoolClientProps
	clientsMayChangeEmail bool
	bypasses              []Bypass

	architecture  awslambda.Architecture
	goarch        string
	memorySize    int
	logRetention  awslogs.RetentionDays
	removalPolicy awscdk.RemovalPolicy
	codes         map[settings.Function]awslambda.Code
}

// retain reports whether what the stack loses stays.
func (c *config) retain() bool { return c.removalPolicy != awscdk.RemovalPolicy_DESTROY }

// guesses returns the account's guess bucket.
func (c *config) guesses() guard.Bucket {
	return guard.Bucket{Burst: c.settings.GuessBurst, Refill: c.settings.GuessRefill}
}

// bound returns the chance to guess a code of one account within any year.
func (c *config) bound() float64 { return guard.YearlyBound(c.settings.CodeLength, c.guesses()) }

// A reader turns props into Go values and collects what is wrong with them.
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
		r.add("%s must be known while the app is synthesised, a whole number, %s (received: a token); pass the number itself", prop, allowed)
		return preset
	}
	n := int(*value)
	if float64(n) != *value || n < least || n > most {
		r.add("%s must be %s (received: %s); leave it nil for %s", prop, allowed, strconv.FormatFloat(*value, 'f', -1, 64), thousands(preset))
		return preset
	}
	return n
}

// duration reads whole seconds from least to most. It asks for unresolved durations first: the CDK
// computes nonsense with them, silently.
func (r *reader) duration(prop string, value awscdk.Duration, least, most, preset time.Duration) time.Duration {
	if value == nil {
		return preset
	}
	allowed := fmt.Sprintf("%s to %s in whole seconds", human(least), human(most))
	if *value.IsUnresolved() {
		r.add("%s must be known while the app is synthesised, %s (received: a token); pass awscdk.Duration_Minutes of a number", prop, allowed)
		return preset
	}
	d := time.Duration(*value.ToMilliseconds(nil)) * time.Millisecond
	if d < least || d > most || d%time.Second != 0 {
		r.add("%s must be %s (received: %s); leave it nil for %s", prop, allowed, human(d), human(preset))
		return preset
	}
	return d
}

// text reads a string that must be known and within 1 to most characters on one line.
func (r *reader) text(prop string, value *string, most int) string {
	if value == nil {
		return ""
	}
	switch n := len([]rune(*value)); {
	case unresolvedString(*value):
		r.add("%s must be known while the app is synthesised (received: a token); pass the text itself, not a parameter or another resource's attribute", prop)
	case strings.TrimSpace(*value) == "":
		r.add("%s must not be empty (received: %q); leave it nil for the default", prop, *value)
	case n > most:
		r.add("%s must be %d characters or fewer (received: %d)", prop, most, n)
	case strings.ContainsFunc(*value, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.add("%s must be one line without control characters (received: %q)", prop, *value)
	default:
		return *value
	}
	return ""
}

func flag(value *bool, preset bool) bool {
	if value == nil {
		return preset
	}
	return *value
}

// unresolvedString asks the CDK whether the string holds a token; most can't, which saves the call.
func unresolvedString(s string) bool {
	return strings.Contains(s, "${Token[") && *awscdk.Token_IsUnresolved(jsii.String(s))
}

// unresolvedNumber tells a number that stands for a token: the CDK encodes those as huge negatives.
func unresolvedNumber(n float64) bool { return n < -1e200 }

// human writes a duration as people say it: "5 minutes", "90 seconds", "1 hour".
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

// thousands writes 3600000 as "3,600,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
