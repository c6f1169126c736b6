package emailotp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// sourceContext is the context key that names the directory of this module's source, for apps from
// which it can't be found.
const sourceContext = "emailotp:source"

// beginBuilding starts to build the functions whose code is not among the props. It builds none
// where the CDK leaves this stack's assets out, or where the source can't be found: code then
// reports that.
func (e *emailOTP) beginBuilding() {
	var pending []settings.Function
	for _, slot := range e.config.slots() {
		if _, given := e.config.codes[slot.function]; !given {
			pending = append(pending, slot.function)
		}
	}
	e.batch = newBatch(build.Target{GOOS: "linux", GOARCH: e.config.goarch}, pending)
	if len(pending) == 0 || !*e.stack().BundlingRequired() {
		return
	}
	if dir, err := e.source(); err == nil {
		e.batch.begin(dir)
	}
}

// code returns the function's code, and a function that returns the build's error once the CDK has
// made the asset: the CDK itself drops the compiler's messages.
func (e *emailOTP) code(f settings.Function) (awslambda.Code, func() error) {
	if code, ok := e.config.codes[f]; ok {
		return code, func() error { return nil }
	}
	dir, err := e.source()
	if err == nil {
		err = build.CheckSource(dir, string(f))
	}
	if err != nil {
		refuse(*e.Node().Path(), []string{withRemedy(f, err)})
	}
	if e.batch.done == nil {
		e.batch.source = dir
	}
	b := &bundler{function: f, batch: e.batch}
	if f == settings.CreateAuthChallenge {
		b.mailFile = e.config.mailFile
	}
	code := awslambda.Code_FromAsset(jsii.String(filepath.Join(dir, "lambdas", string(f))), &awss3assets.AssetOptions{
		AssetHashType: awscdk.AssetHashType_OUTPUT,
		Bundling: &awscdk.BundlingOptions{
			// Mandatory and never used: TryBundle doesn't return false.
			Image:       awscdk.DockerImage_FromRegistry(jsii.String("emailotp-builds-without-docker")),
			Local:       b,
			Environment: b.cacheKey(),
		},
	})
	return code, func() error {
		if b.failure == nil {
			return nil
		}
		return fmt.Errorf("%s", withRemedy(f, b.failure))
	}
}

// source finds the directory of this module's source, once.
func (e *emailOTP) source() (dir string, err error) {
	if e.sourceDir == "" {
		e.sourceDir, err = e.findSource()
	}
	return e.sourceDir, err
}

func (e *emailOTP) findSource() (string, error) {
	if dir, ok := e.Node().TryGetContext(jsii.String(sourceContext)).(string); ok && dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := build.Locate(context.Background())
	if err != nil {
		return "", fmt.Errorf("%w; name its directory by the context key %q", err, sourceContext)
	}
	return dir, nil
}

var lineBreaks = regexp.MustCompile(`\s*\n\s*`)

// withRemedy adds the prop that makes the build unnecessary.
func withRemedy(f settings.Function, err error) string {
	words := lineBreaks.ReplaceAllString(strings.TrimSpace(err.Error()), "; ")
	return fmt.Sprintf("%s could not be built: %s; %sCode takes a zip built beforehand (emailotp lambdas writes one)",
		f, words, idOf(f))
}

func idOf(f settings.Function) string {
	for _, s := range slots {
		if s.function == f {
			return s.id
		}
	}
	return string(f)
}

// failures counts the process's failed bundlings.
var failures atomic.Int64

// bundler builds one function where the CDK would start Docker.
type bundler struct {
	function settings.Function
	batch    *batch
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
	if err := b.batch.write(b.function, filepath.Join(out, build.Bootstrap)); err != nil {
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
