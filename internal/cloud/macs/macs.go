// Package macs makes and verifies MACs by a KMS key. The key never leaves KMS.
package macs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
)

// Key is an HMAC_256 key in KMS. It implements otp.Generator and otp.Verifier, each as far as the
// function's role allows.
type Key struct {
	client *kms.Client
	arn    string
}

// timeout is for one attempt; KMS answers within tens of milliseconds.
const timeout = 1500 * time.Millisecond

// New returns the key with the given ARN.
func New(arn string, lookup cloud.Lookup, options ...cloud.Option) (*Key, error) {
	c, err := cloud.Config(cloud.KMS, lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	return &Key{kms.NewFromConfig(c), arn}, nil
}

// GenerateMAC returns the message's HMAC-SHA-256. KMS accepts messages of up to 4,096 bytes.
func (k *Key) GenerateMAC(ctx context.Context, message []byte) ([]byte, error) {
	out, err := k.client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: &k.arn, MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: message})
	if err != nil {
		return nil, fmt.Errorf("generate MAC: %w", err)
	}
	return out.Mac, nil
}

// VerifyMAC reports whether mac is the message's. KMS refuses a wrong MAC by an exception of its
// own; every other failure is an error.
func (k *Key) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	out, err := k.client.VerifyMac(ctx, &kms.VerifyMacInput{
		KeyId: &k.arn, MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: message, Mac: mac})
	var invalid *types.KMSInvalidMacException
	if errors.As(err, &invalid) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("verify MAC: %w", err)
	}
	return out.MacValid, nil
}
