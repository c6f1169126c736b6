package signin

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// hasDevice returns the metadata by which the pool learns that this machine has a secret; nil where
// it has none, or where a code is wanted.
func (s *SignIn) hasDevice() map[string]string {
	if s.Forget || s.Device == "" {
		s.Device = ""
		return nil
	}
	return action(contract.ActionDevice)
}

// device answers with the secret. If the pool does not take it, a code is due, and the secret is of
// no more use.
func (s *SignIn) device(ctx context.Context, at step) (step, error) {
	next, err := s.respond(ctx, at, map[string]string{"ANSWER": s.Device}, action(contract.ActionDevice))
	if err == nil && next.tokens == nil {
		s.Device = ""
	}
	return next, err
}

// beside returns what the pool is requested to do beside a right code, and the secret that this
// machine has afterwards.
func (s *SignIn) beside() (device string, metadata map[string]string) {
	switch {
	case s.Forget:
		return "", action(contract.ActionForget)
	case !s.Remember:
		return "", nil
	}
	return NewDevice()
}

// NewDevice returns the secret of a device, and the metadata that has it remembered beside a right
// code.
func NewDevice() (secret string, metadata map[string]string) {
	b := make([]byte, guard.DeviceSecretSize)
	_, _ = rand.Read(b) // never fails
	metadata = action(contract.ActionRemember)
	commitment := guard.Commitment(b)
	metadata[contract.ClientMetadataDevice] = base64.RawURLEncoding.EncodeToString(commitment[:])
	return base64.RawURLEncoding.EncodeToString(b), metadata
}

func action(name string) map[string]string {
	return map[string]string{contract.ClientMetadataAction: name}
}
