package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// shell matches the runbook's blocks of commands.
var shell = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```")

// lacking are the runbook's commands of services that the sandbox lacks. They must fail as such.
var lacking = []string{"aws kms cancel-key-deletion", "aws kms enable-key"}

// A person who follows the runbook in the sandbox meets no command that does not work.
func TestEveryCommandOfTheRunbookWorks(t *testing.T) {
	t.Parallel()
	repo, err := app.Repo()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repo, "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	sb, _ := clocked(t, app.Password)
	config := sb.Config()
	ready := filepath.Join(t.TempDir(), "ready.json")
	if err := config.WriteReadyFile(ready); err != nil {
		t.Fatal(err)
	}
	p := newUser(t, sb, "oncall@example.com")
	p.SignIn()
	bin := filepath.Dir(app.Command(t))
	variables, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"AWS_ENDPOINT_URL="+config.KMSEndpoint, "AWS_REGION="+config.Region, "AWS_DEFAULT_REGION="+config.Region,
		"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=operator", "AWS_CONFIG_FILE="+os.DevNull, "AWS_PAGER=",
		"POOL_ID="+config.UserPoolID, "KEY_ARN="+variables["EMAILOTP_KEY_ARN"], "CREATE_LOGS=/aws/lambda/any",
		"HOUR_AGO=0")
	_, errAWS := exec.LookPath("aws")
	var commands []string
	for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	slices.Sort(commands)
	commands = slices.Compact(commands)
	if len(commands) < 10 {
		t.Fatalf("the runbook has the commands %q", commands)
	}
	for _, command := range commands {
		switch {
		case strings.HasPrefix(command, "aws ") && errAWS != nil:
			continue
		case strings.HasPrefix(command, "emailotp "):
			command = strings.ReplaceAll(command, "--stack EmailOtp-prod", "--ready-file "+ready)
			command = strings.ReplaceAll(command, "user@example.com", p.Email)
			if strings.Contains(command, "--sign-in") {
				command += " --policy" // the walk itself has tests of its own, and waits for a minute
			}
		}
		command = strings.ReplaceAll(command, "EmailOtp-prod", config.Stack)
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		run := exec.CommandContext(ctx, "sh", "-c", command)
		run.Env, run.WaitDelay = environment, time.Second
		out, err := run.CombinedOutput()
		cancel()
		isLacking := slices.ContainsFunc(lacking, func(prefix string) bool { return strings.HasPrefix(command, prefix) })
		if isLacking != (err != nil) || isLacking && !strings.Contains(string(out), "NotEmulated") {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}
