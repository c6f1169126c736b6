// Package tables runs the template's DynamoDB tables on dynalite, an engine in a child process. A
// call has the rights of the caller's role.
package tables

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
)

// Table is a table to be made.
type Table struct {
	Name, ARN string
	// Definition is CreateTable's request.
	Definition map[string]any
}

// Config configures the tables.
type Config struct {
	Region, Account, Partition string
	Tables                     []Table
	// CacheDir keeps the installed engine; Path the data, empty for memory.
	CacheDir, Path string
	Callers        gateway.Callers
	Logger         *slog.Logger
	Progress       func(string)
}

// Service answers DynamoDB calls.
type Service struct {
	cfg    Config
	dir    string
	client *http.Client

	mu     sync.Mutex
	engine *engine
}

// Start installs the engine if necessary, starts it and makes the tables.
func Start(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	dir, err := Install(ctx, cfg.CacheDir, cfg.Progress)
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, dir: dir, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
	}}}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// run starts an engine and makes the missing tables.
func (s *Service) run(ctx context.Context) error {
	e, err := startEngine(ctx, s.dir, s.cfg.Path, s.cfg.Logger)
	if err != nil {
		return err
	}
	for _, t := range s.cfg.Tables {
		if err := s.create(ctx, e, t); err != nil {
			e.Close()
			return err
		}
	}
	s.mu.Lock()
	s.engine = e
	s.mu.Unlock()
	return nil
}

func (s *Service) create(ctx context.Context, e *engine, t Table) error {
	body, err := json.Marshal(t.Definition)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/x-amz-json-1.0")
	header.Set("X-Amz-Target", "DynamoDB_20120810.CreateTable")
	// The engine requires a signature and does not verify it.
	header.Set("X-Amz-Date", "20260101T000000Z")
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=sandbox/20260101/"+s.cfg.Region+
		"/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
	a, err := s.forward(ctx, e, header, body)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	if a.Status != http.StatusOK && !bytes.Contains(a.Body, []byte("ResourceInUseException")) {
		return fmt.Errorf("table %s could not be made: %s", t.Name, a.Body)
	}
	return nil
}

// forward sends a request to the engine.
func (s *Service) forward(ctx context.Context, e *engine, header http.Header, body []byte) (gateway.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return gateway.Answer{}, err
	}
	r.Header = header
	response, err := s.client.Do(r)
	if err != nil {
		return gateway.Answer{}, fmt.Errorf("the table engine doesn't answer: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return gateway.Answer{}, fmt.Errorf("the table engine broke off its answer: %w", err)
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Date", "Content-Length", "Transfer-Encoding"} {
		response.Header.Del(name) // they belong to the engine's connection
	}
	return gateway.Answer{Status: response.StatusCode, Header: response.Header, Body: answer}, nil
}

func (s *Service) current() *engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine
}

// Crash kills the engine. Calls fail until Restart.
func (s *Service) Crash() {
	e := s.current()
	e.Kill()
	<-e.exited
}

// Restart starts the engine again. The data is lost unless Config.Path keeps it.
func (s *Service) Restart(ctx context.Context) error {
	s.current().Close()
	return s.run(ctx)
}

// Close ends the engine and waits for its process.
func (s *Service) Close() error {
	s.current().Close()
	s.client.CloseIdleConnections()
	return nil
}

var errEngine = errors.New("the table engine has ended")
