// Package settings keeps what operations describe and replace: a user pool's settings, which have
// no effect on sign-ins, and its app clients, which have. An update resets what it is not given, as
// Cognito's does.
package settings

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// Pool are the settings of a user pool as DescribeUserPool returns them. Its methods may be called
// from several goroutines at once.
type Pool struct {
	mu       sync.Mutex
	pool     map[string]any
	modified time.Time
	updates  int
}

// NewPool returns the settings of a pool: its description, or what the template has of it.
func NewPool(cfg config.Pool, schema []map[string]any, created time.Time) *Pool {
	pool := maps.Clone(cfg.Description)
	if pool == nil {
		pool = ofTemplate(cfg, schema, created)
	}
	return &Pool{pool: pool, modified: created}
}

// Describe returns DescribeUserPool's UserPool.
func (s *Pool) Describe() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	pool := maps.Clone(s.pool)
	// Two updates within the clock's resolution differ, too.
	pool["LastModifiedDate"] = awsjson.Epoch(s.modified.Add(time.Duration(s.updates) * time.Millisecond))
	return pool
}

// untouched are the members of the description that the request lacks, and does not reset.
var untouched = []string{"Id", "Arn", "CreationDate", "SchemaAttributes", "AliasAttributes", "UsernameAttributes",
	"UsernameConfiguration", "Domain", "CustomDomain", "Status", "EmailConfigurationFailure", "SmsConfigurationFailure"}

// resets returns the values that members get where a request lacks them. All others become absent.
func resets() map[string]any {
	return map[string]any{"UserPoolTier": "ESSENTIALS", "MfaConfiguration": "OFF", "DeletionProtection": "INACTIVE",
		"LambdaConfig": map[string]any{}, "AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": false},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": recoveryOptions(
			[]string{"verified_phone_number", "verified_email"})},
		"EmailConfiguration": map[string]any{"EmailSendingAccount": "COGNITO_DEFAULT"},
		"Policies": map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 8, "RequireLowercase": true,
			"RequireUppercase": true, "RequireNumbers": true, "RequireSymbols": true, "TemporaryPasswordValidityDays": 7}}}
}

// Update replaces the settings as Cognito does: a member that the request lacks goes back to its
// default.
func (s *Pool) Update(in map[string]any, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkUpdate(in); err != nil {
		return err
	}
	next := map[string]any{}
	for _, name := range untouched {
		if v, found := s.pool[name]; found {
			next[name] = v
		}
	}
	maps.Copy(next, resets())
	for name, v := range in {
		switch name {
		case "UserPoolId":
		case "PoolName":
			next["Name"] = v
		default:
			next[name] = v
		}
	}
	if in["PoolName"] == nil {
		next["Name"] = s.pool["Name"]
	}
	completePolicies(next)
	s.keepOlderMembers(next)
	syncTokenTrigger(next)
	s.pool, s.modified, s.updates = next, now, s.updates+1
	return nil
}

// checkUpdate refuses what Cognito refuses, in its words.
func checkUpdate(in map[string]any) error {
	admin := object(in, "AdminCreateUserConfig")
	if admin["UnusedAccountValidityDays"] != nil {
		return refusal.InvalidParameter("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of " +
			"UnusedAccountValidityDays")
	}
	template := object(in, "VerificationMessageTemplate")
	if template["EmailMessage"] != nil && template["EmailMessageByLink"] != nil {
		return refusal.InvalidParameter("EmailMessage and EmailMessageByLink exclude each other")
	}
	lambdas := object(in, "LambdaConfig")
	config := object(lambdas, "PreTokenGenerationConfig")
	if arn := lambdas["PreTokenGeneration"]; arn != nil && config != nil && arn != config["LambdaArn"] {
		return refusal.InvalidParameter("Cannot use PreTokenGenerationLambda and PreTokenGeneration with different " +
			"Lambda function ARN's")
	}
	if (lambdas["CustomEmailSender"] != nil || lambdas["CustomSMSSender"] != nil) && lambdas["KMSKeyID"] == nil {
		return refusal.InvalidParameter("KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.")
	}
	for tag := range object(in, "UserPoolTags") {
		if strings.HasPrefix(tag, "aws:") {
			return awsjson.Fail("UserPoolTaggingException", "aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

// completePolicies adds the policies that a request with some of them lacks.
func completePolicies(next map[string]any) {
	preset := object(resets(), "Policies")
	policies := map[string]any{}
	maps.Copy(policies, object(next, "Policies"))
	password := maps.Clone(object(policies, "PasswordPolicy"))
	if password == nil {
		password = object(preset, "PasswordPolicy")
	}
	const days = "TemporaryPasswordValidityDays"
	if password[days] == nil {
		password[days] = object(preset, "PasswordPolicy")[days]
	}
	policies["PasswordPolicy"] = password
	next["Policies"] = policies
}

// keepOlderMembers keeps what Cognito shows of older pools, and AWS's own tags.
func (s *Pool) keepOlderMembers(next map[string]any) {
	if object(s.pool, "AdminCreateUserConfig")["UnusedAccountValidityDays"] != nil {
		admin := maps.Clone(object(next, "AdminCreateUserConfig"))
		admin["UnusedAccountValidityDays"] = object(object(next, "Policies"),
			"PasswordPolicy")["TemporaryPasswordValidityDays"]
		next["AdminCreateUserConfig"] = admin
	}
	tags := maps.Clone(object(next, "UserPoolTags"))
	for tag, v := range object(s.pool, "UserPoolTags") {
		if strings.HasPrefix(tag, "aws:") {
			if tags == nil {
				tags = map[string]any{}
			}
			tags[tag] = v
		}
	}
	if tags != nil {
		next["UserPoolTags"] = tags
	}
}

// syncTokenTrigger sets the two members of the token trigger to one function, as Cognito does.
func syncTokenTrigger(pool map[string]any) {
	lambdas := maps.Clone(object(pool, "LambdaConfig"))
	if config := object(lambdas, "PreTokenGenerationConfig"); config != nil {
		lambdas["PreTokenGeneration"] = config["LambdaArn"]
	} else if arn := lambdas["PreTokenGeneration"]; arn != nil {
		lambdas["PreTokenGenerationConfig"] = map[string]any{"LambdaArn": arn, "LambdaVersion": "V1_0"}
	}
	pool["LambdaConfig"] = lambdas
}

func object(m map[string]any, name string) map[string]any {
	o, _ := m[name].(map[string]any)
	return o
}
