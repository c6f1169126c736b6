package emailotp

import (
	"errors"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/bundle"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// beginBuilding starts to build the functions whose code is not among the props. It builds none
// where the CDK leaves this stack's assets out, where `emailotp dev` synthesises and builds them
// for its own machine, or where the source can't be found: code then reports that.
func (e *emailOTP) beginBuilding() {
	var pending []settings.Function
	for _, slot := range e.config.slots() {
		if _, given := e.config.codes[slot.Function]; !given {
			pending = append(pending, slot.Function)
		}
	}
	e.batch = bundle.New(e.config.goarch, pending)
	e.batch.Unbuilt = e.Node().TryGetContext(jsii.String(contract.UnbuiltContext)) == "true"
	if len(pending) == 0 || !*e.stack().BundlingRequired() || e.batch.Unbuilt {
		return
	}
	if dir, err := e.source(); err == nil {
		e.batch.Begin(dir)
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
		refuse(*e.Node().Path(), []string{bundle.WithRemedy(f, slots.IDOf(f), err)})
	}
	var mailFile []byte
	if f == settings.CreateAuthChallenge {
		mailFile = e.config.mailFile
	}
	code, failure := e.batch.Code(dir, f, mailFile)
	return code, func() error {
		if err := failure(); err != nil {
			return errors.New(bundle.WithRemedy(f, slots.IDOf(f), err))
		}
		return nil
	}
}

// source finds the directory of this module's source, once.
func (e *emailOTP) source() (dir string, err error) {
	if e.sourceDir == "" {
		e.sourceDir, err = bundle.Source(e)
	}
	return e.sourceDir, err
}
