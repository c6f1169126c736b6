package dynamo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// kindOf returns the attribute with the length of the item's code. A mail with a long code beside a
// short one counts the digits of both.
func kindOf(m guard.MailState) int {
	if m.Fallback {
		return m.Digits + otp.LongDigits
	}
	return m.Digits
}

// withheld returns a withheld code as its attribute has it, and withheldOf reads that.
func withheld(w guard.Withheld) string { return fmt.Sprint(w.Digits, " ", w.Nonce) }

func withheldOf(s string) (w guard.Withheld) {
	digits, nonce, _ := strings.Cut(s, " ")
	w.Nonce = nonce
	w.Digits, _ = strconv.Atoi(digits)
	return w
}

func itemOf(a map[string]types.AttributeValue) guard.Item {
	digits := int(numberOf(a, "kind"))
	both := digits > otp.LongDigits
	if both {
		digits -= otp.LongDigits
	}
	return guard.Item{
		Guess:    numberOf(a, "g"),
		Failures: int(numberOf(a, "n")),
		MailState: guard.MailState{
			Mail:     numberOf(a, "m"),
			SlowMail: numberOf(a, "d"),
			Next:     numberOf(a, "next"),
			Nonce:    textOf(a, "nonce"),
			Digits:   digits,
			Fallback: both,
			Key:      textOf(a, "key"),
			Withheld: withheldOf(textOf(a, "w")),
		},
		Used:   numberOf(a, "uf"),
		UsedBy: textOf(a, "ub"),
		UsedAt: numberOf(a, "ua"),
		Proven: numberOf(a, "fp"),
		Mark:   guard.Mark{Address: textOf(a, "bx"), At: numberOf(a, "bt"), Until: numberOf(a, "be")},

		Devices: guard.Devices(textOf(a, devices)),
	}
}

// devices is the attribute with an account's remembered devices.
const devices = "dv"

// counter is the prefix of the attributes that hold a quota's counters.
const counter = "q_"

func countersOf(a map[string]types.AttributeValue) guard.Counters {
	c := guard.Counters{}
	for name := range a {
		if short, ok := strings.CutPrefix(name, counter); ok {
			c[short] = int(numberOf(a, name))
		}
	}
	return c
}

func numberOf(a map[string]types.AttributeValue, name string) int64 {
	if v, ok := a[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(v.Value, 10, 64)
		return n
	}
	return 0
}

func textOf(a map[string]types.AttributeValue, name string) string {
	if v, ok := a[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}
