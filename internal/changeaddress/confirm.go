package changeaddress

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// changed is the answer to a confirmed change.
type changed struct {
	// SignedOut is false where Cognito failed to end the user's sign-ins.
	SignedOut bool `json:"signed_out"`
}

// confirm compares both codes and changes the address. It counts first, then compares, and uses the
// codes up before it changes anything.
func (s *Server) confirm(ctx context.Context, who caller, in request) (any, error) {
	now := s.Now()
	address, user, err := s.newAddress(ctx, who, in)
	if err != nil {
		return nil, err
	}
	present := user["email"]
	key := guard.ChangeKey(s.Settings.UserPoolID, who.Subject)
	item, err := s.Store.Read(ctx, key)
	if err != nil {
		return nil, err
	}
	nonce, err := otp.ParseNonce(item.Nonce)
	if err != nil || item.Key != guard.KeyTag(s.Settings.KeyARN) || item.Used >= nonce.Issued().UnixMilli() ||
		!now.Before(nonce.Issued().Add(s.Settings.CodeTTL)) {
		return nil, errExpired
	}
	guess, err := s.compare(ctx, who, in, present, address, nonce, item.Digits, now)
	if err != nil {
		return nil, err
	}
	use := guard.Use{Issued: nonce.Issued(), Challenge: item.Nonce}
	if won, err := s.Store.Use(ctx, key, use, now); err != nil {
		return nil, err
	} else if !won {
		return nil, errExpired
	}
	if err := s.lock(ctx, who, address, now); err != nil {
		return nil, err
	}
	if err := s.change(ctx, who, user, address); err != nil {
		return nil, err
	}
	return s.conclude(ctx, who, user, nonce, guess), nil
}

// compare counts an answer and compares it. Short codes spend from the account's guesses, as a
// sign-in's do, so that both together stay within one bound. It returns what to give back.
func (s *Server) compare(ctx context.Context, who caller, in request, present, address string, nonce otp.Nonce,
	digits int, now time.Time) (time.Duration, error) {
	old, ok := otp.Normalize(in.PresentCode, digits)
	fresh, also := otp.Normalize(in.NewCode, digits)
	if !ok || !also {
		return 0, errNoCode // it costs nothing
	}
	tries := guard.Bucket{Burst: s.Settings.MaxAttempts, Refill: 24 * time.Hour}
	err := s.spendGuess(ctx, guard.ChangeKey(s.Settings.UserPoolID, who.Subject), tries, math.MaxInt32, now)
	if err != nil {
		return 0, err
	}
	bucket, refund := guard.GuessesOf(s.Settings), time.Duration(0)
	if digits != otp.LongDigits {
		if err := s.spendGuess(ctx, who.key, bucket, guard.MaxFailures, now); err != nil {
			return 0, err
		}
		refund = bucket.Refill
	}
	wantOld, wantFresh, err := s.codes(ctx, who, present, address, nonce, digits)
	if err != nil {
		return 0, err
	}
	// The answer does not name the wrong one: the owner of the new address could then guess the
	// other.
	if equal(wantOld, old)&equal(wantFresh, fresh) != 1 {
		return 0, errWrongCode
	}
	return refund, nil
}

// spendGuess counts an answer in a bucket. A spent one is [errSpent].
func (s *Server) spendGuess(ctx context.Context, key string, b guard.Bucket, failures int, now time.Time) error {
	may, err := s.Store.SpendGuess(ctx, key, b, failures, now)
	if err == nil && !may {
		err = errSpent
	}
	return err
}

func equal(want otp.Code, given string) int {
	return subtle.ConstantTimeCompare([]byte(want.Reveal()), []byte(given))
}

// lock locks an address for the account, because two accounts must not find it free at the same
// time: Cognito would move the address to the second account without an error. A lock expires.
func (s *Server) lock(ctx context.Context, who caller, address string, now time.Time) error {
	key, tag := s.addressKey(address), guard.KeyTag(who.key)
	before, err := s.Store.Read(ctx, key)
	if err != nil {
		return err
	}
	held, err := otp.ParseNonce(before.Nonce)
	if err == nil && before.Key != tag && now.Before(held.Issued().Add(lockTime)) {
		return errNotChanged
	}
	nonce, err := otp.NewNonce(now, s.Random)
	if err != nil {
		return err
	}
	after := before
	after.Nonce, after.Key = nonce.String(), tag
	won, err := s.Store.Claim(ctx, key, before, after, now)
	if err == nil && !won {
		err = errNotChanged
	}
	return err
}

// change sets the address, unless another account has got it since the start. Then it mails that
// account's owner, as start does, and the client sees no difference.
func (s *Server) change(ctx context.Context, who caller, user map[string]string, address string) error {
	taken, err := s.isTaken(ctx, who, address)
	if err != nil {
		return err
	}
	if !taken {
		err = s.Directory.SetEmail(ctx, who.username, address)
		if err == nil {
			return nil
		}
		if taken = isAliasTaken(err); !taken {
			// The call may have taken effect although its answer was lost.
			now, failed := s.Directory.Find(ctx, who.username)
			if failed != nil || now["email"] != address || now["email_verified"] != "true" {
				return err
			}
			return nil
		}
	}
	if err := s.send(ctx, mail.AddressTaken, address, otp.Code{}, user, s.addressKey(address)); err != nil {
		s.Fault(err)
	}
	return errNotChanged
}

func isAliasTaken(err error) bool {
	var api *oauth.APIError
	return errors.As(err, &api) && (api.Code == "AliasExistsException" || api.Code == "UsernameExistsException")
}

// signOuts is how often Cognito is asked to end the user's sign-ins, until it does.
const signOuts = 3

// conclude does what follows a change: it ends all sign-ins, forgets the remembered devices, makes
// every code useless that was mailed before, and notifies the old address. A failure is logged and
// undoes nothing.
func (s *Server) conclude(ctx context.Context, who caller, user map[string]string, nonce otp.Nonce,
	guess time.Duration) changed {
	var out changed
	var wait sync.WaitGroup
	do := func(what string, f func() error) {
		wait.Go(func() {
			if err := f(); err != nil {
				s.fault("a step after the change failed", err, slog.String("step", what), who.attr())
			}
		})
	}
	do("sign-out", func() (err error) {
		for range signOuts {
			if err = s.Directory.SignOut(ctx, who.username); err == nil {
				out.SignedOut = true
				break
			}
		}
		return err
	})
	do("forget devices", func() error { return s.Store.ForgetDevices(ctx, who.key) })
	do("use up codes", func() error {
		_, err := s.Store.Use(ctx, who.key, guard.Use{Issued: s.Now(), Challenge: nonce.String(), Guess: guess}, s.Now())
		return err
	})
	do("notice", func() error { return s.send(ctx, mail.AddressChanged, user["email"], otp.Code{}, user, who.key) })
	wait.Wait()
	return out
}
