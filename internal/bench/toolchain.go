package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

// spent is what a command took, in seconds.
type spent struct{ wall, cpu float64 }

// command runs a program to its end, with all that it starts.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (spent, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	ownGroup(cmd)
	cmd.Cancel = func() error { killGroup(cmd.Process); return nil }
	cmd.WaitDelay = 2 * time.Second
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if ctx.Err() != nil {
		return spent{}, context.Cause(ctx)
	}
	if err != nil {
		return spent{}, fmt.Errorf("%s: %w: %s", name, err, lastLines(words.String(), 4))
	}
	return spent{took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}, nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

// The apps that are synthesised: this repository's, one environment of it, and one with the CDK's own
// user pool alone.
const (
	ourApp  = "go run ."
	bareApp = "go run ./internal/bench/bare/app"
)

func (r *run) synthesise(ctx context.Context, app string, env ...string) (spent, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return spent{}, errNoNode
	}
	cli := filepath.Join(r.opts.App, "node_modules", ".bin", "cdk")
	if _, err := os.Stat(cli); err != nil {
		return spent{}, errors.New("the CDK CLI is not installed; run npm ci")
	}
	out, err := os.MkdirTemp(r.dir, "cdk.out-")
	if err != nil {
		return spent{}, err
	}
	defer os.RemoveAll(out)
	env = append(env, "CDK_DISABLE_CLI_TELEMETRY=true", "CDK_DISABLE_VERSION_CHECK=true", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20")
	return command(ctx, r.opts.App, env, cli, "synth", "--quiet", "--no-notices", "--app", app, "--output", out, "-c", "stage=dev")
}

func synthTimes(ctx context.Context, r *run) error {
	var ours, bare, over, ourCPU, bareCPU []float64
	for i := range r.samples(5, 1) + 1 { // the first fills the caches
		a, err := r.synthesise(ctx, ourApp)
		if err != nil {
			return err
		}
		b, err := r.synthesise(ctx, bareApp)
		if err != nil {
			return err
		}
		if i > 0 {
			ours, bare, over = append(ours, a.wall), append(bare, b.wall), append(over, a.wall-b.wall)
			ourCPU, bareCPU = append(ourCPU, a.cpu), append(bareCPU, b.cpu)
		}
	}
	const of = "a bare pool and client"
	r.add(Row{What: "the app with an EmailOTP, caches warm", Value: sample("s", ours...), Baseline: sample("s", bare...), Of: of})
	r.add(Row{What: "what EmailOTP adds to it", Value: sample("s", over...), Target: valueAtMost(1)})
	r.add(Row{What: "its processor time", Value: sample("s", ourCPU...), Baseline: sample("s", bareCPU...), Of: of})
	if r.opts.Quick {
		return nil
	}
	for _, app := range []struct{ what, command string }{{"the app with an EmailOTP, empty build cache", ourApp}, {"a bare pool and client, empty build cache", bareApp}} {
		took, err := r.withEmptyCache(func(env string) (spent, error) { return r.synthesise(ctx, app.command, env) })
		if err != nil {
			return err
		}
		r.add(Row{What: app.what, Value: sample("s", took.wall), Baseline: sample("s", bare...), Of: "a bare one, caches warm",
			Note: "once only: it compiles the CDK's Go bindings"})
	}
	return nil
}

// withEmptyCache runs f with a build cache of its own, given as an environment variable.
func (r *run) withEmptyCache(f func(env string) (spent, error)) (spent, error) {
	dir, err := os.MkdirTemp(r.dir, "gocache-")
	if err != nil {
		return spent{}, err
	}
	defer os.RemoveAll(dir)
	return f("GOCACHE=" + dir)
}

func bundlingTimes(ctx context.Context, r *run) error {
	target := build.Target{GOOS: "linux", GOARCH: "arm64"}
	out := filepath.Join(r.dir, "bundle", build.Bootstrap)
	bundle := func(name string, env ...string) (spent, error) {
		args := build.Arguments(out, name)
		if name == "empty" {
			args[len(args)-1] = "./internal/bench/bare/empty"
		}
		return command(ctx, r.opts.App, append(build.Environment(target, r.opts.App), env...), "go", args...)
	}
	got := map[string][]float64{}
	names := append([]string{"empty"}, build.Names()...)
	for i := range r.samples(5, 1) + 1 {
		for _, name := range names {
			took, err := bundle(name)
			if err != nil {
				return err
			}
			if i > 0 {
				got[name] = append(got[name], took.wall)
			}
		}
	}
	for _, name := range build.Names() {
		r.add(Row{What: name + ", build cache warm", Value: sample("s", got[name]...), Baseline: sample("s", got["empty"]...), Of: "empty Go"})
	}
	if r.opts.Quick {
		return nil
	}
	empty, err := r.withEmptyCache(func(env string) (spent, error) { return bundle("empty", env) })
	if err != nil {
		return err
	}
	for _, name := range []string{"define-auth-challenge", "create-auth-challenge"} {
		took, err := r.withEmptyCache(func(env string) (spent, error) { return bundle(name, env) })
		if err != nil {
			return err
		}
		r.add(Row{What: name + ", empty build cache", Value: sample("s", took.wall), Baseline: sample("s", empty.wall), Of: "empty Go, likewise",
			Note: "once only: it compiles the standard library and the SDK"})
	}
	return nil
}

// assembly synthesises this repository's app in a mode, once a run.
func (r *run) assembly(ctx context.Context, mode string) (string, error) {
	i := 0
	if mode == "password" {
		i = 1
	}
	return r.assemblies[i].get(func() (string, error) {
		r.say("         synthesising, mode %s", mode)
		out := filepath.Join(r.dir, "cdk.out."+mode)
		err := synth.Run(ctx, synth.Options{App: r.opts.App, Output: out, Context: []string{"stage=dev", "mode=" + mode}})
		if err == nil {
			err = raiseBudgets(out)
		}
		return out, err
	})
}

// raiseBudgets sets the pool's mail budgets in an assembly's templates to the highest: a benchmark signs in
// more often than the app's own would let through.
func raiseBudgets(assembly string) error {
	templates, err := filepath.Glob(filepath.Join(assembly, "*.template.json"))
	if err != nil {
		return err
	}
	raised := 0
	for _, path := range templates {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		raised += len(poolBudget.FindAll(text, -1))
		if err := os.WriteFile(path, poolBudget.ReplaceAll(text, fmt.Appendf(nil, `${1}"%d"`, settings.MaxPoolMails)), 0o600); err != nil {
			return err
		}
	}
	if raised == 0 {
		return errors.New("the templates have no mail budgets to raise")
	}
	return nil
}

var poolBudget = regexp.MustCompile(`("EMAILOTP_POOL_MAILS_[A-Z]+":\s*)"\d+"`)
