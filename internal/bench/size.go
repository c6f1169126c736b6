package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// zipSize builds a function of the module in moduleDir and returns the size of the zip that Lambda
// would get, in bytes. Work is a directory for what is built.
func zipSize(ctx context.Context, moduleDir, name, goarch, work string) (int64, error) {
	p, err := build.WritePackage(ctx, moduleDir, name, build.Target{GOOS: "linux", GOARCH: goarch}, filepath.Join(work, goarch))
	if err != nil {
		return 0, err
	}
	defer os.Remove(p.Path)
	info, err := os.Stat(p.Path)
	if err != nil {
		return 0, fmt.Errorf("weigh a zip: %w", err)
	}
	return info.Size(), nil
}

// bareZipSize is zipSize for the empty function.
func bareZipSize(ctx context.Context, moduleDir, goarch, work string) (int64, error) {
	dir := filepath.Join(work, "bare-"+goarch)
	binary := filepath.Join(dir, build.Bootstrap)
	if err := compile(ctx, moduleDir, "./internal/bench/bare/empty", build.Target{GOOS: "linux", GOARCH: goarch}, binary); err != nil {
		return 0, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return 0, fmt.Errorf("read the empty function: %w", err)
	}
	n := counter(0)
	err = build.Archive(&n, []build.File{{Name: build.Bootstrap, Content: content}})
	return int64(n), err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func zipSizes(ctx context.Context, r *run) error {
	budgets, err := Budgets()
	if err != nil {
		return err
	}
	for _, arch := range []string{"arm64", "amd64"} {
		empty, err := bareZipSize(ctx, r.opts.App, arch, r.dir)
		if err != nil {
			return err
		}
		for _, name := range build.Names() {
			size, err := zipSize(ctx, r.opts.App, name, arch, r.dir)
			if err != nil {
				return err
			}
			r.add(Row{What: name + " for " + arch, Value: sample("B", float64(size)), Baseline: sample("B", float64(empty)), Of: "empty Go",
				Target: valueAtMost(float64(budgets.Zips[arch][name].Limit))})
		}
	}
	return nil
}
