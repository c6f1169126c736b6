package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

func TestTheNotesAreTheSectionOfTheVersion(t *testing.T) {
	const changelog = "# Changelog\n\n## Unreleased\n\nNew.\n\n## 0.2.0 - 2026-12-01\n\n### Added\n\n- More.\n\n## 0.2.0-rc.1\n\nFirst.\n"
	for version, want := range map[string]string{"": "New.\n", "0.2.0": "### Added\n\n- More.\n", "0.2.0-rc.1": "First.\n"} {
		if got, err := notes(changelog, version); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", version, got, err, want)
		}
	}
	if _, err := notes(changelog, "0.3.0"); err == nil || !strings.Contains(err.Error(), `no section "## 0.3.0"`) {
		t.Errorf("a version without a section: %v", err)
	}
	text := disk.Read(t, "../../CHANGELOG.md")
	if _, err := notes(string(text), ""); err != nil {
		t.Error(err)
	}
}

// What compiles other people's programs has no right that they could use, and what has the rights
// runs none of them, waits for the reviewers of an environment, and comes after the check of the
// tag.
func TestTheJobWithRightsRunsNoProgramOfTheRepository(t *testing.T) {
	text := disk.Read(t, "../../.github/workflows/release.yml")
	_, all, _ := strings.Cut(string(text), "\njobs:\n")
	starts := regexp.MustCompile(`(?m)^  (\w+):$`).FindAllStringSubmatchIndex(all, -1)
	jobs := map[string]string{}
	for i, at := range starts {
		end := len(all)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		jobs[all[at[2]:at[3]]] = all[at[0]:end]
	}
	program := regexp.MustCompile(`actions/checkout|\bgo (run|build|test|install)\b|\bmake\b|\.ci/|\bnpm\b`)
	writes := 0
	for name, job := range jobs {
		mayWrite := strings.Contains(job, ": write")
		if mayWrite {
			writes++
		}
		if mayWrite && (program.MatchString(job) || !strings.Contains(job, "environment: release") ||
			!strings.Contains(job, "needs: build")) {
			t.Errorf("the job %s may write, and runs a program, has no environment or does not wait for the build:\n%s", name,
				job)
		}
	}
	if writes != 1 || !strings.Contains(jobs["build"], "git merge-base --is-ancestor HEAD origin/main") {
		t.Errorf("%d jobs may write; the build is\n%s", writes, jobs["build"])
	}
}

func TestWhatTheChecksumsNameIsCollected(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		disk.Write(t, in(name), text)
	}
	for _, d := range []string{"one", "two"} {
		if err := os.Mkdir(in(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("one/a.zip", "a")
	write("two/b.zip", "b")
	write("two/other", "not named")
	write("notes.md", "notes")
	write("sums", "00  a.zip\n11  b.zip\n")
	if err := collect(in("new/out"), in("sums"), in("notes.md"), in("one"), in("two")); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(in("new/out/*"))
	if got := strings.ReplaceAll(strings.Join(names, " "), in("new/out")+string(filepath.Separator),
		""); got != "a.zip b.zip notes.md sums" {
		t.Errorf("collected %s", got)
	}
	if err := collect(in("new/out"), in("sums"), in("notes.md"), in("one")); err == nil {
		t.Error("a folder that exists is filled again")
	}
	for _, sums := range []string{"00  c.zip\n", "00  ../sums\n", "c.zip\n"} {
		write("sums", sums)
		if err := collect(filepath.Join(t.TempDir(), "x"), in("sums"), in("notes.md"), in("one")); err == nil {
			t.Errorf("%q is collected", sums)
		}
	}
}
