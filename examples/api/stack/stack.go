// Package stack is the app's one stack: a sign-in, and an API behind it.
package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// whoAmI answers with the sub of the token that API Gateway has checked. %s is a header or nothing.
const whoAmI = `exports.handler = async (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store'%s },
  body: JSON.stringify({ sub: event.requestContext.authorizer.claims.sub }),
});
`

// corsHeader is the header for a browser app on another origin.
const corsHeader = ", 'access-control-allow-origin': process.env.ALLOWED_ORIGIN"

// New creates the stack: a password and a mailed code open the sign-in, whose ID token, or access
// token by the props, opens GET /me. It panics with a sentence if the props are invalid.
func New(scope constructs.Construct, id string, props Props) awscdk.Stack {
	if err := props.check(); err != nil {
		panic(err)
	}
	stack := awscdk.NewStack(scope, &id, nil)

	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:        emailotp.ModePassword,
		Sender:      emailotp.SenderDomain("example.com", "no-reply"),
		ProductName: jsii.String("Example"),
	})

	header := ""
	if props.Origin != "" {
		header = corsHeader
	}
	function := awslambda.NewFunction(stack, jsii.String("WhoAmI"), &awslambda.FunctionProps{
		Runtime:     awslambda.Runtime_NODEJS_22_X(),
		Handler:     jsii.String("index.handler"),
		Code:        awslambda.Code_FromInline(jsii.String(fmt.Sprintf(whoAmI, header))),
		Environment: props.environment(),
	})
	api := awsapigateway.NewRestApi(stack, jsii.String("Api"), &awsapigateway.RestApiProps{
		// Throttling bounds what a stolen token can cost; the sign-in has budgets of its own.
		DeployOptions: &awsapigateway.StageOptions{ThrottlingRateLimit: jsii.Number(50),
			ThrottlingBurstLimit: jsii.Number(100)},
	})
	me := api.Root().AddResource(jsii.String("me"), nil)
	me.AddMethod(jsii.String("GET"),
		awsapigateway.NewLambdaIntegration(function, nil),
		&awsapigateway.MethodOptions{
			AuthorizationType: awsapigateway.AuthorizationType_COGNITO,
			// Without scopes the authorizer accepts ID tokens and refuses access tokens.
			Authorizer: awsapigateway.NewCognitoUserPoolsAuthorizer(stack, jsii.String("Authorizer"),
				&awsapigateway.CognitoUserPoolsAuthorizerProps{
					CognitoUserPools: &[]awscognito.IUserPool{signIn.UserPool()},
				}),
			AuthorizationScopes: props.scopes(),
		})
	props.allow(api, me)

	signIn.AddOutputs()
	awscdk.NewCfnOutput(stack, jsii.String("ApiUrl"), &awscdk.CfnOutputProps{Value: api.Url()})
	return stack
}
