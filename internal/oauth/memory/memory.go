// Package memory keeps authorization codes in memory, for tests and for programs that run once.
package memory

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

// Store is an [oauth.Store]. The zero value is empty and ready to use.
type Store struct {
	mu    sync.Mutex
	items map[string]*entry
}

type entry struct {
	oauth.Item
	isUsed bool
}

// Put stores a new item.
func (s *Store) Put(_ context.Context, item oauth.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items == nil {
		s.items = map[string]*entry{}
	}
	if s.items[item.ID] != nil {
		return errors.New("the code exists")
	}
	s.items[item.ID] = &entry{Item: item}
	return nil
}

// Take marks a code as used.
func (s *Store) Take(_ context.Context, id string, now time.Time) (oauth.Item, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.items[id]
	if e == nil || !now.Before(e.Forget) {
		return oauth.Item{}, false, oauth.ErrNoCode
	}
	item, taken := e.Item, !e.isUsed && now.Before(e.Expires)
	if taken {
		e.isUsed, e.Grant = true, nil
	} else {
		item.Grant = nil
	}
	return item, taken, nil
}
