// Command release makes all files of a release in dist/release, by GoReleaser and .goreleaser.yaml:
//
//	go run ./internal/release                of the tag at HEAD; of a snapshot without a tag
//	go run ./internal/release -collect DIR   and copies them with their notes into DIR; needs a tag
//	go run ./internal/release -twice         of two clones at different paths, and compares the bytes
//
// It uploads nothing: a job of .github/workflows/release.yml that runs no other program does.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// goreleaser is built from its source, at this version.
const goreleaser = "github.com/goreleaser/goreleaser/v2@v2.15.1"

// Where the files are made, below the module.
const (
	functions = "dist/functions"
	released  = "dist/release"
	checksums = released + "/checksums.txt"
)

func main() {
	collected := flag.String("collect", "", "copy the files of the tag at HEAD and notes.md into this new folder")
	twice := flag.Bool("twice", false, "make the files of HEAD in two clones and compare the bytes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if *twice {
		err = compare(ctx)
	} else {
		err = release(ctx, *collected)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release: error:", err)
		os.Exit(1)
	}
}

func release(ctx context.Context, dir string) error {
	tag, err := output(ctx, "git", "tag", "--points-at", "HEAD", "--list", "v*")
	if err != nil {
		return err
	}
	if dir != "" && tag == "" {
		return errors.New("there is no tag v* at HEAD to collect the files of")
	}
	zips, err := writeFunctions(ctx)
	if err != nil {
		return err
	}
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	text, err := notes(string(changelog), strings.TrimPrefix(tag, "v"))
	if err != nil {
		return err
	}
	file := filepath.Join("dist", "notes.md")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	args := []string{"run", goreleaser, "release", "--clean", "--release-notes", file}
	if tag == "" {
		args = append(args, "--snapshot")
	} else {
		args = append(args, "--skip=publish")
	}
	if err := run(ctx, ".", []string{"EMAILOTP_FUNCTION_ZIPS=" + zips}, "go", args...); err != nil || dir == "" {
		return err
	}
	return collect(dir, checksums, file, released, functions)
}

// collect copies the notes, the checksums and each file that they name, from the first folder that
// has it, into a new folder.
func collect(dir, sums, notes string, from ...string) error {
	text, err := os.ReadFile(sums)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	paths := []string{sums, notes}
	for line := range strings.Lines(string(text)) {
		_, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		i := slices.IndexFunc(from, func(place string) bool {
			_, err := os.Stat(
				filepath.Join(place, name))
			return err == nil
		})
		if !ok || i < 0 || filepath.Base(name) != name {
			return fmt.Errorf("%s names %q, which is no file of %s", sums, name, strings.Join(from, " or "))
		}
		paths = append(paths, filepath.Join(from[i], name))
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFunctions writes the functions' zips for both processors, and returns their digests as the
// command line has them: "arm64/NAME=SHA256" for each, with commas between.
func writeFunctions(ctx context.Context) (digests string, err error) {
	if err := os.RemoveAll(functions); err != nil {
		return "", err
	}
	var all []string
	for _, arch := range []string{"arm64", "amd64"} {
		lambda := map[string]string{"arm64": "arm64", "amd64": "x86_64"}[arch]
		for _, name := range build.Names() {
			p, err := build.WritePackage(ctx, ".", name, build.Target{GOOS: "linux", GOARCH: arch}, functions)
			if err != nil {
				return "", err
			}
			if err := os.Rename(p.Path, filepath.Join(functions, name+"_"+lambda+".zip")); err != nil {
				return "", err
			}
			all = append(all, lambda+"/"+name+"="+p.SHA256)
		}
	}
	return strings.Join(all, ","), nil
}

// notes returns the section of a version in the changelog; of what is unreleased for an empty one.
func notes(changelog, version string) (string, error) {
	heading := "## Unreleased"
	if version != "" {
		heading = "## " + version
	}
	var text strings.Builder
	inside := false
	for line := range strings.Lines(changelog) {
		if strings.HasPrefix(line, "## ") {
			rest, is := strings.CutPrefix(line, heading)
			inside = is && (rest[0] == '\n' || rest[0] == ' ')
			continue
		}
		if inside {
			text.WriteString(line)
		}
	}
	if strings.TrimSpace(text.String()) == "" {
		return "", fmt.Errorf("CHANGELOG.md has no section %q, or nothing in it", heading)
	}
	return strings.TrimSpace(text.String()) + "\n", nil
}

// compare makes the files of HEAD twice.
func compare(ctx context.Context) error {
	scratch, err := os.MkdirTemp("", "emailotp-release-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	var sums [2][]byte
	for i, place := range []string{"one", "another/place"} {
		dir := filepath.Join(scratch, place)
		if err := run(ctx, ".", nil, "git", "clone", "--quiet", ".", dir); err != nil {
			return err
		}
		if err := run(ctx, dir, nil, "go", "run", "./internal/release"); err != nil {
			return err
		}
		if sums[i], err = os.ReadFile(filepath.Join(dir, checksums)); err != nil {
			return err
		}
	}
	if !bytes.Equal(sums[0], sums[1]) {
		return fmt.Errorf("the bytes differ:\n%s\n%s", sums[0], sums[1])
	}
	fmt.Printf("%s%d files have the same bytes twice\n", sums[0], bytes.Count(sums[0], []byte("\n")))
	return nil
}

func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}
