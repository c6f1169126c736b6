package e2e_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/documents"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// notRun are the beginnings of the documents' commands that this test does not run, with the
// reason.
var notRun = map[string]string{
	"make ":                           "internal/testrun runs this test from one of them; cmd/emailotp checks that each target exists",
	"npm ci":                          "the packages of this checkout are installed",
	"npx cdk":                         "a synthesis of each example is a test of package examples; a deployment needs an account",
	"cdk deploy":                      "needs an account",
	"cd ":                             "the commands after it run in one directory",
	"npm install aws-amplify":         "packages of React Native, which runs on a device",
	"go get ":                         "the module is not published yet",
	"go install ":                     "the module is not published yet; internal/consumers installs it from a module proxy",
	"go test ":                        "these tests run themselves; cmd/emailotp checks that their packages exist",
	"go mod ":                         "internal/consumers builds an app that imports the module by a replace directive",
	"echo ":                           "writes the cdk.json of that app",
	"sha256sum --check":               "needs the files of a release; internal/release compares two of them",
	"gh attestation verify":           "needs a published release",
	"curl -d grant_type":              "internal/redirect sends these requests by curl, with codes and tokens that are valid",
	"curl -d client_id":               "as above",
	`curl -H "Authorization`:          "as above; the example's API is a test of package examples",
	"emailotp change-address":         "internal/redirect changes an address by the command",
	"emailotp sign-in --browser":      "internal/redirect does the page's part of this sign-in",
	"emailotp lambdas":                "builds all functions for arm64; a script of cmd/emailotp does it for this machine",
	"emailotp dev --pool-description": "the example's test imports a pool by its description",
	"aws cognito-idp update-user-pool-client":      "the tests of docs/migrating.md in package examples change such clients",
	"aws cognito-idp set-user-pool-mfa-config":     "the sandbox lacks MFA",
	"aws cognito-idp admin-delete-user-attributes": "the pool of this test lacks the old attribute; package examples tests it",
	"aws cognito-idp list-user-pools":              "of the deletion by hand of what a stack left; the sandbox deletes nothing",
	"aws cognito-idp update-user-pool ":            "as above",
	"aws cognito-idp delete-user-pool":             "as above",
	"aws dynamodb ":                                "as above",
}

// ourCommand matches the ways in which the documents call the command line.
var ourCommand = regexp.MustCompile(`(^|[ (])(?:[^\s(]*bin/emailotp|go run (?:\.\./\.\./|\./)cmd/emailotp)`)

// A person who follows the documents in the sandbox meets no command that does not work.
func TestEveryCommandOfTheDocumentsWorks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the documents' commands are for a POSIX shell")
	}
	testkit.Need(t, "bash")
	t.Parallel()
	d := newReader(t)
	var all []string
	for _, file := range documents.Files(t, d.repo) {
		if filepath.Base(file) == "runbook.md" {
			continue // TestEveryCommandOfTheRunbookWorks runs its commands in their order
		}
		for _, b := range documents.Blocks(t, file) {
			for _, command := range b.Commands() {
				command, _, _ = strings.Cut(command, " #")
				command = ourCommand.ReplaceAllString(strings.TrimSpace(command), "${1}emailotp")
				if !strings.HasPrefix(command, "#") && !slices.Contains(all, command) {
					all = append(all, command)
				}
			}
		}
	}
	unused, ran := maps.Clone(notRun), 0
	for _, command := range all {
		isElsewhere := false
		for prefix := range notRun {
			if strings.HasPrefix(command+" ", prefix) {
				delete(unused, prefix)
				isElsewhere = true
			}
		}
		if !isElsewhere && d.try(t, command) {
			ran++
		}
	}
	for prefix, reason := range unused {
		t.Errorf("no document has a command that begins with %q any more (%s)", prefix, reason)
	}
	if ran < 30 {
		t.Errorf("ran only %d of the commands %q", ran, all)
	}
}

// reader is a person who follows the documents, in a directory with what they mention.
type reader struct {
	repo, dir, stack string
	config           sandbox.Config
	person           *person
	environment      []string
	noAWS            error
}

func newReader(t *testing.T) *reader {
	t.Helper()
	repo, err := app.Repo()
	if err != nil {
		t.Fatal(err)
	}
	sb, _ := clocked(t, app.Passwordless)
	p := newUser(t, sb, "user@example.com", func(u *sandbox.User) { u.Email = "user@example.com" })
	p.Email = "user@example.com"
	d := &reader{repo: repo, dir: filepath.Join(t.TempDir(), "app"), config: sb.Config(), person: p,
		stack: sb.Config().Stack}
	variables, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	cdk, err := os.ReadFile(filepath.Join(repo, "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	outputs := `{"UserPoolId": "eu-west-1_Ab3dEf9Gh", "UserPoolClientId": "3n4b5urk1ft4fl3mg5e62d9ado"`
	for name, text := range map[string]string{
		"cdk.json": string(cdk), "src/main.ts": "", "mail/subject.tmpl": "{{.Grouped}}: your code\n",
		"cdk-outputs.json":  `{"EmailOtp-prod": ` + outputs + `, "Mode": "password"}, "Shop": ` + outputs + "}}",
		"bin/read-the-code": "#!/bin/sh\n", // a program of the reader's
	} {
		file := filepath.Join(d.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{filepath.Join(d.dir, "cdk.out"), filepath.Join(d.dir, "../shop/cdk.out")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(app.Assembly(t), link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.config.WriteReadyFile(filepath.Join(d.dir, ".emailotp/local.json")); err != nil {
		t.Fatal(err)
	}
	start, err := p.API.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeCustomAuth,
		ClientId: &d.config.UserPoolClientID, AuthParameters: map[string]string{"USERNAME": p.Email}})
	if err != nil {
		t.Fatal(err)
	}
	path := []string{filepath.Dir(app.Command(t)), filepath.Join(d.dir, "bin"), os.Getenv("PATH")}
	d.environment = append(os.Environ(), "PATH="+strings.Join(path, string(os.PathListSeparator)),
		"AWS_ENDPOINT_URL="+d.config.KMSEndpoint, "AWS_REGION="+d.config.Region, "AWS_DEFAULT_REGION="+d.config.Region,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+d.config.Endpoint,
		"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=operator", "AWS_CONFIG_FILE="+os.DevNull, "AWS_PAGER=",
		"POOL_ID="+d.config.UserPoolID, "CLIENT="+d.config.UserPoolClientID, "KEY_ARN="+variables["EMAILOTP_KEY_ARN"],
		"CREATE_LOGS=/aws/lambda/any", "HOUR_AGO=0", "SESSION="+aws.ToString(start.Session))
	_, d.noAWS = exec.LookPath("aws")
	return d
}

// placeholders are what the documents' commands say in place of a reader's own names.
var placeholders = regexp.MustCompile(`\b(ID|CLIENT|NAME)( |$)`)

// try runs a command and reports whether it did; one of AWS needs AWS's command line.
func (d *reader) try(t *testing.T, command string) bool {
	t.Helper()
	dir, line, server := d.dir, command, false
	switch {
	case strings.HasPrefix(line, "aws "):
		if d.noAWS != nil {
			return false
		}
		values := map[string]string{"ID": d.config.UserPoolID, "CLIENT": d.config.UserPoolClientID}
		line = placeholders.ReplaceAllStringFunc(line, func(m string) string { return values[strings.TrimSpace(m)] + " " })
		line = strings.ReplaceAll(line, "EmailOtp-prod", d.stack)
	case strings.HasPrefix(line, "go doc"):
		dir = d.repo
	case strings.HasPrefix(line, "emailotp dev"):
		line, server = regexp.MustCompile(` --(assembly|stack) \S+`).ReplaceAllString(line, ""), true
		line += " --assembly cdk.out --stack " + d.stack + " --port 0 --ready-file dev.json"
	case strings.HasPrefix(line, "emailotp preview"):
		if server = !strings.Contains(line, "--check"); server {
			line += " --port 0"
		} else {
			line += " --stack " + d.stack
		}
	case strings.Contains(line, "--stack EmailOtp-") && !strings.Contains(line, "--from"):
		line = regexp.MustCompile(`--stack \S+`).ReplaceAllString(line, "--ready-file .emailotp/local.json")
		if strings.Contains(line, "--sign-in") {
			line += " --policy" // the walk itself has tests of its own, and waits for a minute
		}
		if strings.Contains(line, "users unmark") && !strings.Contains(line, "--yes") {
			line += " --yes" // there is no terminal
		}
	}
	if out, err := d.run(t, dir, line, server); err != nil {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
	return true
}

// run runs a line in a shell. A sign-in is answered with the code of its mail, and a server is
// interrupted once it runs.
func (d *reader) run(t *testing.T, dir, line string, server bool) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	if server {
		cmd.Args[2] = "exec " + line
	}
	var out syncbuf.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, d.environment, &out, &out, time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	printed := func(text string) error {
		return testkit.Within(testkit.Patience, func() error {
			if !strings.Contains(out.String(), text) {
				return errors.New("it has not printed " + text)
			}
			return nil
		})
	}
	switch {
	case strings.HasPrefix(line, "emailotp sign-in"):
		err := printed("Code (")
		code, errMail := testkit.WaitForCode(ctx, d.config.InboxURL, d.person.Email, time.Time{})
		if err := errors.Join(err, errMail); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(stdin, code+"\n")
	case server:
		if err := errors.Join(printed("Ctrl-C"), cmd.Process.Signal(os.Interrupt)); err != nil {
			t.Error(err)
		}
	}
	_ = stdin.Close()
	err = cmd.Wait()
	return out.String(), err
}
