package assembly_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

func mentioned(lines []string, part string) bool {
	return strings.Contains(strings.Join(lines, "\n"), part)
}

func TestChoosing(t *testing.T) {
	for name, c := range map[string]struct {
		choice assembly.Choice
		want   []string // in the error; none means success
	}{
		"several fit": {assembly.Choice{},
			[]string{"holds several EmailOTPs", "--stack EmailOtp-dev --pool SignInUserPool --mode passwordless",
				"--stack EmailOtp-prod --pool SignInUserPool --mode password"}},
		"the pool alone": {assembly.Choice{Pool: "SignInUserPool"}, []string{"several EmailOTPs"}},
		"by stack":       {assembly.Choice{Stack: "EmailOtp-prod"}, nil},
		"by mode":        {assembly.Choice{Mode: "password"}, nil},
		"no such stack": {assembly.Choice{Stack: "Shop"},
			[]string{`no EmailOTP`, `stack "Shop"`, "--stack EmailOtp-dev"}},
		"no such combination": {assembly.Choice{Stack: "EmailOtp-dev", Mode: "password"},
			[]string{`stack "EmailOtp-dev", mode "password"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plan(app, c.choice)
			expect(t, err, c.want...)
		})
	}
}

// expect wants an error with all the parts, or none.
func expect(t *testing.T, err error, parts ...string) {
	t.Helper()
	if len(parts) == 0 {
		if err != nil {
			t.Errorf("error: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func TestDirectoriesThatAreNoAssembly(t *testing.T) {
	const remedy = "run `cdk synth`"
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want []string
	}{
		"nothing there": {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") },
			[]string{"no manifest.json", remedy}},
		"an empty folder": {func(t *testing.T) string { return t.TempDir() }, []string{"is not a cloud assembly", remedy}},
		"somebody else's manifest": {func(t *testing.T) string {
			return edited(t, "manifest.json", func(m object) { clear(m); m["name"] = "page" })
		}, []string{"has no version", remedy}},
		"a manifest that is cut off": {func(t *testing.T) string {
			dir := edited(t, "manifest.json", func(object) {})
			if err := os.Truncate(filepath.Join(dir, "manifest.json"), 100); err != nil {
				t.Fatal(err)
			}
			return dir
		}, []string{"is damaged", remedy}},
		"a template that is gone": {func(t *testing.T) string {
			dir := edited(t, "manifest.json", func(object) {})
			if err := os.Remove(filepath.Join(dir, devTemplate)); err != nil {
				t.Fatal(err)
			}
			return dir
		}, []string{"template of stack EmailOtp-dev", remedy}},
		"a template outside": {func(t *testing.T) string {
			return edited(t, "manifest.json", func(m object) {
				at(m, "artifacts", "EmailOtp-dev", "properties")["templateFile"] = "../" + devTemplate
			})
		}, []string{"outside it", remedy}},
		"an app without stacks": {func(t *testing.T) string {
			return edited(t, "manifest.json", func(m object) { m["artifacts"] = object{} })
		}, []string{"has no stack", remedy}},
		"an app without EmailOTP": {func(t *testing.T) string {
			dir := edited(t, devTemplate, func(template object) { template["Resources"] = object{} })
			rewrite(t, filepath.Join(dir, prodTemplate), func(template object) { template["Resources"] = object{} })
			return dir
		}, []string{"has no EmailOTP", "EmailOtp-dev, EmailOtp-prod", remedy}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plan(c.make(t), passwordless)
			expect(t, err, c.want...)
		})
	}
}

func TestAnAssetThatIsGoneIsReportedForItsFunction(t *testing.T) {
	dir := edited(t, devTemplate, func(object) {})
	if err := os.RemoveAll(filepath.Join(dir, "asset."+strings.Repeat("b2", 32))); err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, dir, passwordless)
	expect(t, function(t, p, "CreateAuthChallenge").CodeError, "stale", "run `cdk synth`")
}

func TestAnAssetIsFoundByItsMetadataWhereTheListLacksIt(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		at(template, "Resources", "SignInPreSignUp", "Metadata")["aws:asset:path"] = "asset." + strings.Repeat("d4", 32)
		at(template, "Resources", "SignInPreSignUp", "Properties", "Code")["S3Key"] = object{"Ref": "AssetParameters"}
	})
	f := function(t, mustPlan(t, dir, passwordless), "PreSignUp")
	if f.CodeError != nil || f.AssetHash != strings.Repeat("d4", 32) {
		t.Errorf("asset %s: %v", f.Asset, f.CodeError)
	}
}

func TestAStageWithinTheAppIsFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "assembly-Prod"), os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "manifest.json"), object{"version": "54.0.0", "artifacts": object{
		"assembly-Prod": object{"type": "cdk:cloud-assembly", "displayName": "Prod",
			"properties": object{"directoryName": "assembly-Prod"}},
	}})
	if p := mustPlan(t, dir, passwordless); function(t, p, "PreSignUp").CodeError != nil {
		t.Errorf("asset of the stage: %v", function(t, p, "PreSignUp").CodeError)
	}
}
