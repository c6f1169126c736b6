package changeaddress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

type started struct {
	// Digits is the length of both codes, ExpiresIn their life in seconds.
	Digits    int `json:"digits"`
	ExpiresIn int `json:"expires_in"`
}

// start mails a code to the present address and one to the new address. If the new address belongs
// to another account, its owner gets a mail without a code, and the answer is the same.
func (s *Server) start(ctx context.Context, who caller, in request) (any, error) {
	now := s.Now()
	if age := now.Sub(who.AuthTime); age > maxSignInAge || age < -time.Minute {
		return nil, errOldSignIn
	}
	address, user, err := s.newAddress(ctx, who, in)
	if err != nil {
		return nil, err
	}
	present := user["email"]
	switch {
	case user["email_verified"] != "true" || mail.ValidateAddress(present) != nil:
		return nil, errAdministrator
	case otp.HashAddress(present) == otp.HashAddress(address):
		return nil, errSameAddress
	}
	nonce, digits, err := s.spend(ctx, who, present, address, now)
	if err != nil {
		return nil, err
	}
	taken, err := s.isTaken(ctx, who, address)
	if err != nil {
		return nil, err
	}
	old, fresh, err := s.codes(ctx, who, present, address, nonce, digits)
	if err != nil {
		return nil, err
	}
	kind := mail.ChangeTo
	if taken {
		kind = mail.AddressTaken
	}
	// The new address comes first: without that mail, the other code is of no use.
	switch err := s.send(ctx, kind, address, fresh, user, s.addressKey(address)); {
	case errors.Is(err, trigger.ErrRecipient):
		return nil, errInvalidAddress
	case err != nil:
		return nil, err
	}
	switch err := s.send(ctx, mail.ChangeFrom, present, old, user, who.key); {
	case errors.Is(err, trigger.ErrRecipient):
		return nil, errAdministrator
	case err != nil:
		return nil, err
	}
	return started{digits, int(s.Settings.CodeTTL / time.Second)}, nil
}

func (s *Server) addressKey(address string) string {
	return guard.AddressKey(s.Settings.UserPoolID, address, s.Settings.CaseSensitiveNames)
}

// spend spends from every budget that a start touches, and stores the nonce of its codes. What was
// spent before a refusal stays spent.
func (s *Server) spend(ctx context.Context, who caller, present, address string, now time.Time) (
	otp.Nonce, int, error) {
	policy := guard.PolicyOf(s.Settings)
	account, err := s.Store.Read(ctx, who.key)
	if err != nil {
		return otp.Nonce{}, 0, err
	}
	digits := policy.Digits(policy.Clamp(account, guard.Verified, now), now)
	// The start comes first: one of too many must not cost the account's mails, which its owner
	// needs for sign-ins.
	nonce, err := s.spendStart(ctx, who, digits, now)
	if err == nil {
		err = s.spendMail(ctx, who, account, present, now)
	}
	if err == nil {
		err = s.spendAddress(ctx, address, now)
	}
	if err == nil {
		err = s.count(ctx, who, guard.Quota{Kind: guard.ProvenMails, PerHour: s.Settings.PoolMailsVerified},
			policy.Established(account, now), now)
	}
	if err == nil {
		err = s.count(ctx, who, guard.Quota{Kind: guard.UnprovenMails, PerHour: s.Settings.PoolMailsUnverified,
			PerDay: s.Settings.PoolMailsUnverifiedDay}, false, now)
	}
	return nonce, digits, err
}

// spendStart stores a start with a fresh nonce. Of parallel starts one is stored, and the code of
// an earlier one is never right again.
func (s *Server) spendStart(ctx context.Context, who caller, digits int, now time.Time) (otp.Nonce, error) {
	key, ms := guard.ChangeKey(s.Settings.UserPoolID, who.Subject), now.UnixMilli()
	before, err := s.Store.Read(ctx, key)
	if err != nil {
		return otp.Nonce{}, err
	}
	tat := starts.Clamp(before.Mail, ms)
	if at := max(starts.AllowedAt(tat, ms), min(before.Next, now.Add(guard.Cooldown).UnixMilli())); at > ms {
		return otp.Nonce{}, tooMany(now, time.UnixMilli(at))
	}
	issued := now
	if used := time.UnixMilli(before.Used); !issued.After(used) { // another instance's clock
		issued = used.Add(time.Millisecond)
	}
	nonce, err := otp.NewNonce(issued, s.Random)
	if err != nil {
		return nonce, err
	}
	after := before
	after.Guess, after.MailState = 0, guard.MailState{Mail: starts.Spend(tat, ms), Digits: digits, Nonce: nonce.String(),
		Next: now.Add(guard.Cooldown).UnixMilli(), Key: guard.KeyTag(s.Settings.KeyARN)}
	won, err := s.Store.Claim(ctx, key, before, after, now)
	if err == nil && !won {
		err = tooMany(now, now.Add(guard.Cooldown))
	}
	return nonce, err
}

// maxClaims is how often a lost claim of an item that others write too is tried.
const maxClaims = 4

// spendMail spends from the account's slow mail bucket, which bounds all mails to its address. The
// fast one and the cool-down stay with the sign-in: a change must not keep its owner waiting for a
// code. The last mail stays with it too: a change ends all sign-ins, and the next one needs a mail.
// before is the item as it was read; it is read again after a lost claim.
func (s *Server) spendMail(ctx context.Context, who caller, before guard.Item, present string, now time.Time) error {
	policy := guard.PolicyOf(s.Settings)
	slow := policy.Mails(guard.Verified)[1]
	for range maxClaims {
		ms, tat := now.UnixMilli(), policy.Clamp(before, guard.Verified, now).SlowMail
		if before.IsMarked(guard.HashOfAddress(present), now) {
			return errAdministrator
		}
		after := before
		after.SlowMail = slow.Spend(tat, ms)
		if at := slow.AllowedAt(after.SlowMail, ms); at > ms {
			return tooMany(now, time.UnixMilli(at))
		}
		won, err := s.Store.Claim(ctx, who.key, before, after, now)
		if won || err != nil {
			return err
		}
		if before, err = s.Store.Read(ctx, who.key); err != nil {
			return err
		}
	}
	return tooMany(now, now.Add(time.Second))
}

// spendAddress spends from the budget of mails to the requested address, which may belong to
// another person.
func (s *Server) spendAddress(ctx context.Context, address string, now time.Time) error {
	key, ms := s.addressKey(address), now.UnixMilli()
	for range maxClaims {
		before, err := s.Store.Read(ctx, key)
		if err != nil {
			return err
		}
		tat := mailsTo.Clamp(before.Mail, ms)
		switch {
		case before.IsMarked(guard.HashOfAddress(address), now):
			return errInvalidAddress // mail to it bounced, or was reported
		case !mailsTo.Allows(tat, ms):
			return tooMany(now, time.UnixMilli(mailsTo.AllowedAt(tat, ms)))
		}
		after := before
		after.Mail = mailsTo.Spend(tat, ms)
		if won, err := s.Store.Claim(ctx, key, before, after, now); won || err != nil {
			return err
		}
	}
	return tooMany(now, now.Add(time.Second))
}

// count counts a mail in one of the pool's quotas.
func (s *Server) count(ctx context.Context, who caller, q guard.Quota, established bool, now time.Time) error {
	key, counter := q.Key(s.Settings.UserPoolID, now), q.Counter(established, now)
	counters, err := s.Store.CountQuota(ctx, key, counter, now)
	if err != nil || q.Judge(counters, established, now).OK() {
		return err
	}
	for _, m := range trigger.QuotaRefused(q.Kind) {
		s.log(slog.LevelWarn, m, "a mail quota of the pool is spent", who.attr())
	}
	return tooMany(now, now.Add(time.Minute))
}

// send sends one mail. A mail that may have been sent counts as sent.
func (s *Server) send(ctx context.Context, kind mail.Kind, to string, code otp.Code, user map[string]string,
	item string) error {
	m, err := s.Renderer.Render(mail.Message{Kind: kind, To: to, Code: code.Reveal(), ExpiresIn: s.Settings.CodeTTL,
		RequestedAt: s.Now(), Locale: user["locale"], Zoneinfo: user["zoneinfo"]})
	if err != nil {
		return fmt.Errorf("mail %q: %w", kind, err)
	}
	m.Tags = append(slices.Clone(m.Tags), mail.Tag{Name: settings.ItemTag, Value: item})
	if err = s.Sender.Send(ctx, m); errors.Is(err, trigger.ErrUncertain) {
		s.Log.Warn("a mail may not have been sent", "item", item)
		return nil
	}
	return err
}
