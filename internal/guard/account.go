package guard

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// PolicyOf returns the policy of a pool with these settings.
func PolicyOf(s settings.Settings) Policy {
	return Policy{CodeLength: s.CodeLength, CodeTTL: s.CodeTTL, Attempts: s.MaxAttempts, Guesses: GuessesOf(s),
		Key: KeyTag(s.KeyARN), HidesMails: s.Mode == settings.Passwordless}
}

// GuessesOf returns an account's bucket of answers that are compared.
func GuessesOf(s settings.Settings) Bucket { return Bucket{Burst: s.GuessBurst, Refill: s.GuessRefill} }

// ClassOf returns the class of a user whose address is verified or not.
func ClassOf(m settings.Mode, isVerified bool) Class {
	if !isVerified && m == settings.Passwordless {
		return Unverified
	}
	return Verified
}

// KeyTag returns a short name of a key, 8 characters of a hash of its ARN: the map and the session
// that carry it are short of room.
func KeyTag(arn string) string {
	h := sha256.Sum256([]byte(arn))
	return base64.RawURLEncoding.EncodeToString(h[:6])
}

// HashOfAddress returns an address as [Mark.Address] has it: a hash, so that the table names no
// user.
func HashOfAddress(address string) string {
	h := otp.HashAddress(address)
	return base64.RawURLEncoding.EncodeToString(h[:])
}
