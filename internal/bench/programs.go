package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// programs are the compiled functions, the bare ones and the Node handlers, all for this machine.
type programs struct {
	certificate *certificate
	// functions and bare are executables by name; in node are bundles of the handlers.
	functions, bare, node map[string]string
	// nodeCommand runs a bundle; noNode says why there is none.
	nodeCommand string
	noNode      error
}

// bareNames are the folders below bare/ with functions.
var bareNames = []string{"empty", "create", "verify", "update"}

func (r *run) getPrograms(ctx context.Context) (*programs, error) {
	return r.programs.get(func() (*programs, error) {
		if runtime.GOOS != "linux" {
			return nil, fmt.Errorf("the functions are Linux programs, and this is %s; run it in a Linux container", runtime.GOOS)
		}
		p := &programs{functions: map[string]string{}, bare: map[string]string{}, node: map[string]string{}}
		r.say("         building the functions")
		var err error
		if p.certificate, err = makeCertificate(r.dir); err != nil {
			return nil, err
		}
		overlay, err := p.certificate.overlay(r.opts.App)
		if err != nil {
			return nil, err
		}
		host := build.Target{GOOS: "linux", GOARCH: runtime.GOARCH}
		for _, name := range build.Names() {
			path := filepath.Join(r.dir, "functions", name, build.Bootstrap)
			if err := compile(ctx, r.opts.App, "./lambdas/"+name, host, path, overlay...); err != nil {
				return nil, err
			}
			p.functions[name] = path
		}
		for _, name := range bareNames {
			path := filepath.Join(r.dir, "bare", name, build.Bootstrap)
			if err := compile(ctx, r.opts.App, "./internal/bench/bare/"+name, host, path); err != nil {
				return nil, err
			}
			p.bare[name] = path
		}
		p.noNode = r.bundleNode(ctx, p)
		return p, ctx.Err()
	})
}

// compile compiles a package of this module exactly as the functions are, but for further flags.
func compile(ctx context.Context, dir, pkg string, t build.Target, out string, flags ...string) error {
	args := build.Arguments(out, "")
	args = append(append(args[:len(args)-1], flags...), pkg)
	_, err := command(ctx, dir, build.Environment(t, dir), "go", args...)
	if err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

// need returns the executable of a program that was asked for by name: a function, a bare one
// ("bare/create") or a bundle ("node/create").
func (p *programs) need(name string) (program, error) {
	kind, rest, isOther := strings.Cut(name, "/")
	switch {
	case !isOther:
		return program{name: name, path: p.functions[name]}, nil
	case kind == "bare":
		return program{name: name, path: p.bare[rest]}, nil
	case p.noNode != nil:
		return program{}, p.noNode
	case p.node[rest] == "":
		return program{}, errors.New("there is no Node handler " + rest)
	}
	return program{name: name, path: p.nodeCommand, args: []string{p.node[rest]}}, nil
}
