package attack

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// keyService is what the triggers need of a key.
type keyService interface {
	otp.Generator
	otp.Verifier
}

// localKey is a key in process.
type localKey [32]byte

func newLocalKey() *localKey {
	k := new(localKey)
	_, _ = rand.Read(k[:]) // never fails
	return k
}

func (k *localKey) GenerateMAC(_ context.Context, message []byte) ([]byte, error) {
	h := hmac.New(sha256.New, k[:])
	h.Write(message)
	return h.Sum(nil), nil
}

func (k *localKey) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	want, err := k.GenerateMAC(ctx, message)
	return hmac.Equal(want, mac), err
}

// tally counts the comparisons that one attacker's calls led to: a comparison is a VerifyMac, for
// nothing else tells whether an answer is right.
type tally struct{ compared, right atomic.Int64 }

// wrong returns how many comparisons found a wrong answer.
func (t *tally) wrong() int64 { return t.compared.Load() - t.right.Load() }

type tallyKey struct{}

// counting returns a context whose comparisons the tally counts.
func counting(ctx context.Context, t *tally) context.Context {
	return context.WithValue(ctx, tallyKey{}, t)
}

// watchedKey counts in the tally of the caller.
type watchedKey struct {
	keyService
	all  tally
	made atomic.Int64
}

func (k *watchedKey) GenerateMAC(ctx context.Context, message []byte) ([]byte, error) {
	k.made.Add(1)
	return k.keyService.GenerateMAC(ctx, message)
}

func (k *watchedKey) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	right, err := k.keyService.VerifyMAC(ctx, message, mac)
	tallies := []*tally{&k.all}
	if own, ok := ctx.Value(tallyKey{}).(*tally); ok {
		tallies = append(tallies, own)
	}
	for _, t := range tallies {
		t.compared.Add(1)
		if right {
			t.right.Add(1)
		}
	}
	return right, err
}
