// Package keys makes and checks KMS MACs with keys that live as long as the
// sandbox does.
package keys

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsfront"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// MaxMessage is KMS's limit for the message of a MAC, in bytes.
const MaxMessage = 4096

// Key is a key as the template describes it.
type Key struct {
	ID, ARN string
	// Aliases with their "alias/" in front.
	Aliases []string
	// Spec such as "HMAC_256", Usage such as "GENERATE_VERIFY_MAC".
	Spec, Usage string
	Disabled    bool
	// Policy is the key policy.
	Policy iam.Policy
}

// Service answers KMS calls.
type Service struct {
	callers awsfront.Callers
	byName  map[string]*heldKey
}

type heldKey struct {
	Key
	material []byte
}

// New draws material from rand for each key.
func New(keys []Key, callers awsfront.Callers, rand io.Reader) (*Service, error) {
	s := &Service{callers: callers, byName: map[string]*heldKey{}}
	for _, k := range keys {
		held := &heldKey{Key: k, material: make([]byte, 64)}
		if _, err := io.ReadFull(rand, held.material); err != nil {
			return nil, fmt.Errorf("drawing key material: %w", err)
		}
		s.byName[k.ID], s.byName[k.ARN] = held, held
		prefix := strings.TrimSuffix(k.ARN, "key/"+k.ID)
		for _, alias := range k.Aliases {
			s.byName[alias], s.byName[prefix+alias] = held, held
		}
	}
	return s, nil
}

type request struct {
	KeyId        string
	MacAlgorithm string
	Message      []byte
	Mac          []byte
	DryRun       bool
}

type answer struct {
	KeyId        string
	MacAlgorithm string
	Mac          []byte `json:",omitempty"`
	MacValid     bool   `json:",omitempty"`
}

// ServeCall answers GenerateMac and VerifyMac.
func (s *Service) ServeCall(_ context.Context, c awsfront.Call) awsfront.Answer {
	if c.Operation != "GenerateMac" && c.Operation != "VerifyMac" {
		return awsfront.NotEmulated(c)
	}
	var r request
	if err := json.Unmarshal(c.Body, &r); err != nil {
		return fail(http.StatusBadRequest, "SerializationException", "the body is not the JSON that this operation takes")
	}
	if problem := r.invalid(c.Operation); problem != "" {
		return fail(http.StatusBadRequest, "ValidationException", "1 validation error detected: "+problem)
	}
	key, ok := s.byName[r.KeyId]
	if !ok {
		return fail(http.StatusNotFound, "NotFoundException", fmt.Sprintf("Key '%s' does not exist", r.KeyId))
	}
	call := iam.Request{Action: "kms:" + c.Operation, Resource: key.ARN, Context: map[string][]string{"kms:macalgorithm": {r.MacAlgorithm}}}
	if !s.callers.AllowedWith(key.Policy, c.AccessKeyID, call) {
		return s.callers.Denied(awsfront.KMS, c.AccessKeyID, call)
	}
	if refused, bad := key.usable(c.Operation, r); bad {
		return refused
	}
	mac := key.mac(r.MacAlgorithm, r.Message)
	result := answer{KeyId: key.ARN, MacAlgorithm: r.MacAlgorithm}
	if c.Operation == "GenerateMac" {
		result.Mac = mac
		return awsfront.JSON(awsfront.KMS, http.StatusOK, result)
	}
	if !hmac.Equal(mac, r.Mac) {
		return fail(http.StatusBadRequest, "KMSInvalidMacException", "")
	}
	result.MacValid = true
	return awsfront.JSON(awsfront.KMS, http.StatusOK, result)
}

// invalid is KMS's own check of the members, before it looks at the key.
func (r request) invalid(operation string) string {
	constraint := func(member, what string) string {
		return fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must %s", member, what)
	}
	switch {
	case r.KeyId == "":
		return constraint("keyId", "not be null")
	case len(r.KeyId) > 2048:
		return constraint("keyId", "have length less than or equal to 2048")
	case len(r.Message) == 0:
		return constraint("message", "have length greater than or equal to 1")
	case len(r.Message) > MaxMessage:
		return constraint("message", fmt.Sprintf("have length less than or equal to %d", MaxMessage))
	case hashOf(r.MacAlgorithm) == nil:
		return constraint("macAlgorithm", "satisfy enum value set: [HMAC_SHA_224, HMAC_SHA_256, HMAC_SHA_384, HMAC_SHA_512]")
	case operation == "VerifyMac" && len(r.Mac) == 0:
		return constraint("mac", "have length greater than or equal to 1")
	case operation == "VerifyMac" && len(r.Mac) > 6144:
		return constraint("mac", "have length less than or equal to 6144")
	}
	return ""
}

// usable is what KMS checks of the key once the caller may use it.
func (k *heldKey) usable(operation string, r request) (awsfront.Answer, bool) {
	switch {
	case k.Disabled:
		return fail(http.StatusConflict, "DisabledException", k.ARN+" is disabled."), true
	case k.Usage != "GENERATE_VERIFY_MAC":
		return fail(http.StatusBadRequest, "InvalidKeyUsageException", fmt.Sprintf("%s key usage is %s which is not valid for %s.", k.ARN, k.Usage, operation)), true
	case "HMAC_SHA_"+strings.TrimPrefix(k.Spec, "HMAC_") != r.MacAlgorithm:
		return fail(http.StatusBadRequest, "InvalidKeyUsageException", fmt.Sprintf("Algorithm %s is incompatible with key spec %s.", r.MacAlgorithm, k.Spec)), true
	case r.DryRun:
		return fail(http.StatusBadRequest, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."), true
	}
	return awsfront.Answer{}, false
}

func (k *heldKey) mac(algorithm string, message []byte) []byte {
	h := hmac.New(hashOf(algorithm), k.material)
	h.Write(message)
	return h.Sum(nil)
}

func hashOf(algorithm string) func() hash.Hash {
	switch algorithm {
	case "HMAC_SHA_224":
		return sha256.New224
	case "HMAC_SHA_256":
		return sha256.New
	case "HMAC_SHA_384":
		return sha512.New384
	case "HMAC_SHA_512":
		return sha512.New
	}
	return nil
}

func fail(status int, kind, message string) awsfront.Answer {
	return awsfront.Error(awsfront.KMS, status, kind, message)
}
