package userpool

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// settings are what DescribeUserPool returns and UpdateUserPool replaces. Sign-ins go by Config.
type settings struct {
	mu       sync.Mutex
	pool     map[string]any
	modified time.Time
	updates  int
}

func (s *settings) begin(p *Pool) {
	if s.pool = maps.Clone(p.cfg.Description); s.pool == nil {
		s.pool = p.describeTemplate()
	}
	s.modified = p.created
}

// describeUserPool describes the pool.
func (p *Pool) describeUserPool(*call, *struct{}) (any, error) {
	p.settings.mu.Lock()
	defer p.settings.mu.Unlock()
	pool := maps.Clone(p.settings.pool)
	// Two updates within the clock's resolution differ, too.
	pool["LastModifiedDate"] = awsjson.Epoch(p.settings.modified.Add(time.Duration(p.settings.updates) * time.Millisecond))
	pool["EstimatedNumberOfUsers"] = p.users.Count()
	return map[string]any{"UserPool": pool}, nil
}

// getUserPoolMfaConfig describes the native MFA, which is not emulated.
func (p *Pool) getUserPoolMfaConfig(*call, *struct{}) (any, error) {
	p.settings.mu.Lock()
	defer p.settings.mu.Unlock()
	return map[string]any{"MfaConfiguration": p.settings.pool["MfaConfiguration"]}, nil
}

// updateUserPool makes the operation that replaces all settings. It takes the request as raw JSON,
// as its members are many and none has an effect here.
func updateUserPool() operation {
	return operation{isGuarded: true, run: func(p *Pool, c *call, body []byte) (any, error) {
		return guarded(func(p *Pool, _ *call, _ *struct{}) (any, error) {
			var in map[string]any
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			if err := d.Decode(&in); err != nil {
				return nil, refusal.InvalidParameter("the request is no JSON object")
			}
			return map[string]any{}, p.settings.update(in, p.now())
		}).run(p, c, body)
	}}
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

// update replaces the settings as Cognito does: a member that the request lacks goes back to its
// default.
func (s *settings) update(in map[string]any, now time.Time) error {
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

// keepOlderMembers keeps what Cognito shows of older pools, and AWS's own tags.
func (s *settings) keepOlderMembers(next map[string]any) {
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

// syncTokenTrigger gives the two members of the token trigger one function, as Cognito does.
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
