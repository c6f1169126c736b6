// Package stack is the app's one stack: a sign-in, and an API behind it.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// whoAmI answers with the sub of the token that API Gateway has checked.
const whoAmI = `exports.handler = async (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({ sub: event.requestContext.authorizer.claims.sub }),
});
`

// New creates the stack: a password and a mailed code open the sign-in, whose ID token opens
// GET /me.
func New(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:        emailotp.ModePassword,
		Sender:      emailotp.SenderDomain("example.com", "no-reply"),
		ProductName: jsii.String("Example"),
	})

	function := awslambda.NewFunction(stack, jsii.String("WhoAmI"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_22_X(),
		Handler: jsii.String("index.handler"),
		Code:    awslambda.Code_FromInline(jsii.String(whoAmI)),
	})
	api := awsapigateway.NewRestApi(stack, jsii.String("Api"), &awsapigateway.RestApiProps{
		// Throttling bounds what a stolen token can cost; the sign-in has budgets of its own.
		DeployOptions: &awsapigateway.StageOptions{ThrottlingRateLimit: jsii.Number(50),
			ThrottlingBurstLimit: jsii.Number(100)},
	})
	api.Root().AddResource(jsii.String("me"), nil).AddMethod(jsii.String("GET"),
		awsapigateway.NewLambdaIntegration(function, nil),
		&awsapigateway.MethodOptions{
			AuthorizationType: awsapigateway.AuthorizationType_COGNITO,
			// Without scopes the authorizer accepts ID tokens and refuses access tokens.
			Authorizer: awsapigateway.NewCognitoUserPoolsAuthorizer(stack, jsii.String("Authorizer"),
				&awsapigateway.CognitoUserPoolsAuthorizerProps{
					CognitoUserPools: &[]awscognito.IUserPool{signIn.UserPool()},
				}),
		})

	signIn.AddOutputs()
	awscdk.NewCfnOutput(stack, jsii.String("ApiUrl"), &awscdk.CfnOutputProps{Value: api.Url()})
	return stack
}
