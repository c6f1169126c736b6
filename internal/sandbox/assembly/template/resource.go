package template

import (
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// kind describes how CloudFormation names the resources of a type.
type kind struct {
	nameProperty string
	longest      int
	service      string
	resource     string // of the ARN, with % in place of the name
	ref          refForm
}

type refForm int

const (
	refName refForm = iota
	refARN
	refUUID // Ref, and the ARN's last part, are a UUID
)

var kinds = map[string]kind{
	"AWS::Lambda::Function":       {"FunctionName", 64, "lambda", "function:%", refName},
	"AWS::DynamoDB::Table":        {"TableName", 255, "dynamodb", "table/%", refName},
	"AWS::DynamoDB::GlobalTable":  {"TableName", 255, "dynamodb", "table/%", refName},
	"AWS::KMS::Key":               {"", 0, "kms", "key/%", refUUID},
	"AWS::KMS::Alias":             {"AliasName", 256, "kms", "%", refName},
	"AWS::SES::EmailIdentity":     {"EmailIdentity", 320, "ses", "identity/%", refName},
	"AWS::SES::ConfigurationSet":  {"Name", 64, "ses", "configuration-set/%", refName},
	"AWS::Logs::LogGroup":         {"LogGroupName", 512, "logs", "log-group:%:*", refName},
	"AWS::SNS::Topic":             {"TopicName", 256, "sns", "%", refARN},
	"AWS::SQS::Queue":             {"QueueName", 80, "sqs", "%", refName},
	"AWS::SSM::Parameter":         {"Name", 1011, "ssm", "parameter/%", refName},
	"AWS::SecretsManager::Secret": {"Name", 512, "secretsmanager", "secret:%", refARN},
	"AWS::Events::Rule":           {"Name", 64, "events", "rule/%", refName},
	"AWS::Events::EventBus":       {"Name", 256, "events", "event-bus/%", refName},
	"AWS::CloudFormation::Stack":  {"", 128, "cloudformation", "stack/%", refARN},
}

// physical returns a resource's name: the template's, or one as CloudFormation generates it.
func (s *Stack) physical(id string, r *Resource, depth int) (string, error) {
	k := kinds[r.Type]
	if r.Type == "AWS::IAM::Role" {
		k = kind{nameProperty: "RoleName", longest: 64}
	}
	if r.Type == "AWS::S3::Bucket" {
		k = kind{nameProperty: "BucketName", longest: 63}
	}
	if k.ref == refUUID {
		return uuid(s.digest(id)), nil
	}
	if given, ok := r.Properties[k.nameProperty]; ok && k.nameProperty != "" {
		v, err := s.eval(given, depth+1)
		if err != nil {
			return "", err
		}
		if _, absent := v.(noValue); !absent {
			return Text(v)
		}
	}
	longest := k.longest
	if longest == 0 {
		longest = 128
	}
	name := PhysicalName(s.Name, id, longest)
	if r.Type == "AWS::S3::Bucket" {
		name = strings.ToLower(name)
	}
	return name, nil
}

// resourceRef returns the value of Ref for a resource.
func (s *Stack) resourceRef(id string, r *Resource, depth int) (any, error) {
	switch r.Type {
	case "AWS::Cognito::UserPool":
		return s.PoolID(id), nil
	case "AWS::Cognito::UserPoolClient":
		return s.ClientID(id), nil
	case "AWS::Lambda::Version", "AWS::Lambda::Alias":
		return s.qualifiedFunction(r, depth)
	}
	if kinds[r.Type].ref == refARN {
		return s.resourceARN(id, r, depth)
	}
	name, err := s.physical(id, r, depth)
	if err != nil {
		return nil, err
	}
	if r.Type == "AWS::SQS::Queue" {
		return "https://" + partition.Host("sqs", s.Region, false) + "/" + s.Account + "/" + name, nil
	}
	return name, nil
}

// qualifiedFunction returns the ARN of a function's version or alias.
func (s *Stack) qualifiedFunction(r *Resource, depth int) (string, error) {
	name, err := s.evalText(r.Properties["FunctionName"], depth)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(name, "arn:") {
		name = s.ARN("lambda", "function:"+name)
	}
	if r.Type == "AWS::Lambda::Version" {
		return name + ":1", nil
	}
	alias, err := s.evalText(r.Properties["Name"], depth)
	return name + ":" + alias, err
}

func (s *Stack) resourceARN(id string, r *Resource, depth int) (string, error) {
	switch r.Type {
	case "AWS::Cognito::UserPool":
		return s.ARN("cognito-idp", "userpool/"+s.PoolID(id)), nil
	case "AWS::Lambda::Version", "AWS::Lambda::Alias":
		return s.qualifiedFunction(r, depth)
	}
	name, err := s.physical(id, r, depth)
	if err != nil {
		return "", err
	}
	switch r.Type {
	case "AWS::IAM::Role":
		path := "/"
		if given, ok := r.Properties["Path"]; ok {
			if path, err = s.evalText(given, depth); err != nil {
				return "", err
			}
		}
		return "arn:" + s.Partition() + ":iam::" + s.Account + ":role" + path + name, nil
	case "AWS::IAM::ManagedPolicy":
		return "arn:" + s.Partition() + ":iam::" + s.Account + ":policy/" + name, nil
	case "AWS::S3::Bucket":
		return "arn:" + s.Partition() + ":s3:::" + name, nil
	}
	if k, ok := kinds[r.Type]; ok {
		return s.ARN(k.service, strings.Replace(k.resource, "%", name, 1)), nil
	}
	parts := strings.Split(strings.ToLower(r.Type), "::")
	return s.ARN(parts[min(1, len(parts)-1)], parts[len(parts)-1]+"/"+name), nil
}

// attribute returns the value of Fn::GetAtt for a resource.
func (s *Stack) attribute(id string, r *Resource, attribute string, depth int) (any, error) {
	switch r.Type + "." + attribute {
	case "AWS::Cognito::UserPool.UserPoolId":
		return s.PoolID(id), nil
	case "AWS::Cognito::UserPool.ProviderName":
		return strings.TrimPrefix(partition.Issuer(s.Region, s.PoolID(id)), "https://"), nil
	case "AWS::Cognito::UserPool.ProviderURL":
		return partition.Issuer(s.Region, s.PoolID(id)), nil
	case "AWS::Cognito::UserPoolClient.ClientId":
		return s.ClientID(id), nil
	case "AWS::Cognito::UserPoolClient.ClientSecret":
		return s.ClientSecret(id), nil
	case "AWS::KMS::Key.KeyId", "AWS::SNS::Topic.TopicName", "AWS::SQS::Queue.QueueName",
		"AWS::Lambda::Function.FunctionName":
		return s.physical(id, r, depth)
	case "AWS::SecretsManager::Secret.Id", "AWS::IAM::ManagedPolicy.PolicyArn", "AWS::Lambda::Version.FunctionArn",
		"AWS::Lambda::Alias.AliasArn":
		return s.resourceARN(id, r, depth)
	case "AWS::SNS::Topic.TopicArn":
		return s.resourceARN(id, r, depth)
	case "AWS::DynamoDB::Table.StreamArn", "AWS::DynamoDB::GlobalTable.StreamArn":
		arn, err := s.resourceARN(id, r, depth)
		return arn + "/stream/2026-01-01T00:00:00.000", err
	}
	if attribute == "Arn" {
		return s.resourceARN(id, r, depth)
	}
	// Only AWS knows all other attributes. An invented value lets the rest resolve; a plan that
	// uses one has a warning.
	if s.Invented == nil {
		s.Invented = map[string]bool{}
	}
	s.Invented[id+"."+attribute] = true
	return letters(s.digest(id, attribute), lowerAlphanumerics, 16), nil
}

// PoolID returns an id of the form that clients check.
func (s *Stack) PoolID(id string) string {
	return s.Region + "_" + letters(s.digest(id), alphanumerics, 9)
}

// ClientID returns an app client's id.
func (s *Stack) ClientID(id string) string {
	return letters(s.digest(id), lowerAlphanumerics, 26)
}

// ClientSecret returns an app client's secret. It is the same at every start.
func (s *Stack) ClientSecret(id string) string {
	return letters(append(s.digest(id, "secret 1"), s.digest(id, "secret 2")...), lowerAlphanumerics, 51)
}
