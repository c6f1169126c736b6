// Package storage creates the key of the codes and the table that counts guesses and mails.
package storage

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NewKey creates the key of a generation. The first one's construct id is without its number.
func NewKey(scope constructs.Construct, generation int, policy awscdk.RemovalPolicy) awskms.Key {
	id := "Key"
	if generation > 1 {
		id += strconv.Itoa(generation)
	}
	return awskms.NewKey(scope, jsii.String(id), &awskms.KeyProps{
		Description:   jsii.String("Derives and binds EmailOTP sign-in codes"),
		KeySpec:       awskms.KeySpec_HMAC_256,
		KeyUsage:      awskms.KeyUsage_GENERATE_VERIFY_MAC,
		RemovalPolicy: policy,
	})
}

// NewTable creates the table.
func NewTable(scope constructs.Construct, encryption awsdynamodb.TableEncryptionV2, isProtected bool,
	policy awscdk.RemovalPolicy) awsdynamodb.TableV2 {
	return awsdynamodb.NewTableV2(scope, jsii.String("Table"), &awsdynamodb.TablePropsV2{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String("ttl"),
		Billing:             awsdynamodb.Billing_OnDemand(nil),
		Encryption:          encryption,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(isProtected),
		RemovalPolicy:      policy,
	})
}
