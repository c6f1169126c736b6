// Package mailbox emulates SESv2's SendEmail for the sandbox: it refuses what SES refuses, and puts
// other mails into an inbox for developers and tests.
package mailbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of the inbox. The oldest mails leave first.
const (
	defaultSize = 50_000
	maxBytes    = 512 << 20
)

// Message is a mail in the inbox.
type Message struct {
	ID      string            `json:"id"`
	To      string            `json:"to"`
	From    string            `json:"from"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Headers map[string]string `json:"headers"`
	SentAt  time.Time         `json:"sentAt"`

	// Recipients are the bare addresses in To, Cc and Bcc.
	Recipients []string `json:"-"`
	// Raw is the mail as it was sent, where it was sent raw.
	Raw []byte `json:"-"`
}

func (m *Message) size() int { return len(m.Text) + len(m.HTML) + len(m.Raw) + 1024 }

// Store keeps mails, newest last. Its methods may be called at any time.
type Store struct {
	mu      sync.Mutex
	size    int
	bytes   int
	all     []*Message
	byID    map[string]*Message
	byTo    map[string][]*Message
	version uint64
	changed chan struct{} // closed and replaced at each change
}

// NewStore makes an empty store for size mails; 0 means defaultSize.
func NewStore(size int) *Store {
	if size <= 0 {
		size = defaultSize
	}
	s := &Store{size: size}
	s.reset()
	return s
}

func (s *Store) reset() {
	s.all, s.bytes = nil, 0
	s.byID, s.byTo = map[string]*Message{}, map[string][]*Message{}
	s.change()
}

func (s *Store) change() {
	s.version++
	if s.changed != nil {
		close(s.changed)
	}
	s.changed = make(chan struct{})
}

// Add puts a mail into the inbox.
func (s *Store) Add(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &m
	for i, to := range p.Recipients {
		p.Recipients[i] = strings.ToLower(to)
	}
	slices.Sort(p.Recipients)
	p.Recipients = slices.Compact(p.Recipients)
	s.all = append(s.all, p)
	s.bytes += p.size()
	s.byID[p.ID] = p
	for _, to := range p.Recipients {
		s.byTo[to] = append(s.byTo[to], p)
	}
	for len(s.all) > s.size || s.bytes > maxBytes && len(s.all) > 1 {
		s.evict()
	}
	s.change()
}

// evict drops the oldest mail, which is also its recipients' oldest.
func (s *Store) evict() {
	oldest := s.all[0]
	s.all[0] = nil
	s.all = s.all[1:]
	s.bytes -= oldest.size()
	delete(s.byID, oldest.ID)
	for _, to := range oldest.Recipients {
		if s.byTo[to] = s.byTo[to][1:]; len(s.byTo[to]) == 0 {
			delete(s.byTo, to)
		}
	}
}

// Messages lists mails, newest first: those to one recipient unless to is empty, none older than
// since, at most limit unless it is 0.
func (s *Store) Messages(to string, since time.Time, limit int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(to, since, limit)
}

func (s *Store) list(to string, since time.Time, limit int) []Message {
	from := s.all
	if to != "" {
		from = s.byTo[strings.ToLower(strings.TrimSpace(to))]
	}
	found := []Message{}
	for i := len(from) - 1; i >= 0; i-- {
		if limit > 0 && len(found) == limit {
			break
		}
		if !from[i].SentAt.Before(since) {
			found = append(found, *from[i])
		}
	}
	return found
}

// Message returns the mail with the id.
func (s *Store) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.byID[id]
	if !ok {
		return Message{}, false
	}
	return *m, true
}

// Delete empties the inbox.
func (s *Store) Delete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
}

// Version changes whenever the inbox does.
func (s *Store) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Wait returns the newest mail to a recipient that is not older than since, as soon as there is
// one. Its error wraps the context's.
func (s *Store) Wait(ctx context.Context, to string, since time.Time) (Message, error) {
	for {
		s.mu.Lock()
		found, changed := s.list(to, since, 1), s.changed
		s.mu.Unlock()
		if len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("no mail has come: %w", context.Cause(ctx))
		}
	}
}
