// Command trivial is all functions of a sign-in in one binary, with nothing of
// the care of the real ones: it shows that a binary is led to the sandbox's
// services by its environment alone.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamo "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

type object = map[string]any

type app struct {
	cfg   aws.Config
	table *string
	key   *string
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryMaxAttempts(1))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	a := app{cfg, aws.String(os.Getenv("EMAILOTP_TABLE")), aws.String(os.Getenv("EMAILOTP_KEY"))}
	lambda.Start(a.handle)
}

func (a app) handle(ctx context.Context, event object) (object, error) {
	if _, ok := event["detail-type"]; ok {
		return nil, a.mark(ctx, event)
	}
	request := event["request"].(object)
	source, _, _ := strings.Cut(event["triggerSource"].(string), "_")
	var err error
	switch source {
	case "DefineAuthChallenge":
		event["response"] = define(request)
	case "CreateAuthChallenge":
		event["response"], err = a.create(ctx, request)
	case "VerifyAuthChallengeResponse":
		event["response"], err = a.verify(ctx, event, request)
	case "PreSignUp":
		event["response"] = object{"autoConfirmUser": true, "autoVerifyEmail": false, "autoVerifyPhone": false}
	}
	return event, err
}

// mark takes an event about a mail that came back.
func (a app) mark(ctx context.Context, event object) error {
	mail := event["detail"].(object)["mail"].(object)
	sub := mail["tags"].(object)["emailotp-item"].([]any)[0].(string)
	_, err := dynamodb.NewFromConfig(a.cfg).UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: a.table, Key: itemKey(sub), UpdateExpression: aws.String("SET bounced = :to"),
		ExpressionAttributeValues: map[string]dynamo.AttributeValue{":to": &dynamo.AttributeValueMemberS{Value: mail["destination"].([]any)[0].(string)}},
	})
	return err
}

func define(request object) object {
	rows, _ := request["session"].([]any)
	if len(rows) == 0 {
		return object{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}
	}
	right, _ := rows[len(rows)-1].(object)["challengeResult"].(bool)
	return object{"challengeName": nil, "issueTokens": right, "failAuthentication": !right}
}

func (a app) create(ctx context.Context, request object) (object, error) {
	attributes := request["userAttributes"].(object)
	sub, to := attributes["sub"].(string), attributes["email"].(string)
	_, err := dynamodb.NewFromConfig(a.cfg).UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: a.table, Key: itemKey(sub), UpdateExpression: aws.String("ADD mails :one"),
		ExpressionAttributeValues: map[string]dynamo.AttributeValue{":one": &dynamo.AttributeValueMemberN{Value: "1"}},
	})
	if err != nil {
		return nil, err
	}
	const code = "2718 2818"
	mac, err := kms.NewFromConfig(a.cfg).GenerateMac(ctx, &kms.GenerateMacInput{KeyId: a.key, MacAlgorithm: kmstypes.MacAlgorithmSpecHmacSha256, Message: []byte(code)})
	if err != nil {
		return nil, err
	}
	_, err = sesv2.NewFromConfig(a.cfg).SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(os.Getenv("EMAILOTP_FROM")), ConfigurationSetName: aws.String(os.Getenv("EMAILOTP_CONFIGURATION_SET")),
		Destination: &ses.Destination{ToAddresses: []string{to}}, EmailTags: []ses.MessageTag{{Name: aws.String("emailotp-item"), Value: &sub}},
		Content: &ses.EmailContent{Simple: &ses.Message{Subject: &ses.Content{Data: aws.String("Code")}, Body: &ses.Body{Text: &ses.Content{Data: aws.String(code)}}}},
	})
	return object{
		"publicChallengeParameters":  object{"codeLength": "8"},
		"privateChallengeParameters": object{"mac": base64.StdEncoding.EncodeToString(mac.Mac)}, "challengeMetadata": "M",
	}, err
}

func (a app) verify(ctx context.Context, event, request object) (object, error) {
	mac, err := base64.StdEncoding.DecodeString(request["privateChallengeParameters"].(object)["mac"].(string))
	if err != nil {
		return nil, err
	}
	_, err = kms.NewFromConfig(a.cfg).VerifyMac(ctx, &kms.VerifyMacInput{
		KeyId: a.key, MacAlgorithm: kmstypes.MacAlgorithmSpecHmacSha256, Message: []byte(request["challengeAnswer"].(string)), Mac: mac,
	})
	var wrong *kmstypes.KMSInvalidMacException
	if errors.As(err, &wrong) {
		return object{"answerCorrect": false}, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = cognitoidentityprovider.NewFromConfig(a.cfg).AdminUpdateUserAttributes(ctx, &cognitoidentityprovider.AdminUpdateUserAttributesInput{
		UserPoolId: aws.String(event["userPoolId"].(string)), Username: aws.String(event["userName"].(string)),
		UserAttributes: []cognito.AttributeType{{Name: aws.String("email_verified"), Value: aws.String("true")}},
	})
	return object{"answerCorrect": true}, err
}

func itemKey(pk string) map[string]dynamo.AttributeValue {
	return map[string]dynamo.AttributeValue{"pk": &dynamo.AttributeValueMemberS{Value: pk}}
}
