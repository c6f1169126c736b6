package bench

import (
	"context"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// standIn is a store, a key, a sender and a directory that say yes at once and keep nothing.
type standIn struct{}

func (standIn) GenerateMAC(context.Context, []byte) ([]byte, error)        { return make([]byte, 32), nil }
func (standIn) VerifyMAC(context.Context, []byte, []byte) (bool, error)    { return true, nil }
func (standIn) Send(context.Context, mail.Mail) error                      { return nil }
func (standIn) MarkVerified(context.Context, string, string) error         { return nil }
func (standIn) Read(context.Context, string) (guard.Item, error)           { return guard.Item{}, nil }
func (standIn) Touch(context.Context, string, time.Time) error             { return nil }
func (standIn) AskResend(context.Context, string, string, time.Time) error { return nil }

func (standIn) Claim(context.Context, string, guard.Item, guard.Item, time.Time) (bool, error) {
	return true, nil
}

func (standIn) Release(context.Context, string, guard.Item, guard.Item, time.Time) error { return nil }

func (standIn) SpendGuess(context.Context, string, guard.Bucket, int, time.Time) (bool, error) {
	return true, nil
}

func (standIn) SpendLane(context.Context, string, int, time.Time) (int, bool, error) {
	return 1, true, nil
}

func (standIn) ReturnLane(context.Context, string) error { return nil }

func (standIn) Use(context.Context, string, time.Time, string, time.Duration, time.Time) (bool, error) {
	return true, nil
}

func (standIn) MarkBounced(context.Context, string, string, time.Time) (bool, error) {
	return true, nil
}
