package lab

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync/atomic"
)

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

// Tally counts comparisons: calls of VerifyMAC, for nothing else reveals whether an answer is
// right.
type Tally struct{ Compared, Right atomic.Int64 }

// Wrong returns how many comparisons found a wrong answer.
func (t *Tally) Wrong() int { return int(t.Compared.Load() - t.Right.Load()) }

type tallyKey struct{}

// watchedKey counts all comparisons, and those of the caller in the caller's tally.
type watchedKey struct {
	KeyService
	// All counts every comparison.
	All  Tally
	made atomic.Int64
}

// GenerateMAC passes the call on and counts it.
func (k *watchedKey) GenerateMAC(ctx context.Context, message []byte) ([]byte, error) {
	k.made.Add(1)
	return k.KeyService.GenerateMAC(ctx, message)
}

// VerifyMAC passes the call on and counts the comparison.
func (k *watchedKey) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	right, err := k.KeyService.VerifyMAC(ctx, message, mac)
	own, _ := ctx.Value(tallyKey{}).(*Tally)
	for _, t := range []*Tally{&k.All, own} {
		if t != nil {
			t.Compared.Add(1)
			if right {
				t.Right.Add(1)
			}
		}
	}
	return right, err
}
