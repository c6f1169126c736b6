package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/pools"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// attachedClients is the number of app clients of the pool that is attached to.
const attachedClients = 60

// attachTimes measures what a deployment's function needs for a pool that has every setting, with
// the check of all its clients.
func attachTimes(r *run) error {
	server, err := describedPool(r.app)
	if err != nil {
		return err
	}
	defer server.Close()
	env := map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.URL}
	api, err := pools.New(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		return err
	}
	own := attach.Triggers{ARNs: map[string]string{}}
	for _, f := range settings.Triggers(settings.Passwordless) {
		own.ARNs[rules.LambdaConfigNames(f)[0]] = "arn:aws:lambda:eu-west-1:123456789012:function:" + string(f)
	}
	properties := attach.Properties{UserPoolID: attachedPool, Mode: string(settings.Passwordless), Triggers: own.ARNs}
	pool := attach.Pool{API: api, ID: attachedPool, Check: func(raw json.RawMessage, clients []json.RawMessage) []string {
		return poolcheck.Findings(properties, raw, clients)
	}}
	var attached, detached []float64
	for range r.samples(31, 5) {
		for _, step := range []struct {
			run   func(context.Context) error
			times *[]float64
		}{
			{func(ctx context.Context) error { _, err := pool.Attach(ctx, own); return err }, &attached},
			{func(ctx context.Context) error { return pool.Detach(ctx, own) }, &detached},
		} {
			began := time.Now()
			if err := step.run(r.ctx); err != nil {
				return err
			}
			*step.times = append(*step.times, time.Since(began).Seconds())
		}
	}
	r.value(fmt.Sprintf("attaching to a pool with every setting and %d app clients", attachedClients), "s", valueAtMost(3),
		attached...)
	r.value("detaching from it", "s", valueAtMost(3), detached...)
	return nil
}

const attachedPool = region + "_Example01"

// describedPool serves the sandbox's pool with every setting that Cognito has.
func describedPool(app string) (*httptest.Server, error) {
	text, err := os.ReadFile(filepath.Join(app, "internal/attach/testdata/every-field.json"))
	if err != nil {
		return nil, err
	}
	var file struct{ UserPool map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	cfg := userpool.Config{Region: region, ID: attachedPool, Description: file.UserPool}
	for i := range attachedClients {
		cfg.Clients = append(cfg.Clients, userpool.Client{ID: fmt.Sprint("client", i),
			ExplicitAuthFlows: []string{"ALLOW_CUSTOM_AUTH"}, WriteAttributes: []string{"name"}})
	}
	pool, err := userpool.New(cfg, userpool.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(pool), nil
}
