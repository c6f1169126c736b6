// Package synth runs the CDK CLI that an app pins, so that a local run starts from the very cloud
// assembly that a deployment would. For this module's own environments it has the committed
// templates at hand; see [Committed].
//
//	app, err := synth.Find(".")
//	err = synth.Run(ctx, synth.Options{App: app, Output: ".emailotp/cdk.out", Context: []string{"stage=dev"}})
//
// The CLI alone decides what context, flags and environment the app sees. This
// package only finds it, checks that it is the pinned one, and turns its
// failures into sentences.
package synth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/procgroup"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
)

// Options are the inputs of a synthesis.
type Options struct {
	// App is the directory with cdk.json, and with package.json and node_modules if it pins a CLI.
	App string
	// Output is the assembly's directory, relative to the working directory. A run replaces its
	// content.
	Output string
	// Context are settings for -c, "key=value" each.
	Context []string
	// Progress receives the steps of a run, as [progress.Begin] reports them; nil drops them.
	Progress func(string)
	// Log receives the output of the CLI and the app; nil drops it.
	Log io.Writer
}

// Run synthesises the app. A refusal by the app or the CLI is an [*Error]. Where the machine lacks
// a program, the error names the remedy.
func Run(ctx context.Context, o Options) error {
	output, err := filepath.Abs(o.Output)
	if err != nil {
		return fmt.Errorf("resolving the output directory: %w", err)
	}
	if err := installCLI(ctx, o); err != nil {
		return err
	}
	tools, err := check(ctx, o.App)
	if err != nil {
		return err
	}
	args := append(tools.cdk[1:], "synth", "--quiet", "--no-notices", "--no-color", "--output", output)
	phrase := "synthesising the app"
	for _, c := range o.Context {
		args = append(args, "-c", c)
		if !strings.HasPrefix(c, contract.UnbuiltContext) {
			phrase += " -c " + c
		}
	}
	if len(tools.cdk) > 1 {
		phrase += " by " + strings.Join(tools.cdk, " ")
	}
	// What an earlier run wrote must not pass for the assembly of an app that writes none.
	manifest := filepath.Join(output, "manifest.json")
	if err := os.Remove(manifest); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the assembly before: %w", err)
	}
	defer progress.Begin(o.Progress, phrase)("")
	cmd := exec.CommandContext(ctx, tools.cdk[0], args...)
	cmd.Dir = o.App
	cmd.Env = append(os.Environ(),
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CDK_DISABLE_VERSION_CHECK=true",
		// The value is the major version of Node whose notice is suppressed.
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="+tools.nodeMajor)
	// The context ends the CLI with the shell, the app and Node that it started.
	procgroup.Lead(cmd)
	cmd.Cancel = func() error { return procgroup.Terminate(cmd.Process) }
	cmd.WaitDelay = 2 * time.Second // a grandchild may keep the pipes open
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if o.Log != nil {
		both := io.MultiWriter(&words, o.Log)
		cmd.Stdout, cmd.Stderr = both, both
	}
	switch err := cmd.Run(); {
	case ctx.Err() != nil:
		return fmt.Errorf("synthesising was stopped: %w", context.Cause(ctx))
	case err != nil && strings.Contains(words.String(), "ENOENT") && strings.Contains(words.String(), manifest):
		return &Error{Lines: []string{"the app wrote no assembly; its main function must call app.Synth(nil), " +
			"which emailotp.Main does"}}
	case err != nil:
		return explain(words.String(), err)
	}
	return nil
}

// Error is a failed synthesis in the words of the app or the CLI, without their stack traces.
type Error struct {
	// Lines are the problems, at least one.
	Lines []string
}

// Error returns the problems, a line each.
func (e *Error) Error() string {
	errs := make([]error, len(e.Lines))
	for i, l := range e.Lines {
		errs[i] = errors.New(l)
	}
	return errors.Join(errs...).Error()
}
