package attach

import (
	"fmt"
	"maps"
	"slices"
)

// A member maps one member of DescribeUserPool's answer to UpdateUserPool's request.
type member struct {
	// name is the member's name in the request; empty where it is the same.
	name string
	// drop leaves the member out: UpdateUserPool has no such input.
	drop bool
	// inner are the members of an object or of the objects in a list. Nil is a value that is
	// carried over whole: a text, a number, a list of texts, a map with names of the adopter's own.
	inner map[string]member
}

// values are members without a structure of their own.
func values(names ...string) map[string]member {
	all := make(map[string]member, len(names))
	for _, n := range names {
		all[n] = member{}
	}
	return all
}

var versioned = member{inner: values("LambdaArn", "LambdaVersion")}

// poolMembers is DescribeUserPool's UserPool as aws-sdk-go-v2 cognitoidentityprovider v1.61.0 has
// it. UpdateUserPool resets what it is not given, so a member that is not in this table stops
// everything: [request] names it.
var poolMembers = map[string]member{
	"Id":   {name: "UserPoolId"},
	"Name": {name: "PoolName"},

	"AccountRecoverySetting": {inner: map[string]member{
		"RecoveryMechanisms": {inner: values("Name", "Priority")}}},
	"AdminCreateUserConfig": {inner: map[string]member{
		"AllowAdminCreateUserOnly": {},
		"InviteMessageTemplate":    {inner: values("EmailMessage", "EmailSubject", "SMSMessage")},
		// The request refuses it; [request] carries it over as TemporaryPasswordValidityDays.
		"UnusedAccountValidityDays": {}}},
	"AutoVerifiedAttributes": {},
	"DeletionProtection":     {},
	"DeviceConfiguration": {inner: values("ChallengeRequiredOnNewDevice",
		"DeviceOnlyRememberedOnUserPrompt")},
	"EmailConfiguration": {inner: values("ConfigurationSet", "EmailSendingAccount", "From",
		"ReplyToEmailAddress", "SourceArn")},
	"EmailVerificationMessage": {},
	"EmailVerificationSubject": {},
	"IssuerConfiguration":      {inner: values("Type")},
	"KeyConfiguration":         {inner: values("KeyType", "KmsKeyArn")},
	"LambdaConfig":             {inner: lambdaMembers},
	"MfaConfiguration":         {},
	"Policies": {inner: map[string]member{
		"PasswordPolicy": {inner: values("MinimumLength", "PasswordHistorySize", "RequireLowercase",
			"RequireNumbers", "RequireSymbols", "RequireUppercase", "TemporaryPasswordValidityDays")},
		"SignInPolicy": {inner: values("AllowedFirstAuthFactors")}}},
	"SmsAuthenticationMessage": {},
	"SmsConfiguration":         {inner: values("ExternalId", "SnsCallerArn", "SnsRegion")},
	"SmsVerificationMessage":   {},
	"UserAttributeUpdateSettings": {inner: values(
		"AttributesRequireVerificationBeforeUpdate")},
	"UserPoolAddOns": {inner: map[string]member{
		"AdvancedSecurityMode":            {},
		"AdvancedSecurityAdditionalFlows": {inner: values("CustomAuthMode")}}},
	"UserPoolTags": {},
	"UserPoolTier": {},
	"VerificationMessageTemplate": {inner: values("DefaultEmailOption", "EmailMessage",
		"EmailMessageByLink", "EmailSubject", "EmailSubjectByLink", "SmsMessage")},

	"AliasAttributes":           {drop: true},
	"Arn":                       {drop: true},
	"CreationDate":              {drop: true},
	"CustomDomain":              {drop: true},
	"Domain":                    {drop: true},
	"EmailConfigurationFailure": {drop: true},
	"EstimatedNumberOfUsers":    {drop: true},
	"LastModifiedDate":          {drop: true},
	"SchemaAttributes":          {drop: true},
	"SmsConfigurationFailure":   {drop: true},
	"Status":                    {drop: true},
	"UsernameAttributes":        {drop: true},
	"UsernameConfiguration":     {drop: true},
}

var lambdaMembers = map[string]member{
	"CreateAuthChallenge": {}, "CustomMessage": {}, "DefineAuthChallenge": {}, "KMSKeyID": {},
	"PostAuthentication": {}, "PostConfirmation": {}, "PreAuthentication": {}, "PreSignUp": {},
	"PreTokenGeneration": {}, "UserMigration": {}, "VerifyAuthChallengeResponse": {},
	"CustomEmailSender": versioned, "CustomSMSSender": versioned, "InboundFederation": versioned,
	"PreTokenGenerationConfig": versioned,
}

// unknownMembers returns the paths of all members that the table lacks, in order.
func unknownMembers(path string, value any, known map[string]member) []string {
	var unknown []string
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			unknown = append(unknown, unknownMembers(fmt.Sprintf("%s[%d]", path, i), e, known)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := name
			if path != "" {
				at = path + "." + name
			}
			m, found := known[name]
			switch {
			case !found:
				unknown = append(unknown, at)
			case m.inner != nil:
				unknown = append(unknown, unknownMembers(at, v[name], m.inner)...)
			}
		}
	}
	return unknown
}
