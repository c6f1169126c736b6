// Package propread reads the props of a construct into Go values. It refuses tokens where a value
// must be known, and collects every problem before anything is created.
package propread

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// A Reader turns props into Go values and collects the problems with them.
type Reader struct{ Problems []string }

// Add adds a problem: what is wrong, what was received, what is allowed and the remedy.
func (r *Reader) Add(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Whole reads a whole number from least to most.
func (r *Reader) Whole(prop string, value *float64, least, most, preset int, unit string) int {
	if value == nil {
		return preset
	}
	allowed := fmt.Sprintf("%s to %s %s", Thousands(least), Thousands(most), unit)
	if isNumberToken(*value) {
		r.Add("%s must be known while the app is synthesised, a whole number, %s (received: a token); "+
			"pass the number itself", prop, allowed)
		return preset
	}
	n := int(*value)
	if float64(n) != *value || n < least || n > most {
		r.Add("%s must be %s (received: %s); leave it nil for %s",
			prop, allowed, strconv.FormatFloat(*value, 'f', -1, 64), cmp.Or(strings.TrimPrefix(Thousands(preset), "0"), "none"))
		return preset
	}
	return n
}

// Duration reads whole seconds from least to most. It checks for unresolved durations first, with
// which the CDK silently computes wrong numbers.
func (r *Reader) Duration(prop string, value awscdk.Duration, least, most, preset time.Duration) time.Duration {
	if value == nil {
		return preset
	}
	allowed := fmt.Sprintf("%s to %s in whole seconds", Human(least), Human(most))
	if *value.IsUnresolved() {
		r.Add("%s must be known while the app is synthesised, %s (received: a token); "+
			"pass awscdk.Duration_Minutes of a number", prop, allowed)
		return preset
	}
	d := time.Duration(*value.ToMilliseconds(nil)) * time.Millisecond
	if d < least || d > most || d%time.Second != 0 {
		r.Add("%s must be %s (received: %s); leave it nil for %s", prop, allowed, Human(d), Human(preset))
		return preset
	}
	return d
}

// UnknownText is the problem of a text that is a token; its argument is the prop.
const UnknownText = "%s must be known while the app is synthesised (received: a token); " +
	"pass the text itself, not a parameter or another resource's attribute"

// Known reads a string that must not be a token and, if it is given, not blank. Its caller, or the
// mail's configuration, checks the rest.
func (r *Reader) Known(prop string, value *string) string {
	switch {
	case value == nil:
	case IsToken(*value):
		r.Add(UnknownText, prop)
	case strings.TrimSpace(*value) == "":
		r.Add("%s must not be empty (received: %q); leave it nil for the default", prop, *value)
	default:
		return *value
	}
	return ""
}

// Text reads a string that must be known and within 1 to most characters on one line.
func (r *Reader) Text(prop string, value *string, most int) string {
	known := r.Known(prop, value)
	switch n := len([]rune(known)); {
	case n > most:
		r.Add("%s must be %d characters or fewer (received: %d)", prop, most, n)
	case strings.ContainsFunc(known, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.Add("%s must be one line without control characters (received: %q)", prop, known)
	default:
		return known
	}
	return ""
}

// Tokens reports every token among the strings that the value holds, down to the last field of this
// module's types: they are rendered at synth, and a token would be mailed as it stands. Values of
// the CDK's own types may have tokens.
func (r *Reader) Tokens(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if IsToken(v.String()) {
			r.Add(UnknownText, path)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			r.Tokens(path, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.Tokens(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			r.Tokens(path, key)
			r.Tokens(fmt.Sprintf("%s[%q]", path, key), v.MapIndex(key))
		}
	case reflect.Struct:
		if !strings.HasPrefix(v.Type().PkgPath(), build.Module+"/") {
			return
		}
		for i := range v.NumField() {
			// The acknowledgements have a sentence of their own.
			if name := v.Type().Field(i).Name; !strings.HasPrefix(name, "Acknowledged") {
				r.Tokens(strings.TrimPrefix(path+"."+name, "."), v.Field(i))
			}
		}
	}
}

// Flag reads a Boolean; preset where it is nil.
func Flag(value *bool, preset bool) bool {
	if value == nil {
		return preset
	}
	return *value
}

// IsToken reports whether the string holds a token. It calls the CDK only where one can
// be.
func IsToken(s string) bool {
	return strings.Contains(s, "${Token[") && *awscdk.Token_IsUnresolved(jsii.String(s))
}

// isNumberToken reports whether the number is a token, which the CDK encodes as a huge negative
// one.
func isNumberToken(n float64) bool { return n < -1e200 }

// Human writes a duration in its largest whole unit: "5 minutes", "90 seconds", "1 hour".
func Human(d time.Duration) string {
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

// Thousands writes 1800000 as "1,800,000".
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// IsNil reports whether an interface is nil or holds a nil pointer.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}
