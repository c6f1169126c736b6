package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Calls returns how often one call of each trigger calls each operation of AWS, by the functions' real
// clients, for a known user who gives the right answer.
func Calls(ctx context.Context) (map[settings.Function]map[string]int, error) {
	served, err := startServices(nil, 0)
	if err != nil {
		return nil, err
	}
	defer served.close()
	all, err := wired(served)
	if err != nil {
		return nil, err
	}
	counted := map[settings.Function]map[string]int{}
	for _, f := range functions {
		served.take()
		out, err := all[f].Invoke(ctx, event(f))
		if err == nil {
			err = accepted(string(f), out)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		counted[f] = served.take()
	}
	return counted, nil
}

// wired are the functions with the clients that their functions have, as each folder below lambdas/
// puts them together.
func wired(served *services) (map[settings.Function]invoker, error) {
	all := handlers(io.Discard)
	for _, f := range []settings.Function{settings.CreateAuthChallenge, settings.VerifyAuthChallenge, settings.MailEvents} {
		env := environment(f, "", served.endpoints)
		var lookup cloud.Lookup = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		s, err := settings.Parse(f, lookup)
		if err != nil {
			return nil, err
		}
		store, err := table.New(s.TableName, lookup)
		if err != nil {
			return nil, err
		}
		reporter := trigger.NewReporter(io.Discard, f, time.Now)
		if f == settings.MailEvents {
			all[f] = trigger.MailEvents{Settings: s, Reporter: reporter, Store: store, Now: time.Now}
			continue
		}
		key, err := macs.New(s.KeyARN, lookup)
		if err != nil {
			return nil, err
		}
		if f == settings.VerifyAuthChallenge {
			pool, err := directory.New(lookup)
			if err != nil {
				return nil, err
			}
			all[f] = trigger.Verify{Settings: s, Reporter: reporter, Keys: key, Store: store, Directory: pool, Now: time.Now}.Handler()
			continue
		}
		renderer, err := trigger.MailRenderer(s, lookup)
		if err != nil {
			return nil, err
		}
		sender, err := email.New(s, lookup)
		if err != nil {
			return nil, err
		}
		all[f] = trigger.Create{Settings: s, Reporter: reporter, Keys: key, Store: store, Renderer: renderer, Sender: sender,
			Now: time.Now, Random: rand.Reader}.Handler()
	}
	return all, nil
}

func awsCalls(ctx context.Context, r *run) error {
	counted, err := Calls(ctx)
	if err != nil {
		return err
	}
	budgets, err := Budgets()
	if err != nil {
		return err
	}
	for _, f := range functions {
		total, limit := 0, 0
		for _, n := range counted[f] {
			total += n
		}
		for _, b := range budgets.Calls[string(f)] {
			limit += b.Limit
		}
		var parts []string
		for _, operation := range slices.Sorted(maps.Keys(counted[f])) {
			parts = append(parts, fmt.Sprintf("%s %d", operation, counted[f][operation]))
		}
		r.add(Row{What: string(f) + ": calls to AWS", Value: sample("calls", float64(total)), Target: valueAtMost(float64(limit)), Note: strings.Join(parts, ", ")})
	}
	return nil
}
