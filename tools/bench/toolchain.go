package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/procgroup"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
)

// command runs a program in the app's directory to its end, with all that it starts.
func (r *run) command(env []string, name string, args ...string) (wall time.Duration, err error) {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Dir, cmd.Env = r.app, append(os.Environ(), env...)
	procgroup.Lead(cmd)
	cmd.Cancel = func() error { procgroup.Kill(cmd.Process); return nil }
	cmd.WaitDelay = 2 * time.Second
	output := &tail{}
	cmd.Stdout, cmd.Stderr = output, output
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", name, errors.Join(err, context.Cause(r.ctx)), output)
	}
	return time.Since(began), nil
}

// synthTimes measures `cdk synth` of this repository's app, one environment of it, beside an app
// with the CDK's own user pool alone.
func synthTimes(r *run) error {
	if _, err := exec.LookPath("node"); err != nil {
		return errNoNode
	}
	cli := filepath.Join(r.app, "node_modules", ".bin", "cdk")
	if _, err := os.Stat(cli); err != nil {
		return errors.New("the CDK CLI is not installed; run npm ci")
	}
	synthesise := func(app string) (time.Duration, error) {
		out := filepath.Join(r.dir, "cdk.out")
		defer os.RemoveAll(out)
		env := []string{"CDK_DISABLE_CLI_TELEMETRY=true", "CDK_DISABLE_VERSION_CHECK=true",
			"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20"}
		return r.command(env, cli, "synth", "--quiet", "--no-notices", "--app", app, "--output", out, "-c", "stage=dev")
	}
	var ours, bare, over []float64
	for i := range r.samples(5, 1) + 1 { // the first fills the caches
		a, err := synthesise("go run .")
		if err != nil {
			return err
		}
		b, err := synthesise("go run ./tools/bench/bare/app")
		if err != nil {
			return err
		}
		if i > 0 {
			ours, bare, over = append(ours, a.Seconds()), append(bare, b.Seconds()), append(over, (a-b).Seconds())
		}
	}
	r.compare("the app with an EmailOTP, caches warm", "s", ours, "a bare pool and client", bare, nil)
	r.value("what EmailOTP adds to it", "s", valueAtMost(1), over...)
	return nil
}

// assembly synthesises this repository's app in a mode, once in a run.
func (r *run) assembly(m settings.Mode) (string, error) {
	if r.assemblies[m] != "" {
		return r.assemblies[m], nil
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "", errNoNode
	}
	r.progress("         synthesising, mode %s", m)
	out := filepath.Join(r.dir, "cdk.out."+string(m))
	err := synth.Run(r.ctx, synth.Options{App: r.app, Output: out, Context: []string{"stage=dev", "mode=" + string(m)}})
	if err == nil {
		err = raiseQuotas(out)
	}
	if err == nil {
		r.assemblies[m] = out
	}
	return out, err
}

var poolQuota = regexp.MustCompile(`("EMAILOTP_POOL_MAILS_[A-Z]+":\s*)"\d+"`)

// raiseQuotas sets the pool's mail quotas in an assembly's templates to the highest: a benchmark
// signs in more often than the app's own would let through.
func raiseQuotas(assembly string) error {
	templates, err := filepath.Glob(filepath.Join(assembly, "*.template.json"))
	if err != nil {
		return err
	}
	raised := false
	for _, path := range templates {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		high := poolQuota.ReplaceAll(text, fmt.Appendf(nil, `${1}"%d"`, settings.MaxPoolMails))
		raised = raised || !bytes.Equal(text, high)
		if err := os.WriteFile(path, high, 0o600); err != nil {
			return err
		}
	}
	if !raised {
		return errors.New("the templates have no mail quotas to raise")
	}
	return nil
}
