//go:build !race

package emailotp_test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// BenchmarkNewEmailOTP is what the construct adds to an app's start, without building functions.
func BenchmarkNewEmailOTP(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		stack := newStack(b)
		b.StartTimer()
		signIn(stack, valid(emailotp.ModePasswordless))
	}
}

// BenchmarkSynth compares an app with an EmailOTP to one with a bare pool and client. Functions are
// built in the former, from a warm cache.
func BenchmarkSynth(b *testing.B) {
	for name, add := range map[string]func(awscdk.Stack){
		"EmailOTP": func(stack awscdk.Stack) { signIn(stack, valid(emailotp.ModePasswordless)) },
		"bare": func(stack awscdk.Stack) {
			awscognito.NewUserPool(stack, text("Pool"), nil).AddClient(text("Client"), nil)
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				app := emailotptest.App(b, map[string]any{"aws:cdk:bundling-stacks": []string{"**"}})
				add(awscdk.NewStack(app, text("Prod"), nil))
				app.Synth(nil)
			}
		})
	}
}
