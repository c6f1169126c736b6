package cost

import (
	"errors"
	"fmt"
	"math"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Load is the use of a pool in a month.
type Load struct {
	// Users is the number of users who sign in at least once in the month, 1 to 1,000,000,000.
	Users int `json:"users"`
	// SignInsPerUser is the average number of sign-ins of each, above 0 and up to 100,000.
	// Refreshing tokens is no sign-in: it runs one function at most and sends no mail.
	SignInsPerUser float64 `json:"signInsPerUser"`
	// Mode is "password" or "passwordless".
	Mode settings.Mode `json:"mode"`
}

// Validate reports everything that is wrong with the load.
func (l Load) Validate() error {
	var errs []error
	if l.Users < 1 || l.Users > 1_000_000_000 {
		errs = append(errs, fmt.Errorf("users must be 1 to 1,000,000,000 (received: %d)", l.Users))
	}
	if !(l.SignInsPerUser > 0 && l.SignInsPerUser <= 100_000) {
		errs = append(errs, fmt.Errorf("sign-ins per user must be more than 0 and at most 100,000 (received: %v)",
			l.SignInsPerUser))
	}
	if l.Mode != settings.Password && l.Mode != settings.Passwordless {
		errs = append(errs, fmt.Errorf("mode must be password or passwordless (received: %q)", l.Mode))
	}
	return errors.Join(errs...)
}

// SignIns returns the sign-ins of the month, rounded up.
func (l Load) SignIns() float64 { return math.Ceil(float64(l.Users) * l.SignInsPerUser) }

// Calls is what one sign-in calls when the first answer is right.
type Calls struct {
	// Define, Create, Verify and PreTokenGeneration are invocations of the functions.
	Define, Create, Verify, PreTokenGeneration int
	// MACs are requests to KMS: one derives the code, one binds it, one checks the answer.
	MACs int
	// Reads are strongly consistent reads of one item.
	Reads int
	// Writes are updates of one item: claim the mail, spend from the pool's budget, spend a guess,
	// use the code up.
	Writes int
	// Mails go out by SES.
	Mails int
}

// Invocations returns how often a function runs.
func (c Calls) Invocations() int { return c.Define + c.Create + c.Verify + c.PreTokenGeneration }

// PerSignIn returns what one sign-in calls. The sandbox counts the same.
func PerSignIn(m settings.Mode) Calls {
	c := Calls{Define: 2, Create: 1, Verify: 1, MACs: 3, Reads: 1, Writes: 4, Mails: 1}
	if m == settings.Password {
		// The password adds a round, and the issue of tokens a call.
		c.Define, c.PreTokenGeneration = 3, 1
	}
	return c
}

// The assumptions, where there is nothing to count. They are rather too high than too low.
const (
	// memoryGB is the functions' memory by default.
	memoryGB = 0.5
	// createSeconds and verifySeconds are a function's time with three calls to AWS one after the
	// other and a share of cold starts; decideSeconds that of those which call nothing.
	createSeconds = 0.300
	verifySeconds = 0.200
	decideSeconds = 0.010
	// busyWrites are the updates of a sign-in that may happen twice: those of a budget, which needs
	// a second one while it is not full.
	busyWrites = 1
	// logBytes is what one invocation logs: its line, and Lambda's own about start, end and report.
	logBytes = 1_500
	// ItemBytes is an account's item in the table, with DynamoDB's own 100 bytes.
	ItemBytes = 400
	gigabyte  = 1 << 30
)

// seconds returns the functions' time of one sign-in.
func (c Calls) seconds() float64 {
	return float64(c.Create)*createSeconds + float64(c.Verify)*verifySeconds +
		float64(c.Define+c.PreTokenGeneration)*decideSeconds
}

// SignInUSD returns what one more sign-in costs, without allowances. Prices without a source count
// nothing.
func SignInUSD(m settings.Mode, prices Table) float64 {
	const more = 1000
	bill := func(signIns float64) float64 {
		return EmailOTP(Load{Users: 1, SignInsPerUser: signIns, Mode: m}, prices.WithoutFree()).TotalUSD
	}
	return (bill(1+more) - bill(1)) / more
}
