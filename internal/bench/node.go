package bench

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
)

//go:embed node/*.js node/package.json node/package-lock.json
var nodeFiles embed.FS

// nodeNames are the handlers in node/.
var nodeNames = []string{"create", "verify", "update", "decide"}

// bundleNode bundles the Node handlers as one would for Lambda: one minified file each, the SDK
// included.
func (r *run) bundleNode(ctx context.Context, p *programs) error {
	var err error
	if p.nodeCommand, err = exec.LookPath("node"); err != nil {
		return errNoNode
	}
	sources, err := fs.Sub(nodeFiles, "node")
	if err != nil {
		return err
	}
	packages := npm.Package{Name: "bench-node", What: "the benchmark's Node handlers", Files: sources}
	modules, err := packages.Install(ctx, r.opts.CacheDir, func(s string) { r.say("         %s", s) })
	if err != nil {
		return err
	}
	dir := filepath.Join(r.dir, "node")
	if err := os.CopyFS(dir, sources); err != nil {
		return fmt.Errorf("bundle the Node handlers: %w", err)
	}
	for _, name := range nodeNames {
		out := filepath.Join(dir, "out", name+".cjs")
		result := api.Build(api.BuildOptions{
			AbsWorkingDir: dir, EntryPoints: []string{name + ".js"}, Outfile: out, Write: true, Bundle: true,
			Platform: api.PlatformNode, Format: api.FormatCommonJS, Target: api.ES2022, TreeShaking: api.TreeShakingTrue,
			MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
			// The choice of people who mind cold starts: the packages' ES modules shake better.
			MainFields: []string{"module", "main"},
			NodePaths:  []string{filepath.Join(modules, "node_modules")}, LogLevel: api.LogLevelSilent,
		})
		var errs []error
		for _, m := range result.Errors {
			errs = append(errs, errors.New(m.Text))
		}
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("bundle the Node handler %s: %w", name, err)
		}
		p.node[name] = out
	}
	return nil
}
