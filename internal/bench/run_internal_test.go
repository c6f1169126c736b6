package bench

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// script writes a shell script that stands in for a function.
func script(t *testing.T, text string) program {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the functions are Linux programs, and so are their stand-ins")
	}
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return program{name: "script", path: path}
}

func TestAProgramThatEndsIsReportedInItsOwnWords(t *testing.T) {
	w, err := startWorker(script(t, "echo no settings >&2; exit 1"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	if _, err := w.awaitReady(t.Context()); err == nil || !strings.Contains(err.Error(), "no settings") {
		t.Errorf("got %v", err)
	}
}

func TestStoppingLeavesNoProcess(t *testing.T) {
	w, err := startWorker(script(t, "sleep 600 & echo $! >"+filepath.Join(t.TempDir(), "pid")+"; exec sleep 600"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.awaitReady(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	w.stop()
	for _, p := range family() {
		if command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "cmdline")); err == nil && bytes.Contains(command, []byte("sleep\x00600")) {
			t.Errorf("process %d is still there", p.pid)
		}
	}
}

func TestRefusalsAreNotMeasured(t *testing.T) {
	for name, body := range map[string]string{
		"verify-auth-challenge": `{"response":{"answerCorrect":false}}`,
		"create-auth-challenge": `{"response":{}}`,
		"define-auth-challenge": `{"response":{"failAuthentication":true}}`,
		"pre-sign-up":           `{"response":{"autoConfirmUser":false}}`,
		"":                      `not JSON`,
	} {
		if accepted(name, []byte(body)) == nil {
			t.Errorf("%q takes %s", name, body)
		}
	}
}

func TestEveryHandlerAnswersItsEvent(t *testing.T) {
	for f, h := range handlers(bytes.NewBuffer(nil)) {
		out, err := h.Invoke(t.Context(), event(f))
		if err == nil {
			err = accepted(string(f), out)
		}
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if len(functions) != len(handlers(bytes.NewBuffer(nil))) {
		t.Error("a function is not measured")
	}
	for _, f := range functions {
		if coldTargets[f] == 0 && f != settings.MailEvents {
			t.Errorf("%s has no target", f)
		}
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	report, err := Run(t.Context(), Options{App: "../..", Only: []string{"synth", "sandbox"}, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 2 {
		t.Fatalf("%d rows, want one for each section", len(report.Rows))
	}
	for _, row := range report.Rows {
		if row.Value != nil || row.Missing == "" {
			t.Errorf("%s: a number without Node: %+v", row.Section, row)
		}
	}
	var out strings.Builder
	if err := report.Table(&out); err != nil || !strings.Contains(out.String(), "not measured: node is not on PATH") || !strings.Contains(out.String(), "no Node") {
		t.Errorf("the table says (%v):\n%s", err, out.String())
	}
	empty(t)
}

func TestAStoppedRunLeavesNoFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{App: "../..", Only: []string{"mail"}, Quick: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	empty(t)
}

func empty(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "emailotp-bench-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestUnknownSectionsAreNamed(t *testing.T) {
	_, err := Run(t.Context(), Options{App: "../..", Only: []string{"cold", "cot", "warmth"}})
	if err == nil || !strings.Contains(err.Error(), "cot, warmth") || !strings.Contains(err.Error(), "guard") {
		t.Errorf("got %v", err)
	}
}

func TestServicesCount(t *testing.T) {
	counted, err := Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := counted[settings.CreateAuthChallenge]["SendEmail"]; n != 1 {
		t.Errorf("create sent %d mails", n)
	}
}
