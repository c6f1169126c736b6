package emailotp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A batch builds what a construct still needs together, when the first of it is asked for. One after
// the other the functions take twice the time; ahead of the question they would be built for nothing
// where the CDK skips bundling, or has the asset of another EmailOTP already.
type batch struct {
	source  string
	target  build.Target
	pending []settings.Function // in the order in which they will be asked for
	out     string              // a temporary directory; empty until something was built
	built   []settings.Function
}

// write puts the program of f into the file.
func (b *batch) write(f settings.Function, file string) error {
	if !slices.Contains(b.built, f) {
		if err := b.build(f); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(b.out, string(f)), file); err == nil {
		return nil
	}
	// The assets may be on another file system.
	program, err := os.ReadFile(filepath.Join(b.out, string(f)))
	if err == nil {
		err = os.WriteFile(file, program, 0o755)
	}
	if err != nil {
		return fmt.Errorf("take the program from where it was built: %w", err)
	}
	return nil
}

// build compiles f and what will be asked for after it. Where that fails f is tried alone, so that
// the error is its own.
func (b *batch) build(f settings.Function) (err error) {
	if b.out == "" {
		if b.out, err = os.MkdirTemp("", "emailotp-build-*"); err != nil {
			return fmt.Errorf("make a directory to build in: %w", err)
		}
	}
	wanted := b.pending[max(0, slices.Index(b.pending, f)):]
	names := make([]string, len(wanted))
	for i, w := range wanted {
		names[i] = string(w)
	}
	if build.Functions(context.Background(), b.source, b.target, b.out, names...) == nil {
		b.built = append(b.built, wanted...)
		return nil
	}
	if err := build.Functions(context.Background(), b.source, b.target, b.out, string(f)); err != nil {
		return err
	}
	b.built = append(b.built, f)
	return nil
}

// close removes what was not taken.
func (b *batch) close() {
	if b.out != "" {
		os.RemoveAll(b.out)
	}
}
