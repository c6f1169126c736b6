package srp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	cognitosrp "github.com/alexrudd/cognito-srp/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// The vector holds the traps of the protocol: a salt with a leading zero byte, an A with an odd
// number of digits, a B with its top bit set, a u of 31 bytes, and a password outside of ASCII.
const (
	vectorPool      = "TestPool1"
	vectorUser      = "1d2c3b4a-0000-4000-8000-00000000002a"
	vectorPassword  = "Grüße 2026!"
	vectorSalt      = "0007f3a1b2c3d4e5f60718293a4b5c6d"
	vectorBlock     = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	vectorTimestamp = "Thu Nov 5 09:05:03 UTC 2026"
	vectorSignature = "BsS7PBaBHBJLkwIAe7fmuF+RWq36wTH4w9vVV7qq4yo="
	vectorA         = "a0a1a2a3a4a5a6a7a8a9aaabacad218a"
	vectorB         = "b0b1b2b3b4b5b6b7b8b9babbbcbdbec0"
	vectorX         = "ee1b945ec218d8311587fd53845065cf8a0352673dac2aaa1556085f95a7a34b"
	vectorU         = "432950f2d91ff7570981ceb5f4974407bac4451753c8b325a9ec93c16bf6e6"
	vectorK         = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
	vectorKey       = "5d7bfebd4e4ffbb7a9e243de654dd915"
)

func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return n
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func vectorVerifier(t *testing.T) srp.Verifier {
	t.Helper()
	salt, err := hex.DecodeString(vectorSalt)
	if err != nil {
		t.Fatal(err)
	}
	return srp.DeriveVerifier(salt, vectorPool, vectorUser, vectorPassword)
}

func TestVector(t *testing.T) {
	client, err := srp.ClientWith(vectorPool, number(t, vectorA))
	if err != nil {
		t.Fatal(err)
	}
	verifier := vectorVerifier(t)
	exchange, err := srp.ExchangeWith(number(t, vectorB), verifier, client.SRPA())
	if err != nil {
		t.Fatal(err)
	}
	s, u, key := exchange.Secret(verifier)
	a, b := client.SRPA(), exchange.SRPB()
	for _, c := range []struct{ name, got, want string }{
		{"hash of N", hash(srp.N().Bytes()), "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"},
		{"k", srp.K().Text(16), vectorK},
		{"x", srp.X(verifier.Salt, vectorPool, vectorUser, vectorPassword).Text(16), vectorX},
		{"u", u.Text(16), vectorU},
		{"start of A", a[:16], "7c6728033a6375e8"},
		{"end of A", a[len(a)-16:], "28125482f5a46924"},
		{"start of B", b[:16], "bab7ccb1e293df59"},
		{"end of B", b[len(b)-16:], "8e024f133218f6bf"},
		{"hash of PAD(A)", hash(srp.Pad(number(t, a))), "0da63c0d16167ae945ba1e70f0b63f28fbd307e2fd487afdb9b5c1f18b349cae"},
		{"hash of PAD(B)", hash(srp.Pad(exchange.PublicB())),
			"93825a3036c2e1899b3686a83a3e854145fac310ed62da388894af0088f83b88"},
		{"hash of PAD(S)", hash(srp.Pad(s)), "fe7e0376998ac7e3e30e47a3c0daccb0266150ff7c008ed94df80e961543ea93"},
		{"K", hex.EncodeToString(key), vectorKey},
		{"salt", verifier.SaltHex(), vectorSalt},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.name, c.got, c.want)
		}
	}
	if len(a) != 767 || len(b) != 768 {
		t.Errorf("A has %d digits and B %d, want 767 and 768", len(a), len(b))
	}

	params := map[string]string{
		"SALT": vectorSalt, "SRP_B": b, "SECRET_BLOCK": vectorBlock,
		"USERNAME": vectorUser, "USER_ID_FOR_SRP": vectorUser,
	}
	cs, cu, ckey, err := client.Secret(params, vectorPassword)
	if err != nil {
		t.Fatal(err)
	}
	if cs.Cmp(s) != 0 || cu.Cmp(u) != 0 || !bytes.Equal(ckey, key) {
		t.Error("the client's S, u or K differ from the server's")
	}
	answer, err := client.Answer(params, vectorPassword, time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if answer["PASSWORD_CLAIM_SIGNATURE"] != vectorSignature || answer["TIMESTAMP"] != vectorTimestamp {
		t.Errorf("answer = %v, want signature %s and timestamp %s", answer, vectorSignature, vectorTimestamp)
	}
	block, _ := base64.StdEncoding.DecodeString(vectorBlock)
	if err := exchange.Check(verifier, vectorPool, vectorUser, block, vectorTimestamp, vectorSignature); err != nil {
		t.Errorf("Check refused the vector's signature: %v", err)
	}
}

// signIn plays a whole exchange of our client with our server.
func signIn(t *testing.T, password, typed string) error {
	t.Helper()
	const user = "user"
	verifier, err := srp.NewVerifier(rand.Reader, vectorPool, user, password)
	if err != nil {
		t.Fatal(err)
	}
	client, err := srp.NewClient("eu-west-1_" + vectorPool)
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := srp.NewExchange(rand.Reader, verifier, client.SRPA())
	if err != nil {
		t.Fatal(err)
	}
	block := []byte("a secret block")
	answer, err := client.Answer(map[string]string{
		"SALT": verifier.SaltHex(), "SRP_B": exchange.SRPB(), "USERNAME": user, "USER_ID_FOR_SRP": user,
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString(block),
	}, typed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	timestamp, err := srp.NormalizeTimestamp(answer["TIMESTAMP"])
	if err != nil {
		t.Fatal(err)
	}
	// The exchange travels as JSON between the two requests.
	data, err := json.Marshal(exchange)
	if err != nil {
		t.Fatal(err)
	}
	var again srp.Exchange
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	return again.Check(verifier, vectorPool, user, block, timestamp, answer["PASSWORD_CLAIM_SIGNATURE"])
}

func TestBothHalvesAgree(t *testing.T) {
	for range 20 {
		if err := signIn(t, "pass wörd 日本", "pass wörd 日本"); err != nil {
			t.Fatalf("the right password was refused: %v", err)
		}
	}
	if err := signIn(t, "right", "wrong"); !errors.Is(err, srp.ErrClaim) {
		t.Errorf("a wrong password gave %v, want ErrClaim", err)
	}
	if err := signIn(t, "right", ""); !errors.Is(err, srp.ErrClaim) {
		t.Errorf("an empty password gave %v, want ErrClaim", err)
	}
}

func TestServerAgreesWithCognitoSRP(t *testing.T) {
	const user, password = "3f0d6b6e-aaaa-4bbb-8ccc-000000000001", "Passw0rd! ü"
	for i := range 20 {
		verifier, err := srp.NewVerifier(rand.Reader, vectorPool, user, password)
		if err != nil {
			t.Fatal(err)
		}
		other, err := cognitosrp.NewCognitoSRP("a@example.com", password, "eu-west-1_"+vectorPool, "client", nil)
		if err != nil {
			t.Fatal(err)
		}
		exchange, err := srp.NewExchange(rand.Reader, verifier, other.GetAuthParams()["SRP_A"])
		if err != nil {
			t.Fatal(err)
		}
		block := []byte{0, 1, 2, byte(i)}
		answer, err := other.PasswordVerifierChallenge(map[string]string{
			"SALT": verifier.SaltHex(), "SRP_B": exchange.SRPB(), "USERNAME": user, "USER_ID_FOR_SRP": user,
			"SECRET_BLOCK": base64.StdEncoding.EncodeToString(block),
		}, time.Date(2026, 11, 5, 15, 5, 3, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		// Its clock has twelve hours; nothing compares the time with another.
		timestamp, err := srp.NormalizeTimestamp(answer["TIMESTAMP"])
		if err != nil {
			t.Fatal(err)
		}
		if err := exchange.Check(verifier, vectorPool, user, block, timestamp,
			answer["PASSWORD_CLAIM_SIGNATURE"]); err != nil {
			t.Fatalf("round %d: the second implementation's proof was refused: %v", i, err)
		}
	}
}

func TestPublicValuesThatAreRefused(t *testing.T) {
	n := srp.N()
	for _, c := range []struct {
		name, value string
		want        error
	}{
		{"zero", "0", srp.ErrZero},
		{"zero with many digits", strings.Repeat("0", 768), srp.ErrZero},
		{"the modulus", n.Text(16), srp.ErrZero},
		{"more digits than the modulus has", new(big.Int).Lsh(n, 4).Text(16), srp.ErrTooLong},
		{"a value of a megabyte", strings.Repeat("f", 1<<20), srp.ErrTooLong},
		{"nothing", "", srp.ErrNotHex},
		{"letters beyond f", "xyz", srp.ErrNotHex},
		{"a minus sign", "-2", srp.ErrNotHex},
		{"an underscore", "1_2", srp.ErrNotHex},
		{"a prefix", "0x12", srp.ErrNotHex},
		{"a space", " 12", srp.ErrNotHex},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := srp.NewExchange(rand.Reader, vectorVerifier(t), c.value); !errors.Is(err, c.want) {
				t.Errorf("NewExchange gave %v, want %v", err, c.want)
			}
			if err := srp.CheckPublic(c.value); !errors.Is(err, c.want) {
				t.Errorf("CheckPublic gave %v, want %v", err, c.want)
			}
		})
	}
	for _, value := range []string{"2", "abc", "0abc", "ABCDEF", strings.Repeat("f", 767)} {
		if err := srp.CheckPublic(value); err != nil {
			t.Errorf("CheckPublic(%.20q) = %v, want nil", value, err)
		}
	}
}

func TestClientRefusesAHostileChallenge(t *testing.T) {
	client, err := srp.NewClient("eu-west-1_" + vectorPool)
	if err != nil {
		t.Fatal(err)
	}
	good := func() map[string]string {
		return map[string]string{"SALT": vectorSalt, "SRP_B": "abcdef", "SECRET_BLOCK": vectorBlock, "USERNAME": "u",
			"USER_ID_FOR_SRP": "u"}
	}
	if _, err := client.Answer(good(), "p", time.Now()); err != nil {
		t.Fatalf("a good challenge was refused: %v", err)
	}
	for _, c := range []struct{ name, key, value string }{
		{"B is zero", "SRP_B", "0"},
		{"B is the modulus", "SRP_B", srp.N().Text(16)},
		{"B is too long", "SRP_B", strings.Repeat("1", 769)},
		{"B is missing", "SRP_B", ""},
		{"the salt is no number", "SALT", "zz"},
		{"the salt is negative", "SALT", "-1"},
		{"the salt is huge", "SALT", strings.Repeat("1", 1<<16)},
		{"the secret block is no base64", "SECRET_BLOCK", "%%%"},
		{"the user is missing", "USER_ID_FOR_SRP", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := good()
			params[c.key] = c.value
			if _, err := client.Answer(params, "p", time.Now()); err == nil {
				t.Error("the challenge was answered")
			}
		})
	}
	for _, id := range []string{"", "eu-west-1", "eu-west-1_"} {
		if _, err := srp.NewClient(id); err == nil {
			t.Errorf("NewClient(%q) succeeded", id)
		}
	}
}

func TestTimestamps(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"as Cognito writes it", "Thu Nov 5 09:05:03 UTC 2026", "Thu Nov 5 09:05:03 UTC 2026"},
		{"a two-digit day", "Sun Nov 15 23:59:59 UTC 2026", "Sun Nov 15 23:59:59 UTC 2026"},
		{"a padded day comes out changed", "Thu Nov 05 09:05:03 UTC 2026", "Thu Nov 5 09:05:03 UTC 2026"},
		{"a wrong weekday comes out changed", "Mon Nov 5 09:05:03 UTC 2026", "Thu Nov 5 09:05:03 UTC 2026"},
		{"another zone's name comes out as UTC", "Thu Nov 5 09:05:03 GMT 2026", "Thu Nov 5 09:05:03 UTC 2026"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := srp.NormalizeTimestamp(c.in)
			if err != nil || got != c.want {
				t.Errorf("NormalizeTimestamp(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
	for _, in := range []string{"", "2026-11-05T09:05:03Z", "Do Nov 5 09:05:03 UTC 2026", "Thu Nov 5 25:05:03 UTC 2026",
		"Thu Nov 31 09:05:03 UTC 2026"} {
		if got, err := srp.NormalizeTimestamp(in); err == nil {
			t.Errorf("NormalizeTimestamp(%q) = %q, want an error", in, got)
		}
	}
	local := time.Date(2026, 11, 5, 10, 5, 3, 0, time.FixedZone("CET", 3600))
	if got := srp.FormatTimestamp(local); got != vectorTimestamp {
		t.Errorf("FormatTimestamp = %q, want %q", got, vectorTimestamp)
	}
}

func TestVerifierMatchesOnlyItsPassword(t *testing.T) {
	v, err := srp.NewVerifier(rand.Reader, vectorPool, "user", "right")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pool, user, password string
		want                 bool
	}{
		{vectorPool, "user", "right", true},
		{vectorPool, "user", "Right", false},
		{vectorPool, "other", "right", false},
		{"Other", "user", "right", false},
	} {
		if got := v.Matches(c.pool, c.user, c.password); got != c.want {
			t.Errorf("Matches(%q, %q, %q) = %v, want %v", c.pool, c.user, c.password, got, c.want)
		}
	}
	if bytes.Contains(v.V, []byte("right")) || bytes.Contains(v.Salt, []byte("right")) {
		t.Error("the verifier holds the password")
	}
}

func FuzzSRPA(f *testing.F) {
	salt, _ := hex.DecodeString(vectorSalt)
	verifier := srp.DeriveVerifier(salt, vectorPool, vectorUser, vectorPassword)
	for _, seed := range []string{"", "0", "1", "abc", "-1", "0x1", strings.Repeat("f", 768), strings.Repeat("0", 769),
		"Ü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, srpA string) {
		exchange, err := srp.ExchangeWith(big.NewInt(3), verifier, srpA)
		if err != nil {
			return
		}
		if len(srpA) > srp.MaxHexDigits {
			t.Fatalf("an SRP_A of %d digits was taken", len(srpA))
		}
		if err := exchange.Check(verifier, vectorPool, vectorUser, nil, vectorTimestamp, "AAAA"); !errors.Is(err,
			srp.ErrClaim) {
			t.Fatalf("a made-up signature gave %v", err)
		}
	})
}

func FuzzClientParameters(f *testing.F) {
	f.Add(vectorSalt, "abcdef", vectorBlock, "user")
	f.Add("", "", "", "")
	f.Add("-1", "0", "%", "\xff")
	client, err := srp.NewClient("eu-west-1_" + vectorPool)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, salt, b, block, user string) {
		answer, err := client.Answer(map[string]string{
			"SALT": salt, "SRP_B": b, "SECRET_BLOCK": block, "USERNAME": user, "USER_ID_FOR_SRP": user,
		}, "password", time.Unix(0, 0))
		if err == nil && answer["PASSWORD_CLAIM_SIGNATURE"] == "" {
			t.Fatal("an answer without a signature")
		}
	})
}

func FuzzTimestamp(f *testing.F) {
	f.Add(vectorTimestamp)
	f.Add("Thu Nov 05 09:05:03 UTC 2026")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		once, err := srp.NormalizeTimestamp(s)
		if err != nil {
			return
		}
		if twice, err := srp.NormalizeTimestamp(once); err != nil || twice != once {
			t.Fatalf("%q is written as %q, and that as %q (%v)", s, once, twice, err)
		}
	})
}
