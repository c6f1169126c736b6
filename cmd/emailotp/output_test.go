package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/text"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// Texts of the DNS and of services reach the terminal without what it obeys.
func TestTextsOfOthersAreNotObeyedByATerminal(t *testing.T) {
	t.Parallel()
	const hostile = "v=DMARC1\x1b]0;title\a\x1b[2J\u009b2J\u202e\r\x7f"
	ctx := t.Context()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"a finding": func(b *bytes.Buffer) error {
			return text.Findings(b, &doctor.Report{Stack: "Shop", PoolID: hostile,
				Findings: []doctor.Finding{{Level: doctor.Right,
					What: hostile + "\nstack  right", Remedy: hostile, Command: hostile}}})
		},
		"a proof": func(b *bytes.Buffer) error {
			return text.Proof(b, &live.Proof{Steps: []live.Step{{Outcome: hostile}}, Points: []live.Point{{Reason: hostile}},
				Left: []string{hostile}})
		},
		"an error":   func(b *bytes.Buffer) error { finish(ctx, b, errors.New(hostile)); return nil },
		"a question": func(b *bytes.Buffer) error { _ = confirm(ctx, streams{err: b}, false, hostile); return nil },
		"JSON":       func(b *bytes.Buffer) error { return terminal.JSON(b, map[string]string{"v": hostile}) },
	} {
		var out bytes.Buffer
		err := write(&out)
		rest := strings.ReplaceAll(out.String(), "\n", "")
		if err != nil || strings.ContainsFunc(rest, mail.Unprintable) || !strings.Contains(rest, "v=DMARC1") {
			t.Errorf("%s: %v: %q", name, err, &out)
		}
		if name == "a finding" && strings.Contains(out.String(), "\nstack  right") {
			t.Errorf("a text begins a line: %q", &out)
		}
		if got := (map[string]string{}); name == "JSON" && (json.Unmarshal(out.Bytes(), &got) != nil || got["v"] != hostile) {
			t.Errorf("JSON has another value: %q", &out)
		}
	}
}
