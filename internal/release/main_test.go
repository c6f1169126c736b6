package main

import (
	"os"
	"strings"
	"testing"
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
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notes(string(text), ""); err != nil {
		t.Error(err)
	}
}
