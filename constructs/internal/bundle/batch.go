// Package bundle builds the functions of a construct in place of the CDK's Docker, all of them
// together and once.
package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A Batch builds a construct's functions together, while the CDK creates the other resources. Built
// one after the other, each when the CDK needs it, they would take twice the time.
type Batch struct {
	// Unbuilt leaves the programs to who runs the assembly; see contract.UnbuiltFile.
	Unbuilt bool

	source  string
	target  build.Target
	cache   build.Cache
	pending []settings.Function

	out    string // a temporary directory; empty until something is built
	built  []settings.Function
	cancel context.CancelFunc
	done   chan struct{} // closed when what began is over; nil if nothing did
}

// New returns a batch of the functions for a Linux on the processor that GOARCH names. Their
// programs are kept in the user's cache directory if there is one.
func New(goarch string, pending []settings.Function) *Batch {
	dir, err := cachedir.Dir()
	if err != nil {
		dir = "" // without it each synthesis builds
	}
	return &Batch{target: build.Target{GOOS: "linux", GOARCH: goarch}, cache: build.Cache{Dir: dir}, pending: pending}
}

// Begin starts to build all of it from the source in a directory.
func (b *Batch) Begin(source string) {
	ctx, cancel := context.WithCancel(context.Background())
	b.source, b.cancel, b.done = source, cancel, make(chan struct{})
	go func() {
		defer close(b.done)
		// The function that failed is built again when write needs it; that error is reported.
		_ = b.build(ctx, b.pending)
	}()
}

// write moves the program of f to the file.
func (b *Batch) write(f settings.Function, file string) error {
	if b.done != nil {
		<-b.done
	}
	if !slices.Contains(b.built, f) {
		if err := b.build(context.Background(), []settings.Function{f}); err != nil {
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

func (b *Batch) build(ctx context.Context, wanted []settings.Function) (err error) {
	if b.out == "" {
		if b.out, err = os.MkdirTemp("", "emailotp-build-*"); err != nil {
			return fmt.Errorf("make a directory to build in: %w", err)
		}
	}
	names := make([]string, len(wanted))
	for i, w := range wanted {
		names[i] = string(w)
	}
	if err := b.cache.Functions(ctx, b.source, b.target, b.out, names...); err != nil {
		return err
	}
	b.built = append(b.built, wanted...)
	return nil
}

// Close ends what began and removes what was not taken.
func (b *Batch) Close() error {
	if b.done != nil {
		b.cancel()
		<-b.done
	}
	if b.out == "" {
		return nil
	}
	return os.RemoveAll(b.out)
}
