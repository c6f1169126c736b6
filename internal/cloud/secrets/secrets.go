// Package secrets reads secrets of AWS Secrets Manager and keeps them for some minutes.
package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
)

const (
	timeout = 1500 * time.Millisecond
	// maxAnswer is more than the largest secret, 64 kB.
	maxAnswer = 256 << 10
	// life is how long a secret is kept.
	life = 5 * time.Minute
	// pause is the least time between two reads of a secret, whatever callers send.
	pause = time.Minute
)

// Store reads secrets. Its methods may be called from several goroutines at once.
type Store struct {
	client *signed.Client
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	text string
	read time.Time
}

// New returns the secrets that the function's role may read.
func New(now func() time.Time, lookup cloud.Lookup, options ...cloud.Option) (*Store, error) {
	c, err := signed.New(cloud.SecretsManager, "secretsmanager", lookup, timeout, options...)
	return &Store{client: c, now: now, kept: map[string]kept{}}, err
}

// Secret returns the text of a secret by its ARN.
func (s *Store) Secret(ctx context.Context, arn string, fresh bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.kept[arn]; ok {
		age := s.now().Sub(k.read)
		if age < pause || !fresh && age < life {
			return k.text, nil
		}
	}
	text, err := s.read(ctx, arn)
	if err != nil {
		return "", err
	}
	s.kept[arn] = kept{text, s.now()}
	return text, nil
}

func (s *Store) read(ctx context.Context, arn string) (string, error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", err
	}
	a, err := s.client.Post(ctx, "/", http.Header{"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"secretsmanager.GetSecretValue"}}, body, maxAnswer)
	if err != nil {
		return "", fmt.Errorf("GetSecretValue: %w", err)
	}
	var out struct{ SecretString string }
	if a.Status != http.StatusOK {
		return "", fmt.Errorf("GetSecretValue: Secrets Manager answered %s (HTTP status %d)", a.ErrorCode(), a.Status)
	}
	if err := json.Unmarshal(a.Body, &out); err != nil || out.SecretString == "" {
		return "", fmt.Errorf("GetSecretValue: %s has no text", arn)
	}
	return out.SecretString, nil
}
