package awsapi

// A Service is an AWS service and how its requests look.
type Service struct {
	// ID is the service's id in the SDKs, from which the names of its settings come, such as
	// AWS_ENDPOINT_URL_CLOUDWATCH_LOGS.
	ID string
	// Host is the first part of its host name, Name its name in signatures and, unless Action is
	// set, in IAM's actions.
	Host, Name, Action string
	// Target is the prefix of X-Amz-Target in the JSON protocol, JSON its version; Version is the
	// API version of the query protocol. All are empty for a REST service.
	Target, JSON, Version string
	// Global is true for a service with one address for all Regions of a partition.
	Global bool
}

// The services.
var (
	APIGateway     = Service{ID: "ApiGatewayV2", Host: "apigateway", Name: "apigateway"}
	CloudFormation = Service{ID: "CloudFormation", Host: "cloudformation", Name: "cloudformation",
		Version: "2010-05-15"}
	CloudFront = Service{ID: "CloudFront", Host: "cloudfront", Name: "cloudfront", Global: true}
	CloudWatch = Service{ID: "CloudWatch", Host: "monitoring", Name: "monitoring", Action: "cloudwatch",
		Version: "2010-08-01"}
	Cognito = Service{ID: "Cognito Identity Provider", Host: "cognito-idp", Name: "cognito-idp",
		Target: "AWSCognitoIdentityProviderService", JSON: "1.1"}
	DynamoDB    = Service{ID: "DynamoDB", Host: "dynamodb", Name: "dynamodb", Target: "DynamoDB_20120810", JSON: "1.0"}
	EventBridge = Service{ID: "EventBridge", Host: "events", Name: "events", Target: "AWSEvents", JSON: "1.1"}
	IAM         = Service{ID: "IAM", Host: "iam", Name: "iam", Version: "2010-05-08", Global: true}
	KMS         = Service{ID: "KMS", Host: "kms", Name: "kms", Target: "TrentService", JSON: "1.1"}
	Lambda      = Service{ID: "Lambda", Host: "lambda", Name: "lambda"}
	Logs        = Service{ID: "CloudWatch Logs", Host: "logs", Name: "logs", Target: "Logs_20140328", JSON: "1.1"}
	S3          = Service{ID: "S3", Host: "s3", Name: "s3"}
	Secrets     = Service{ID: "Secrets Manager", Host: "secretsmanager", Name: "secretsmanager", Target: "secretsmanager",
		JSON: "1.1"}
	SES = Service{ID: "SESv2", Host: "email", Name: "ses"}
	WAF = Service{ID: "WAFV2", Host: "wafv2", Name: "wafv2", Target: "AWSWAF_20190729", JSON: "1.1"}
)
