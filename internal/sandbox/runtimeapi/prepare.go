package runtimeapi

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/shims"
)

// bootstrap is the name of the program in the asset of an OS-only runtime.
const bootstrap = "bootstrap"

// Prepare makes every function ready to run on this host. The report has a sentence for each
// function that was built here. failures has an error for each function that can't run, by its
// name.
func (h *Host) Prepare(ctx context.Context) (report []string, failures map[string]error) {
	type outcome struct {
		line string
		err  error
	}
	report, failures = h.buildUnbuilt(ctx)
	names := slices.DeleteFunc(h.names(), func(name string) bool {
		return h.functions[name].command != nil || failures[name] != nil
	})
	outcomes := make([]outcome, len(names))
	slots := make(chan struct{}, max(2, runtime.NumCPU()/2)) // each may be a build
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			line, err := h.functions[name].prepare(ctx)
			outcomes[i] = outcome{line, err}
		})
	}
	wg.Wait()
	for i, o := range outcomes {
		if o.err != nil {
			failures[names[i]] = o.err
		}
		if o.line != "" {
			report = append(report, o.line)
		}
	}
	return report, failures
}

func (h *Host) names() []string {
	names := make([]string, 0, len(h.functions))
	for name := range h.functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f *function) prepare(ctx context.Context) (line string, err error) {
	if !strings.HasPrefix(f.Runtime, "provided") {
		return "", f.interpret(ctx)
	}
	if (f.Asset == "" || f.FromSource) && f.Folder != "" && f.host.opts.Build != nil {
		return "", f.fromSource(ctx)
	}
	root, err := f.unpack()
	if err != nil {
		return "", err
	}
	program := filepath.Join(root, bootstrap)
	arch, err := binaryArchitecture(program)
	if err != nil {
		return "", err
	}
	if arch != f.Architecture {
		return "", fmt.Errorf("its asset is a binary for %s, but its Architectures say %s, so Lambda could not start it; "+
			"make the two agree and run cdk synth", arch, f.Architecture)
	}
	if runtime.GOOS == "linux" && goArch(arch) == runtime.GOARCH {
		f.root, f.command = root, []string{program}
		return "", executable(program)
	}
	return f.rebuild(ctx, root, program)
}

// fromSource builds a function that the assembly does not have.
func (f *function) fromSource(ctx context.Context) error {
	dir, err := f.host.temp.sub()
	if err != nil {
		return err
	}
	if f.Asset != "" {
		root, err := f.unpack()
		if err == nil {
			err = os.CopyFS(dir, withoutBootstrap{os.DirFS(root)})
		}
		if err != nil {
			return err
		}
	}
	f.root, f.command = dir, []string{filepath.Join(dir, bootstrap)}
	return f.host.opts.Build(ctx, f.Folder, runtime.GOOS, runtime.GOARCH, filepath.Join(dir, bootstrap))
}

// interpret makes a function of an interpreted runtime ready. Its code runs where it is, or from a
// temporary directory if it is in the template or in a zip file.
func (f *function) interpret(ctx context.Context) error {
	programs, err := f.host.temp.sub()
	if err != nil {
		return err
	}
	command, err := shims.Command(ctx, f.Runtime, programs)
	if err != nil {
		return err
	}
	var root string
	if f.Inline == "" {
		root, err = f.unpack()
	} else if root, err = f.host.temp.sub(); err == nil {
		err = os.WriteFile(filepath.Join(root, shims.InlineFile(f.Runtime)), []byte(f.Inline), 0o600)
	}
	if err != nil {
		return err
	}
	f.root, f.command = root, command
	return nil
}

// executable returns an error if the program lacks the mode, as in zip files of some systems.
func executable(program string) error {
	info, err := os.Stat(program)
	if err == nil && info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not executable, so Lambda could not start it either; mark it so and run cdk synth",
			bootstrap)
	}
	return err
}

// binaryArchitecture reads the processor from the ELF header, in Lambda's words.
func binaryArchitecture(program string) (string, error) {
	f, err := elf.Open(program)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("its asset has no file named %s, which is what Lambda starts; run cdk synth again", bootstrap)
	}
	if err != nil {
		return "", fmt.Errorf("its asset's %s is not a Linux binary: %w; compile it with GOOS=linux", bootstrap, err)
	}
	defer f.Close()
	switch {
	case f.Machine == elf.EM_X86_64 && f.Class == elf.ELFCLASS64:
		return "x86_64", nil
	case f.Machine == elf.EM_AARCH64:
		return "arm64", nil
	}
	return "", fmt.Errorf("its asset's %s is a binary for %v; Lambda has x86_64 and arm64", bootstrap, f.Machine)
}

func goArch(lambda string) string {
	if lambda == "x86_64" {
		return "amd64"
	}
	return lambda
}

// rebuild compiles the function for the host from its source, checks that the asset comes from the
// same source, and reports both.
func (f *function) rebuild(ctx context.Context, root, program string) (string, error) {
	host := runtime.GOOS + "/" + runtime.GOARCH
	asset := "linux/" + goArch(f.Architecture)
	refusal := func(why error) error {
		return fmt.Errorf("its asset is for %s and this host is %s, where it can't run; %w", asset, host, why)
	}
	if f.Folder == "" {
		return "", refusal(errors.New("it is not one of EmailOTP's own functions, so there is no source to rebuild it " +
			"from; synthesise it for the host's architecture, or let a handler run in its place"))
	}
	if f.host.opts.Build == nil {
		return "", refusal(errors.New("there is no source to rebuild it from; synthesise it for the host's architecture"))
	}
	dir, kept, err := f.rebuiltDir()
	if err != nil {
		return "", err
	}
	f.root, f.command = dir, []string{filepath.Join(dir, bootstrap)}
	rebuilt := fmt.Sprintf("function %s: the asset is for %s, this host is %s, so it was rebuilt for the host from the "+
		"same source",
		f.Name, asset, host)
	if kept {
		return rebuilt + " (kept from an earlier run)", nil
	}
	same, err := f.build(ctx, root, program, dir)
	if err != nil {
		return "", refusal(fmt.Errorf("rebuilding it failed: %w", err))
	}
	if !same {
		return fmt.Sprintf("function %s: the asset is for %s, this host is %s, so it was rebuilt for the host; WARNING: "+
			"it was built from other sources than the assembly's (or by another Go release): run cdk synth", f.Name, asset,
			host), nil
	}
	if dir, err = f.keep(dir); err != nil {
		return "", err
	}
	f.root, f.command = dir, []string{filepath.Join(dir, bootstrap)}
	return rebuilt, nil
}
