package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newJournal creates the app's own function, a Go program that is compiled while the app is
// synthesised.
func newJournal(scope constructs.Construct, dir string, architecture awslambda.Architecture) awslambda.Function {
	b := &goBuild{dir: dir, goarch: "arm64"}
	if *architecture.Name() == "x86_64" {
		b.goarch = "amd64"
	}
	function := awslambda.NewFunction(scope, jsii.String("Journal"), &awslambda.FunctionProps{
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Handler:      jsii.String("bootstrap"),
		Architecture: architecture,
		Code: awslambda.Code_FromAsset(&dir, &awss3assets.AssetOptions{
			AssetHashType: awscdk.AssetHashType_OUTPUT,
			Bundling: &awscdk.BundlingOptions{
				Image: awscdk.DockerImage_FromRegistry(jsii.String("not-used")),
				Local: b,
				// Tells the builds of one process apart: the CDK sees these options, not the Go
				// value.
				Environment: &map[string]*string{"GOARCH": &b.goarch},
			},
		}),
	})
	if b.failure != nil {
		panic(fmt.Errorf("%s: %w", *function.Node().Path(), b.failure))
	}
	return function
}

// goBuild compiles a Go program where the CDK would start Docker.
type goBuild struct {
	dir, goarch string
	failure     error
}

// TryBundle never returns false, which would start Docker, and keeps a failure for later.
func (b *goBuild) TryBundle(outputDir *string, _ *awscdk.BundlingOptions) *bool {
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags",
		"-s -w -buildid=",
		"-o", filepath.Join(*outputDir, "bootstrap"), ".")
	build.Dir = b.dir
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+b.goarch, "CGO_ENABLED=0")
	if words, err := build.CombinedOutput(); err != nil {
		b.failure = fmt.Errorf("go build in %s: %w: %s", b.dir, err, words)
		b.failure = errors.Join(b.failure, os.WriteFile(filepath.Join(*outputDir, "FAILED"), words, 0o644))
	}
	return jsii.Bool(true)
}
