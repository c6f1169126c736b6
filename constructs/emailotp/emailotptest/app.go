package emailotptest

import (
	"maps"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// App returns an app that synthesises into a temporary directory and builds no function: the
// template has the hash of each function's source. The context is that of your cdk.json, or nil for
// none: go test reads no cdk.json.
func App(t testing.TB, context map[string]any) awscdk.App {
	t.Helper()
	merged := map[string]any{"aws:cdk:bundling-stacks": []string{}}
	maps.Copy(merged, context)
	return awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), Context: &merged})
}

// Main runs the tests and then stops the CDK's Node process, which also removes what it unpacked
// into the temporary directory. Call it from TestMain; it does not return.
//
// Where CDK_VALIDATION is unset it is set to false: the CDK's check of every template against
// CloudFormation's rules lasts seconds per stack. The construct's own validations always run.
func Main(m *testing.M) {
	if _, set := os.LookupEnv("CDK_VALIDATION"); !set {
		os.Setenv("CDK_VALIDATION", "false")
	}
	// The process keeps the environment that it was started with, and importing the CDK starts it.
	jsii.Close()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}
