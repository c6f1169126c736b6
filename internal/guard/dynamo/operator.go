package dynamo

import (
	"context"
	"time"
)

// Operator is what a person on call may change of an account's item. The functions never do. Each
// method is one conditional write and creates no item; false means that there is none.
type Operator struct{ *Store }

// Unmark removes the mark of a bounce or a complaint, and the nonce: the next sign-in gets a new
// code instead of joining one that was never mailed.
func (o Operator) Unmark(ctx context.Context, key string, now time.Time) (bool, error) {
	return o.clear(ctx, key, now, "bx", "bt", "be", "nonce")
}

// Unlock fills the account's budgets for guesses and mails, ends the cool-down and the run of
// failures. It leaves the code in the mailbox as it is and keeps what marks codes as used.
func (o Operator) Unlock(ctx context.Context, key string, now time.Time) (bool, error) {
	return o.clear(ctx, key, now, "g", "n", "m", "d", "next")
}

func (o Operator) clear(ctx context.Context, key string, now time.Time, attributes ...string) (bool, error) {
	u := update{}
	for _, name := range attributes {
		u.remove(name)
	}
	u.only("attribute_exists(#"+PartitionKey+")", []string{PartitionKey})
	u.keepUntil(now)
	_, done, err := o.write(ctx, key, u)
	return done, wrap("clear an item", err)
}
