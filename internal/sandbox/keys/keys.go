// Package keys makes and verifies KMS MACs. The keys live as long as the sandbox.
package keys

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// maxMessage is KMS's limit for the message of a MAC, in bytes.
const maxMessage = 4096

// Key is a key as the template describes it.
type Key struct {
	ID, ARN string
	// Aliases start with "alias/".
	Aliases []string
	// Spec such as "HMAC_256", Usage such as "GENERATE_VERIFY_MAC".
	Spec, Usage string
	Disabled    bool
	// Policy is the key policy.
	Policy iam.Policy
}

// Service answers KMS calls.
type Service struct {
	callers gateway.Callers
	byName  map[string]*heldKey
	prefix  string // of the account's ARNs, such as "arn:aws:kms:eu-west-1:123456789012:"
}

type heldKey struct {
	Key
	material []byte

	mu      sync.Mutex // guards Disabled and pending
	pending bool       // a deletion
}

// state returns the key's state as KMS names it.
func (k *heldKey) state() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.pending:
		return "PendingDeletion"
	case k.Disabled:
		return "Disabled"
	}
	return "Enabled"
}

// New draws material from rand for each key.
func New(keys []Key, callers gateway.Callers, rand io.Reader) (*Service, error) {
	s := &Service{callers: callers, byName: map[string]*heldKey{}}
	for _, k := range keys {
		held := &heldKey{Key: k, material: make([]byte, 64)}
		if _, err := io.ReadFull(rand, held.material); err != nil {
			return nil, fmt.Errorf("drawing key material: %w", err)
		}
		s.byName[k.ID], s.byName[k.ARN] = held, held
		s.prefix = strings.TrimSuffix(k.ARN, "key/"+k.ID)
		for _, alias := range k.Aliases {
			s.byName[alias], s.byName[s.prefix+alias] = held, held
		}
	}
	return s, nil
}

// model is the part of KMS's API model that the two operations share.
var model = awsjson.Model{Exception: "ValidationException", Rules: map[string]awsjson.Rule{
	"keyId":        {Min: 1, Max: 2048},
	"macAlgorithm": {Enum: []string{"HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"}},
	"message":      {Min: 1, Max: maxMessage},
	"mac":          {Min: 1, Max: 6144},
}}

type generateInput struct {
	KeyId        string `rule:"keyId,required"`
	Message      []byte `rule:"message,required"`
	MacAlgorithm string `rule:"macAlgorithm,required"`
	DryRun       bool
}

type verifyInput struct {
	generateInput
	Mac []byte `rule:"mac,required"`
}

type output struct {
	KeyId        string
	MacAlgorithm string
	Mac          []byte `json:",omitempty"`
	MacValid     bool   `json:",omitempty"`
}

// operator answers the calls by which an operator looks at a key and turns it off and on.
func (s *Service) operator(c gateway.Call) gateway.Answer {
	var in struct {
		KeyId               string
		PendingWindowInDays *int
	}
	if err := awsjson.Unmarshal(c.Body, &in); err != nil {
		return refuse(awsjson.Fail("ValidationException", "the request is malformed"))
	}
	key, ok := s.byName[in.KeyId]
	if !ok {
		return refuse(s.notFound(in.KeyId))
	}
	call := iam.Request{Action: "kms:" + c.Operation, Resource: key.ARN}
	if !s.callers.AllowedWith(key.Policy, c.AccessKeyID, call) {
		return s.callers.Denied(gateway.KMS, c.AccessKeyID, call)
	}
	if c.Operation == "DescribeKey" {
		state := key.state()
		return gateway.JSON(gateway.KMS, http.StatusOK, map[string]any{"KeyMetadata": map[string]any{"Arn": key.ARN,
			"KeyId": key.ID, "KeyState": state, "Enabled": state == "Enabled", "KeySpec": key.Spec, "KeyUsage": key.Usage}})
	}
	if err := key.turn(c.Operation); err != nil {
		return refuse(err)
	}
	answer := map[string]any{}
	if strings.HasSuffix(c.Operation, "KeyDeletion") {
		answer["KeyId"] = key.ARN
	}
	if c.Operation == "ScheduleKeyDeletion" {
		days := 30 // KMS's default
		if in.PendingWindowInDays != nil {
			days = *in.PendingWindowInDays
		}
		answer["KeyState"], answer["PendingWindowInDays"] = "PendingDeletion", days
		answer["DeletionDate"] = time.Now().Add(time.Duration(days) * 24 * time.Hour).Unix()
	}
	return gateway.JSON(gateway.KMS, http.StatusOK, answer)
}

// turn changes the key's state as an operation does. A deletion that was cancelled leaves the key
// disabled.
func (k *heldKey) turn(operation string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch isCancel := operation == "CancelKeyDeletion"; {
	case isCancel && !k.pending:
		return awsjson.Fail("KMSInvalidStateException", "%s is not pending deletion.", k.ARN)
	case !isCancel && k.pending:
		return awsjson.Fail("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
	}
	k.pending = operation == "ScheduleKeyDeletion"
	k.Disabled = operation != "EnableKey"
	return nil
}

// ServeCall answers GenerateMac, VerifyMac and an operator's calls. Every error has the status 400,
// as KMS's own have.
func (s *Service) ServeCall(_ context.Context, c gateway.Call) gateway.Answer {
	var in verifyInput
	var err error
	switch c.Operation {
	case "GenerateMac":
		err = model.Decode(c.Body, &in.generateInput)
	case "VerifyMac":
		err = model.Decode(c.Body, &in)
	case "DescribeKey", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion":
		return s.operator(c)
	default:
		return gateway.NotEmulated(c)
	}
	if err != nil {
		return refuse(err)
	}
	key, ok := s.byName[in.KeyId]
	if !ok {
		return refuse(s.notFound(in.KeyId))
	}
	call := iam.Request{Action: "kms:" + c.Operation, Resource: key.ARN,
		Context: map[string][]string{"kms:macalgorithm": {in.MacAlgorithm}}}
	if !s.callers.AllowedWith(key.Policy, c.AccessKeyID, call) {
		return s.callers.Denied(gateway.KMS, c.AccessKeyID, call)
	}
	if err := key.check(c.Operation, in.generateInput); err != nil {
		return refuse(err)
	}
	mac := key.mac(in.MacAlgorithm, in.Message)
	out := output{KeyId: key.ARN, MacAlgorithm: in.MacAlgorithm}
	switch {
	case c.Operation == "GenerateMac":
		out.Mac = mac
	case !hmac.Equal(mac, in.Mac):
		return refuse(awsjson.Fail("KMSInvalidMacException", ""))
	default:
		out.MacValid = true
	}
	return gateway.JSON(gateway.KMS, http.StatusOK, out)
}

var keyID = regexp.MustCompile(`^(arn:.*|mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

// notFound is the error for a name that no key has.
func (s *Service) notFound(id string) error {
	switch {
	case strings.HasPrefix(id, "alias/"):
		return awsjson.Fail("NotFoundException", "Alias %s%s is not found.", s.prefix, id)
	case !keyID.MatchString(id):
		return awsjson.Fail("NotFoundException", "Invalid keyId '%s'", id)
	case !strings.HasPrefix(id, "arn:"):
		id = s.prefix + "key/" + id
	}
	return awsjson.Fail("NotFoundException", "Key '%s' does not exist", id)
}

func refuse(err error) gateway.Answer {
	var e *awsjson.Error
	if !errors.As(err, &e) {
		e = awsjson.Internal()
	}
	return gateway.Error(gateway.KMS, e.Status, e.Kind, e.Message)
}

// check returns an error if the key can't be used for the operation.
func (k *heldKey) check(operation string, in generateInput) error {
	switch state := k.state(); {
	case state == "PendingDeletion":
		return awsjson.Fail("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
	case state == "Disabled":
		return awsjson.Fail("DisabledException", "%s is disabled.", k.ARN)
	case k.Usage != "GENERATE_VERIFY_MAC":
		return awsjson.Fail("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.",
			k.ARN, k.Usage, operation)
	case "HMAC_SHA_"+strings.TrimPrefix(k.Spec, "HMAC_") != in.MacAlgorithm:
		return awsjson.Fail("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.",
			in.MacAlgorithm, k.Spec)
	case in.DryRun:
		return awsjson.Fail("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	return nil
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
