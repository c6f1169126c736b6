package otp_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// hmacKey is a key service in process.
type hmacKey []byte

func (k hmacKey) GenerateMAC(_ context.Context, m []byte) ([]byte, error) {
	h := hmac.New(sha256.New, k)
	h.Write(m)
	return h.Sum(nil), nil
}

func (k hmacKey) VerifyMAC(ctx context.Context, m, mac []byte) (bool, error) {
	want, _ := k.GenerateMAC(ctx, m)
	return hmac.Equal(mac, want), nil
}

var (
	ctx     = context.Background()
	key     = hmacKey("a key for tests, 32 bytes long!!")
	issued  = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)
	subject = otp.Subject{Pool: "eu-west-1_TestPool1", User: "1d2c3b4a", Address: otp.HashAddress("user@example.com")}
)

func nonce(t testing.TB) otp.Nonce {
	n, err := otp.NewNonce(issued, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func challenge(t testing.TB) otp.Challenge {
	return otp.Challenge{ID: "round-1", Client: "client-1", Nonce: nonce(t), Digits: 8,
		Expires: issued.Add(5 * time.Minute)}
}

func TestACodeIsTheSameForTheSameNonceAndRightOnlyForItsChallenge(t *testing.T) {
	c := challenge(t)
	code, err := otp.Derive(ctx, key, subject, c.Nonce, c.Digits)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := otp.Derive(ctx, key, subject, c.Nonce, c.Digits)
	if code != again || len(code.Reveal()) != 8 {
		t.Fatalf("derived %q, then %q", code.Reveal(), again.Reveal())
	}
	binding, err := otp.Bind(ctx, key, subject, c, code)
	if err != nil {
		t.Fatal(err)
	}
	right := func(s otp.Subject, c otp.Challenge, answer string) bool {
		ok, err := otp.Check(ctx, key, s, c, binding, answer)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !right(subject, c, code.Reveal()) {
		t.Fatal("the right code is refused")
	}
	other := func(change func(*otp.Subject, *otp.Challenge)) (otp.Subject, otp.Challenge) {
		s, c := subject, c
		change(&s, &c)
		return s, c
	}
	for name, change := range map[string]func(*otp.Subject, *otp.Challenge){
		"pool":    func(s *otp.Subject, _ *otp.Challenge) { s.Pool += "2" },
		"user":    func(s *otp.Subject, _ *otp.Challenge) { s.User += "2" },
		"address": func(s *otp.Subject, _ *otp.Challenge) { s.Address = otp.HashAddress("other@example.com") },
		"client":  func(_ *otp.Subject, c *otp.Challenge) { c.Client += "2" },
		"round":   func(_ *otp.Subject, c *otp.Challenge) { c.ID += "2" },
		"nonce":   func(_ *otp.Subject, c *otp.Challenge) { c.Nonce[15]++ },
		"length":  func(_ *otp.Subject, c *otp.Challenge) { c.Digits++ },
		"expiry":  func(_ *otp.Subject, c *otp.Challenge) { c.Expires = c.Expires.Add(time.Second) },
		"shifted": func(s *otp.Subject, _ *otp.Challenge) { s.Pool, s.User = s.Pool+s.User[:1], s.User[1:] },
	} {
		if s, c := other(change); right(s, c, code.Reveal()) {
			t.Errorf("the code is right for another %s", name)
		}
	}
	if right(subject, c, "00000000") && code.Reveal() != "00000000" {
		t.Error("a wrong code is right")
	}
}

func TestCodesAreSpreadEvenlyOverEveryDigitAndPosition(t *testing.T) {
	const n, digits = 20_000, 6
	var seen [digits][10]int
	for range n {
		code, _ := otp.Derive(ctx, key, subject, nonce(t), digits)
		for i, d := range code.Reveal() {
			seen[i][d-'0']++
		}
	}
	for i, counts := range seen {
		chi := 0.0
		for _, c := range counts {
			chi += math.Pow(float64(c)-n/10, 2) / (n / 10)
		}
		// 9 degrees of freedom: 45 is passed by chance once in a million.
		if chi > 45 {
			t.Errorf("position %d: counts %v, chi² %.1f", i, counts, chi)
		}
	}
}

func TestLongCodesHaveTwentyDigitsAndOtherLengthsAreRefused(t *testing.T) {
	code, err := otp.Derive(ctx, key, subject, nonce(t), otp.LongDigits)
	if err != nil || len(code.Reveal()) != 20 {
		t.Errorf("%q, %v", code.Reveal(), err)
	}
	for _, digits := range []int{-1, 0, 5, 21} {
		if _, err := otp.Derive(ctx, key, subject, nonce(t), digits); err == nil {
			t.Errorf("%d digits are accepted", digits)
		}
	}
}

func TestBothCodesOfANonceAreThoseOfOne(t *testing.T) {
	n := nonce(t)
	for _, digits := range []int{6, 8, 10, otp.LongDigits} {
		code, long, err := otp.DeriveBoth(ctx, key, subject, n, digits)
		alone, _ := otp.Derive(ctx, key, subject, n, digits)
		longAlone, _ := otp.Derive(ctx, key, subject, n, otp.LongDigits)
		if err != nil || code != alone || long != longAlone {
			t.Errorf("%d digits: %q and %q, alone %q and %q (%v)", digits, code.Reveal(), long.Reveal(), alone.Reveal(),
				longAlone.Reveal(), err)
		}
		if digits < otp.LongDigits && strings.HasSuffix(long.Reveal(), code.Reveal()) {
			t.Errorf("%s holds %s", long.Reveal(), code.Reveal())
		}
	}
}

type brokenKey struct{ mac []byte }

func (k brokenKey) GenerateMAC(context.Context, []byte) ([]byte, error) {
	if k.mac == nil {
		return nil, errors.New("the key service is down")
	}
	return k.mac, nil
}

func TestAFailingOrShortMACGivesNoCode(t *testing.T) {
	for _, k := range []brokenKey{{}, {mac: []byte("short")}} {
		if code, err := otp.Derive(ctx, k, subject, nonce(t), 8); err == nil {
			t.Errorf("derived %q", code.Reveal())
		}
	}
}

func TestACodeNeverPrints(t *testing.T) {
	code, _ := otp.Derive(ctx, key, subject, nonce(t), 8)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "code", code, "in", struct{ C otp.Code }{code})
	js, _ := json.Marshal(map[string]any{"code": code})
	for _, out := range []string{fmt.Sprint(code), fmt.Sprintf("%v %+v %#v %s", code, code, code, code), log.String(),
		string(js)} {
		if strings.Contains(out, code.Reveal()) {
			t.Errorf("printed: %s", out)
		}
	}
}

func TestNonceTellsItsTimeAndReadsBack(t *testing.T) {
	n := nonce(t)
	if !n.Issued().Equal(issued) {
		t.Errorf("issued %v", n.Issued())
	}
	back, err := otp.ParseNonce(n.String())
	if err != nil || back != n {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := otp.NewNonce(issued, strings.NewReader("short")); err == nil {
		t.Error("a nonce without randomness")
	}
}

func TestExpiryIsTheFirstMomentTooLate(t *testing.T) {
	c := challenge(t)
	if c.Expired(c.Expires.Add(-time.Millisecond)) || !c.Expired(c.Expires) {
		t.Error("expiry is off")
	}
}

func FuzzParseNonce(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := otp.ParseNonce(s); err == nil && n.String() != s {
			t.Errorf("%q reads as %q", s, n)
		}
	})
}
