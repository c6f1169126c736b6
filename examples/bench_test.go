//go:build !race

package examples_test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

func props() *emailotp.EmailOTPProps {
	return &emailotp.EmailOTPProps{Mode: emailotp.ModePasswordless, Sender: emailotp.SenderAddress("no-reply@example.com")}
}

// BenchmarkConstruct is the creation of one construct, without building its functions.
func BenchmarkConstruct(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		stack := awscdk.NewStack(emailotptest.App(b, nil), jsii.String("Stack"), nil)
		b.StartTimer()
		emailotp.NewEmailOTP(stack, jsii.String("SignIn"), props())
	}
}

// BenchmarkSynth is an app from its creation to its assembly, the functions built anew each time
// with Go's caches warm; beside it the same app with nothing but the pool and the client.
func BenchmarkSynth(b *testing.B) {
	for _, app := range []struct {
		name string
		fill func(stack awscdk.Stack)
	}{
		{"BarePoolAndClient", func(stack awscdk.Stack) {
			pool := awscognito.NewUserPool(stack, jsii.String("UserPool"),
				&awscognito.UserPoolProps{FeaturePlan: awscognito.FeaturePlan_LITE})
			pool.AddClient(jsii.String("Client"),
				&awscognito.UserPoolClientOptions{AuthFlows: &awscognito.AuthFlow{Custom: jsii.Bool(true)}})
		}},
		{"EmailOTP", func(stack awscdk.Stack) { emailotp.NewEmailOTP(stack, jsii.String("SignIn"), props()) }},
	} {
		b.Run(app.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				awscdk.AssetStaging_ClearAssetHashCache() // or only the first synthesis would build
				outdir := jsii.String(b.TempDir())
				b.StartTimer()
				root := awscdk.NewApp(&awscdk.AppProps{Outdir: outdir})
				app.fill(awscdk.NewStack(root, jsii.String("Stack"), nil))
				root.Synth(nil)
			}
		})
	}
}
