package userpool

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Purposes of verification codes. Attribute codes add the attribute's name.
const (
	codeSignUp    = "sign-up"
	codeReset     = "reset"
	codeAttribute = "attribute:"
)

// Lifetimes of verification codes, as documented.
const (
	signUpCodeLife    = 24 * time.Hour
	resetCodeLife     = time.Hour
	attributeCodeLife = 24 * time.Hour
	// codeAttempts is how many wrong answers a code survives. The service's own
	// limit varies and isn't documented.
	codeAttempts = 5
)

// pendingCode is a code that has been mailed. It proves that somebody reads the
// mail of one address, and of no other.
type pendingCode struct {
	code    string
	address string
	expires time.Time
	wrong   int
}

// newCode stores a fresh six-digit code for a purpose and an address, and returns it.
func (p *Pool) newCode(username, address, purpose string, life time.Duration) (string, error) {
	code := fmt.Sprintf("%06d", binary.BigEndian.Uint64(p.bytes(8))%1_000_000)
	_, err := p.users.update(username, func(a *account) error {
		if a.codes == nil {
			a.codes = map[string]*pendingCode{}
		}
		a.codes[purpose] = &pendingCode{code: code, address: address, expires: p.now().Add(life)}
		return nil
	})
	return code, err
}

// useCode checks a code inside an update, and removes it when it is right. A code
// that was mailed to another address than the one it would prove is void.
func (a *account) useCode(purpose, address, code string, now time.Time) error {
	pending, ok := a.codes[purpose]
	switch {
	case !ok || pending.address != address || !now.Before(pending.expires):
		return errCodeExpired()
	case pending.wrong >= codeAttempts:
		return errAttemptLimit()
	case subtle.ConstantTimeCompare([]byte(pending.code), []byte(code)) != 1:
		pending.wrong++
		return errCodeMismatch()
	}
	delete(a.codes, purpose)
	return nil
}

// codeDelivery says where a code went.
type codeDelivery struct {
	Destination    string
	DeliveryMedium string
	AttributeName  string
}

// toEmail is the delivery to an address, masked as the service masks it.
func toEmail(address string) *codeDelivery {
	return &codeDelivery{Destination: maskEmail(address), DeliveryMedium: "EMAIL", AttributeName: "email"}
}

// maskEmail writes "f***@e***".
func maskEmail(address string) string {
	local, host, _ := strings.Cut(address, "@")
	first := func(s string) string {
		for _, r := range s {
			return string(r)
		}
		return ""
	}
	return first(local) + "***@" + first(host) + "***"
}

// deliver hands one of Cognito's own mails on.
func (p *Pool) deliver(ctx context.Context, to, subject, body string) error {
	if p.opts.Mailer == nil {
		p.log.Info("mail dropped: the pool has no Mailer", "subject", subject)
		return nil
	}
	if err := p.opts.Mailer.Deliver(ctx, CognitoMail{To: to, Subject: subject, Text: body}); err != nil {
		p.log.Error("mail could not be delivered", "subject", subject, "error", err.Error())
		return fail("CodeDeliveryFailureException", "Verification code could not be delivered.")
	}
	return nil
}

// mailCode makes a code and mails it.
func (p *Pool) mailCode(ctx context.Context, username, address, purpose string, life time.Duration) (*codeDelivery, error) {
	code, err := p.newCode(username, address, purpose, life)
	if err != nil {
		return nil, err
	}
	subject, body := "Your verification code", "Your confirmation code is "+code
	if purpose == codeReset {
		subject, body = "Your verification code", "Your password reset code is "+code
	}
	if err := p.deliver(ctx, address, subject, body); err != nil {
		return nil, err
	}
	return toEmail(address), nil
}

// autoVerified reports whether the pool mails codes for an attribute by itself.
// Telephones get nothing: there is no SMS here.
func (p *Pool) autoVerified(attr string) bool {
	for _, a := range p.cfg.AutoVerifiedAttributes {
		if a == attr && attr == "email" {
			return true
		}
	}
	return false
}
