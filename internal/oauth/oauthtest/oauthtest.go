// Package oauthtest has the tests that every store of authorization codes passes.
package oauthtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

// TestStore runs the tests on a store that may be shared between them.
func TestStore(t *testing.T, store oauth.Store) {
	now := time.Now().Truncate(time.Second)
	var n atomic.Int32
	put := func(t *testing.T) oauth.Item {
		t.Helper()
		item := oauth.Item{ID: fmt.Sprintf("%s-%d", t.Name(), n.Add(1)), Grant: []byte{0, 1, 0xff},
			Tombstone: bytes.Repeat([]byte("t"), 4000), Expires: now.Add(time.Minute), Forget: now.Add(11 * time.Minute)}
		if err := store.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
		return item
	}
	t.Run("a code is taken once, with what was stored", func(t *testing.T) {
		item := put(t)
		got, taken, err := store.Take(t.Context(), item.ID, now)
		if err != nil || !taken || !bytes.Equal(got.Grant, item.Grant) || !bytes.Equal(got.Tombstone, item.Tombstone) ||
			!got.Expires.Equal(item.Expires) || !got.Forget.Equal(item.Forget) || got.ID != item.ID {
			t.Fatalf("got %+v, %t, %v; want %+v", got, taken, err, item)
		}
		got, taken, err = store.Take(t.Context(), item.ID, now)
		if err != nil || taken || got.Grant != nil || !bytes.Equal(got.Tombstone, item.Tombstone) ||
			!got.Expires.Equal(item.Expires) {
			t.Errorf("the second time: %+v, %t, %v; want the tombstone alone", got, taken, err)
		}
	})
	t.Run("of many at once one takes it", func(t *testing.T) {
		item := put(t)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				got, taken, err := store.Take(t.Context(), item.ID, now)
				if err != nil || taken != (got.Grant != nil) || got.Tombstone == nil {
					t.Errorf("%+v, %t, %v", got, taken, err)
				}
				if taken {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d took it", won.Load())
		}
	})
	t.Run("an expired code is not taken, and stays known for a while", func(t *testing.T) {
		item := put(t)
		got, taken, err := store.Take(t.Context(), item.ID, item.Expires)
		if err != nil || taken || got.Grant != nil || got.Tombstone == nil {
			t.Errorf("%+v, %t, %v", got, taken, err)
		}
		if _, taken, err := store.Take(t.Context(), item.ID, item.Forget); taken || !errors.Is(err, oauth.ErrNoCode) {
			t.Errorf("a forgotten one: %t, %v", taken, err)
		}
		if _, taken, err := store.Take(t.Context(), item.ID, item.Expires.Add(-time.Second)); err != nil || !taken {
			t.Errorf("in time: %t, %v", taken, err)
		}
	})
	t.Run("an unknown code is not made by asking for it", func(t *testing.T) {
		for range 2 {
			if _, taken, err := store.Take(t.Context(), t.Name(), now); taken || !errors.Is(err, oauth.ErrNoCode) {
				t.Errorf("%t, %v", taken, err)
			}
		}
	})
	t.Run("a code is not overwritten, used or not", func(t *testing.T) {
		item := put(t)
		if store.Put(t.Context(), item) == nil {
			t.Error("stored twice")
		}
		if _, _, err := store.Take(t.Context(), item.ID, now); err != nil {
			t.Fatal(err)
		}
		if store.Put(t.Context(), item) == nil {
			t.Error("a used code was stored again")
		}
	})
}
