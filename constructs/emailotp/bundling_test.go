//go:build !race

package emailotp_test

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// building returns an app that does build functions, from the source directory if one is given.
func building(t *testing.T, source string) awscdk.App {
	context := map[string]any{"aws:cdk:bundling-stacks": []string{"**"}}
	if source != "" {
		context["emailotp:source"] = source
	}
	return emailotptest.App(t, context)
}

// assets returns the directory of each function's asset by the function's folder.
func assets(t *testing.T, app awscdk.App, stack awscdk.Stack) map[string]string {
	t.Helper()
	out := *app.Synth(nil).Directory()
	found := map[string]string{}
	for _, fn := range resources(t, stack, "AWS::Lambda::Function") {
		metadata := fn["Metadata"].(map[string]any)
		folder := metadata["EmailOTP::Function"].(string)
		key := fn["Properties"].(map[string]any)["Code"].(map[string]any)["S3Key"].(string)
		found[folder] = filepath.Join(out, "asset."+strings.TrimSuffix(key, ".zip"))
	}
	return found
}

func sum(t *testing.T, file string) string {
	t.Helper()
	content := disk.Read(t, file)
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// The module's own functions are built for this machine's processor, small ones for arm64, which is
// the default: for another processor the AWS SDK takes a minute.
func TestFunctionsAreBuiltApartForTheirProcessorAndTheSameEachTime(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every function twice")
	}
	t.Run("the functions", func(t *testing.T) {
		architecture, machine := awslambda.Architecture_ARM_64(), elf.EM_AARCH64
		if runtime.GOARCH == "amd64" {
			architecture, machine = awslambda.Architecture_X86_64(), elf.EM_X86_64
		}
		areBuiltApart(t, "", architecture, machine)
	})
	t.Run("by default", func(t *testing.T) { areBuiltApart(t, module(t, small), nil, elf.EM_AARCH64) })
}

func areBuiltApart(t *testing.T, source string, architecture awslambda.Architecture, machine elf.Machine) {
	t.Helper()
	var before map[string]string
	for range 2 {
		app := building(t, source)
		stack := awscdk.NewStack(app, text("Prod"), nil)
		first, second := valid(emailotp.ModePasswordless), valid(emailotp.ModePassword)
		first.Architecture, second.Architecture = architecture, architecture
		emailotp.NewEmailOTP(stack, text("A"), first)
		second.Sender = emailotp.SenderAddress("staff@example.com")
		emailotp.NewEmailOTP(stack, text("B"), second)
		sums, owners := map[string]string{}, map[string]string{}
		for folder, dir := range assets(t, app, stack) {
			file := filepath.Join(dir, "bootstrap")
			program, err := elf.Open(file)
			if err != nil {
				t.Fatalf("%s: %v", folder, err)
			}
			if program.Machine != machine {
				t.Errorf("%s is for %v", folder, program.Machine)
			}
			program.Close()
			if info, err := os.Stat(file); err != nil || info.Mode()&0o111 == 0 {
				t.Errorf("%s can't be run: %v %v", folder, info.Mode(), err)
			}
			sums[folder] = sum(t, file)
			if other, shared := owners[sums[folder]]; shared {
				t.Errorf("%s and %s share one program", folder, other)
			}
			owners[sums[folder]] = folder
			if before != nil && before[folder] != filepath.Base(dir)+sums[folder] {
				t.Errorf("%s: built again it differs: %s, %s", folder, before[folder], filepath.Base(dir)+sums[folder])
			}
			sums[folder] = filepath.Base(dir) + sums[folder]
		}
		if len(sums) != len(build.Names())-3 { // all but attach-user-pool, hand-over and change-address
			t.Errorf("%d programs, want %d", len(sums), len(build.Names())-3)
		}
		before = sums
	}
}

// module writes a module that stands for this one, with a small program a function.
func module(t *testing.T, program func(name string) string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"go.mod": "module " + build.Module + "\n\ngo 1.26\n"}
	for _, name := range build.Names() {
		files["lambdas/"+name+"/main.go"] = program(name)
	}
	disk.WriteAll(t, dir, files)
	return dir
}

func small(name string) string { return "package main\n\nfunc main() { println(\"" + name + "\") }\n" }

func TestABuildThatFailsIsOneSentenceWithTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T) string
		wants   []string
	}{
		{"a program that does not compile", func(t *testing.T) string {
			return module(t, func(name string) string {
				return "package main\n\nfunc main() { " + strings.ReplaceAll(name, "-", "_") + "() }\n"
			})
		}, []string{"define-auth-challenge could not be built: go build ./lambdas/define-auth-challenge in ",
			"does not compile", "main.go:3:15: undefined: define_auth_challenge",
			"DefineAuthChallengeCode takes a zip built beforehand"}},
		{"a removed folder", func(t *testing.T) string {
			dir := module(t, small)
			os.RemoveAll(filepath.Join(dir, "lambdas"))
			return dir
		}, []string{"the function's source is missing: no Go file in ", "restore the folder",
			"DefineAuthChallengeCode takes a zip"}},
		{"no Go toolchain", func(t *testing.T) string {
			dir := module(t, small)
			t.Setenv("PATH", "")
			return dir
		}, []string{"needs the go command, which is not on PATH; install Go", "DefineAuthChallengeCode takes a zip"}},
		{"a module that can't be downloaded", func(t *testing.T) string {
			t.Setenv("GOPROXY", "off")
			t.Setenv("GOMODCACHE", t.TempDir())
			dir := module(t, func(string) string {
				return "package main\n\nimport _ \"example.com/missing\"\n\nfunc main() {}\n"
			})
			sum := "h1:" + strings.Repeat("A", 43) + "=\n"
			for name, content := range map[string]string{
				"go.mod": "module " + build.Module + "\n\ngo 1.26\n\nrequire example.com/missing v1.0.0\n",
				"go.sum": "example.com/missing v1.0.0 " + sum + "example.com/missing v1.0.0/go.mod " + sum,
			} {
				disk.Write(t, filepath.Join(dir, name), content)
			}
			return dir
		}, []string{"module lookup disabled by GOPROXY=off", "if modules are missing, download them once by `go -C ",
			"mod download`, or pass prebuilt code", "DefineAuthChallengeCode takes a zip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := awscdk.NewStack(building(t, c.prepare(t)), text("Prod"), nil)
			words := refusal(func() { signIn(stack, valid(emailotp.ModePassword)) })
			contains(t, words, append(c.wants, `EmailOTP "Prod/SignIn": `)...)
			if strings.Contains(words, "\n") || strings.Contains(strings.ToLower(words), "docker") ||
				strings.Contains(words, "node:") {
				t.Errorf("not one plain sentence:\n%s", words)
			}
		})
	}
}

func TestCodeGivenBeforehandIsNotBuilt(t *testing.T) {
	app := building(t, t.TempDir()) // it may have to start the CDK's Node process
	t.Setenv("PATH", "")
	stack := awscdk.NewStack(app, text("Prod"), nil)
	zip := func(name string) awslambda.Code {
		file := filepath.Join(t.TempDir(), name+".zip")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := build.Archive(f, []build.File{{Name: build.Bootstrap, Content: []byte(name)}}); err != nil {
			t.Fatal(err)
		}
		return awslambda.Code_FromAsset(&file, nil)
	}
	p := valid(emailotp.ModePassword)
	p.DefineAuthChallengeCode, p.CreateAuthChallengeCode = zip("define"), zip("create")
	p.VerifyAuthChallengeCode, p.PreTokenGenerationCode, p.MailEventsCode = zip("verify"), zip("token"), zip("events")
	signIn(stack, p)
	if found := resources(t, stack, "AWS::Lambda::Function"); len(found) != 5 {
		t.Errorf("%d functions", len(found))
	}
}

func TestMailOverridesLieBesideTheirOwnProgramAlone(t *testing.T) {
	app := building(t, module(t, small))
	stacks := map[string]awscdk.Stack{}
	for id, subject := range map[string]string{"One": "Ihr Code", "Two": "Dein Code", "Plain": ""} {
		stacks[id] = awscdk.NewStack(app, text(id), nil)
		p := valid(emailotp.ModePasswordless)
		if subject != "" {
			p.Mail = &emailotp.MailProps{Languages: map[string]emailotp.MailStrings{"de": {Subject: subject}}}
		}
		signIn(stacks[id], p)
	}
	read := func(id, folder string) string {
		content, err := os.ReadFile(filepath.Join(assets(t, app, stacks[id])[folder], "mail.json"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(content)
	}
	contains(t, read("One", "create-auth-challenge"), "Ihr Code", "no-reply@example.com")
	contains(t, read("Two", "create-auth-challenge"), "Dein Code")
	if got := read("Plain", "create-auth-challenge") + read("One", "define-auth-challenge"); got != "" {
		t.Errorf("where nothing was overridden lies %s", got)
	}
}

// `emailotp dev` builds the functions itself, for its own machine.
func TestALocalRunGetsTheSourceInPlaceOfPrograms(t *testing.T) {
	source := module(t, func(string) string { return "this does not compile\n" })
	app := emailotptest.App(t, map[string]any{"aws:cdk:bundling-stacks": []string{"**"}, "emailotp:source": source,
		contract.UnbuiltContext: "true"})
	stack := awscdk.NewStack(app, text("Prod"), nil)
	props := valid(emailotp.ModePasswordless)
	props.Mail = &emailotp.MailProps{AccentColor: text("#7a1fa2")}
	emailotp.NewEmailOTP(stack, text("A"), props)
	for folder, dir := range assets(t, app, stack) {
		marker, err := os.ReadFile(filepath.Join(dir, contract.UnbuiltFile))
		if err != nil || string(marker) != source {
			t.Errorf("%s is to be built from %q, %v; want %s", folder, marker, err, source)
		}
		_, err = os.Stat(filepath.Join(dir, contract.MailFile))
		if has := err == nil; has != (folder == "create-auth-challenge") {
			t.Errorf("%s has mail.json: %t", folder, has)
		}
	}
}
