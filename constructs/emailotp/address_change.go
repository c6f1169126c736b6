package emailotp

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// AddressChange has the settings and rights of a function that changes users' addresses. A page
// with ChangeAddress creates it.
type AddressChange struct {
	// Problem is the reason why this EmailOTP can't have such a function; empty if it can.
	Problem string
	// Environment is the function's, without the clients and the page's secret.
	Environment map[string]string
	// MailFile is the mail.json beside the program; nil for none.
	MailFile []byte
	// Statements are the role's permissions.
	Statements []awsiam.PolicyStatement
}

func (e *emailOTP) AddressChange() AddressChange {
	users := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Resources: &[]*string{e.pool.UserPoolArn()},
		Actions: jsii.Strings(settings.ChangeAddressPoolActions()...)})
	return AddressChange{Problem: e.addressChangeProblem(), MailFile: e.config.mailFile,
		Environment: e.config.settings.Environment(settings.ChangeAddress),
		// It makes codes and mails them as create does.
		Statements: append(e.statements(settings.CreateAuthChallenge), users)}
}

// addressChangeProblem reports what makes both codes worthless: a client that may write the
// address, which a pool that requires it grants to every client.
func (e *emailOTP) addressChangeProblem() string {
	c := &e.config
	switch {
	case c.imported:
		return "the pool is imported, so whether it requires email, which every client could then write, is not known " +
			"here; leave ChangeAddress out"
	case c.clientsMayChangeEmail || slices.ContainsFunc(c.bypasses,
		func(b Bypass) bool { return b.Kind == BypassWriteEmail }):
		return "clients may write email (ClientsMayChangeEmail, or an acknowledged bypass), so that no code guards it; " +
			"leave that out, or ChangeAddress"
	}
	own := e.tree().Own()
	if own == nil {
		return ""
	}
	resource := e.tree().Resource()
	schema, _ := apptree.Resolver(e.stack())(resource.Schema()).([]any)
	for _, each := range schema {
		if attribute, _ := each.(map[string]any); attribute["name"] == "email" && attribute["required"] == true {
			return "the pool requires email, and Cognito lets every client write a required attribute; a pool's schema " +
				"can't be changed, so leave ChangeAddress out"
		}
	}
	return ""
}
