package guard

import (
	"context"
	"time"
)

// Store keeps the items, the quotas' counters and the requests for a resend. Package guard/dynamo
// has the one in DynamoDB, guard/memory the one for tests and simulations; package guard/guardtest
// holds the tests that both pass.
//
// Each method is one strongly consistent read or a few conditional writes of which at most one
// takes effect. So parallel calls have the effect of the same calls one after the other.
//
// A false result means that a condition did not hold and that nothing was written. An error means
// that the outcome is not known: the write may have taken effect although its answer was lost. A
// caller must treat it as done where it counts (a guess, a mail) and must take back only what it
// can recognise as its own ([Store.Release]). A client that repeats a write whose answer was lost
// may count twice, or report false for its own write; it never counts less.
type Store interface {
	// Read returns the item of key, the zero Item where there is none.
	Read(ctx context.Context, key string) (Item, error)
	// Claim replaces the mail state of before by that of after. It compares and writes atomically:
	// of parallel claims on the same before with different afters, exactly one is won. The guess
	// tat is compared and written too where the two differ; all other fields are left alone. False
	// means that the item changed since before was read, or that this claim's own first answer was
	// lost: its nonce in the item distinguishes the two.
	Claim(ctx context.Context, key string, before, after Item, now time.Time) (won bool, err error)
	// Release takes back a claim whose mail was surely not sent: it writes the mail state of before
	// where the item still has that of after, and nothing otherwise.
	Release(ctx context.Context, key string, before, after Item, now time.Time) error
	// SpendGuess takes one from the guess bucket and counts a failure, which [Store.Use] takes back
	// if the answer is right. It must come before the comparison. False means that the bucket is
	// empty or that limit failures came in a row. Never are more granted than the bucket holds. A
	// spend may be refused although a parallel refund made room. A refused spend clamps the tat as
	// [Bucket.Clamp] does.
	SpendGuess(ctx context.Context, key string, b Bucket, limit int, now time.Time) (bool, error)
	// Use makes a code the newest used one, once, and gives back what its owner has settled; see
	// [Use]. All of it is one write, so a repeated call can't give back twice. False means that
	// this code or a newer one was used before.
	Use(ctx context.Context, key string, u Use, now time.Time) (bool, error)
	// CountQuota adds one to a quota's counter and returns the counters of the item as they read
	// after this write. It is one write, unconditional and atomic.
	CountQuota(ctx context.Context, key, counter string, now time.Time) (Counters, error)
	// ReturnQuota takes back what CountQuota counted.
	ReturnQuota(ctx context.Context, key, counter string) error
	// AskResend notes that a resend was requested; key is [ResendKey]'s.
	AskResend(ctx context.Context, key string, now time.Time) error
	// ResendAsked reports whether AskResend was called for the key within the last hour or longer.
	ResendAsked(ctx context.Context, key string) (bool, error)
	// MarkBounced sets the item's mark. False means that there is no such item, which a mark must
	// not create; or that the mark of the same address is as young; or that it is a complaint's,
	// which a bounce must not shorten, unless a right answer came after it. The item is the one
	// with the new mark.
	MarkBounced(ctx context.Context, key string, m Mark, now time.Time) (i Item, marked bool, err error)
	// RememberDevice adds a device to the item, which must exist, as [Devices.Add] does. It reads
	// the list and writes it where it is still the same, up to [RememberTries] times. False means
	// that parallel writes won each time, or that there is no such item.
	RememberDevice(ctx context.Context, key string, d Device, until, now time.Time) (bool, error)
	// ForgetDevices empties the item's list of devices, by one write. It creates no item.
	ForgetDevices(ctx context.Context, key string) error
}

// MailEventsAttributes returns the table's attributes that [Store.MarkBounced] and
// [Store.CountQuota] name, as patterns of an IAM condition.
func MailEventsAttributes() []string { return []string{"pk", "ttl", "bx", "bt", "be", "ua", "q_*"} }

// RememberTries is how often a device is tried to be remembered: each failure means that another
// write of the account's list won.
const RememberTries = 4

// Use is a right answer, as [Store.Use] writes it. The write ends the run of failures and the
// cool-down.
type Use struct {
	// Issued is when the code was issued.
	Issued time.Time
	// Challenge is the id of the challenge that used it.
	Challenge string
	// Guess is the interval to give back to the guess bucket, zero where nothing was spent.
	Guess time.Duration
	// Mail is the interval to give back to the fast mail bucket. The slow one gets nothing back: it
	// bounds the mails that an account can cause by answering them.
	Mail time.Duration
	// First is true where the account's address was not verified before: the time of the first such
	// answer is kept as [Item.Proven].
	First bool
}

// How long the table keeps what is no account's item.
const (
	// QuotaRetention is for a quota's counters, after their last write.
	QuotaRetention = 48 * time.Hour
	// ResendRetention is for a request for a resend. No sign-in lives so long.
	ResendRetention = time.Hour
)
