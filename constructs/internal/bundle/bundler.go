package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Code returns the code of a function whose source is in a directory of this module, with mail.json
// beside the program unless mailFile is nil. The second value returns the build's error once the
// CDK has made the asset: the CDK itself drops the compiler's messages.
func (b *Batch) Code(dir string, f settings.Function, mailFile []byte) (awslambda.Code, func() error) {
	if b.done == nil {
		b.source = dir
	}
	local := &bundler{function: f, batch: b, mailFile: mailFile}
	code := awslambda.Code_FromAsset(jsii.String(filepath.Join(dir, "lambdas", string(f))), &awss3assets.AssetOptions{
		AssetHashType: awscdk.AssetHashType_OUTPUT,
		Bundling: &awscdk.BundlingOptions{
			// Mandatory and never used: TryBundle doesn't return false.
			Image:       awscdk.DockerImage_FromRegistry(jsii.String("emailotp-builds-without-docker")),
			Local:       local,
			Environment: local.cacheKey(),
		},
	})
	return code, func() error { return local.failure }
}

// failures counts the process's failed bundlings.
var failures atomic.Int64

// bundler builds one function where the CDK would start Docker.
type bundler struct {
	function settings.Function
	batch    *Batch
	mailFile []byte
	failure  error
}

// cacheKey distinguishes the bundlings of one process. The CDK caches assets by path and options
// and does not see the Go value: without the key, two functions or two mail.json would share one
// asset.
func (b *bundler) cacheKey() *map[string]*string {
	sum := sha256.Sum256(b.mailFile)
	return &map[string]*string{
		// A failed bundling would be cached like any other.
		"EMAILOTP_FAILURES": jsii.String(strconv.FormatInt(failures.Load(), 10)),
		"EMAILOTP_FUNCTION": jsii.String(string(b.function)),
		"EMAILOTP_TARGET":   jsii.String(b.batch.target.GOOS + "/" + b.batch.target.GOARCH),
		"EMAILOTP_MAIL":     jsii.String(hex.EncodeToString(sum[:])),
		"EMAILOTP_UNBUILT":  jsii.String(fmt.Sprint(b.batch.Unbuilt)),
	}
}

// TryBundle builds the function into outputDir. It never returns false, which would start Docker,
// and never panics, which would print a stack trace of Node. It keeps an error for the constructor,
// which reports it, and writes a marker file, because the CDK refuses an empty output.
func (b *bundler) TryBundle(outputDir *string, _ *awscdk.BundlingOptions) *bool {
	b.failure = b.bundle(*outputDir)
	if b.failure != nil {
		failures.Add(1)
		marker := []byte("the build failed\n")
		if err := os.WriteFile(filepath.Join(*outputDir, "FAILED"), marker, 0o644); err != nil {
			b.failure = fmt.Errorf("%w (and the output directory can't be written: %w)", b.failure, err)
		}
	}
	return jsii.Bool(true)
}

func (b *bundler) bundle(out string) error {
	var err error
	if b.batch.Unbuilt {
		err = os.WriteFile(filepath.Join(out, contract.UnbuiltFile), []byte(b.batch.source), 0o644)
	} else {
		err = b.batch.write(b.function, filepath.Join(out, build.Bootstrap))
	}
	if err != nil {
		return err
	}
	if b.mailFile == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(out, contract.MailFile), b.mailFile, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", contract.MailFile, err)
	}
	return nil
}
