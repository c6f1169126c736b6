package users

import (
	"cmp"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// Purposes of verification codes. Codes for an attribute add its name to ForAttribute.
const (
	ForSignUp    = "sign-up"
	ForReset     = "reset"
	ForAttribute = "attribute:"
)

// Lifetimes of verification codes, from Cognito's documentation.
const (
	codeLife      = 24 * time.Hour
	resetCodeLife = time.Hour
)

// codeAttempts is how many wrong answers a code survives. Cognito's own limit varies and is not
// documented.
const codeAttempts = 5

// pendingCode is a mailed code. It proves access to one mailbox.
type pendingCode struct {
	code    string
	address string
	expires time.Time
	wrong   int
}

// NewCode stores a new code of six digits for a purpose and an address, and returns it.
func (d *Directory) NewCode(username, address, purpose string) (string, error) {
	code := fmt.Sprintf("%06d", binary.BigEndian.Uint64(random.Bytes(8))%1_000_000)
	life := codeLife
	if purpose == ForReset {
		life = resetCodeLife
	}
	_, err := d.Update(username, func(a *Account) error {
		if a.codes == nil {
			a.codes = map[string]*pendingCode{}
		}
		a.codes[purpose] = &pendingCode{code: code, address: address, expires: d.now().Add(life)}
		return nil
	})
	return code, err
}

// UseCode checks a code within an update and removes the right one. A code that was mailed to
// another address than the one to prove is void.
func (a *Account) UseCode(purpose, address, code string, now time.Time) error {
	pending, ok := a.codes[purpose]
	switch {
	case !ok || pending.address != address || !now.Before(pending.expires):
		return refusal.CodeExpired
	case pending.wrong >= codeAttempts:
		return refusal.AttemptLimit
	case subtle.ConstantTimeCompare([]byte(pending.code), []byte(code)) != 1:
		pending.wrong++
		return refusal.CodeMismatch
	}
	delete(a.codes, purpose)
	return nil
}

// Unproven returns the value that a code for an attribute proves: a pending change, or the stored
// value.
func (a *Account) Unproven(attribute string) string {
	return cmp.Or(a.Pending[attribute], a.Attributes[attribute])
}
