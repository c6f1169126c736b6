package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// unbuiltSource returns the directory of a function's source, if its asset has
// [contract.UnbuiltFile] in place of a program.
func (f *function) unbuiltSource() (dir string, is bool) {
	text, err := os.ReadFile(filepath.Join(f.Asset, contract.UnbuiltFile))
	return strings.TrimSpace(string(text)), err == nil && f.Asset != ""
}

// buildUnbuilt builds the functions whose assets have no program, those of one source at once. It
// returns a sentence for each, and an error for each that could not be built.
func (h *Host) buildUnbuilt(ctx context.Context) (report []string, failures map[string]error) {
	bySource := map[string][]*function{}
	for _, name := range h.names() {
		f := h.functions[name]
		if source, is := f.unbuiltSource(); is {
			bySource[source] = append(bySource[source], f)
		}
	}
	failures = map[string]error{}
	for source, functions := range bySource {
		err := h.buildFrom(ctx, source, functions)
		for _, f := range functions {
			if err != nil {
				failures[f.Name] = fmt.Errorf("the asset has no program, and building one for this host failed: %w", err)
				continue
			}
			report = append(report, fmt.Sprintf("function %s: built for this host, %s/%s; a deployment builds for linux/%s",
				f.Name, runtime.GOOS, runtime.GOARCH, goArch(f.Architecture)))
		}
	}
	slices.Sort(report)
	return report, failures
}

// buildFrom builds functions of one source and gives each a directory with the program and the
// other files of its asset.
func (h *Host) buildFrom(ctx context.Context, source string, functions []*function) error {
	if h.opts.BuildAll == nil {
		return errors.New("there is no source to build it from")
	}
	out, err := h.temp.sub()
	if err != nil {
		return err
	}
	var folders []string
	for _, f := range functions {
		if f.Folder == "" {
			return fmt.Errorf("%s is not one of EmailOTP's own functions", f.Name)
		}
		if !slices.Contains(folders, f.Folder) {
			folders = append(folders, f.Folder)
		}
	}
	if err := h.opts.BuildAll(ctx, source, folders, out); err != nil {
		return err
	}
	for _, f := range functions {
		root, err := h.temp.sub()
		if err != nil {
			return err
		}
		if err := os.CopyFS(root, os.DirFS(f.Asset)); err != nil {
			return err
		}
		// Two functions may come from one folder, so the program is linked and not moved.
		program := filepath.Join(root, bootstrap)
		if err := os.Link(filepath.Join(out, f.Folder), program); err != nil {
			return err
		}
		f.root, f.command = root, []string{program}
	}
	return nil
}
