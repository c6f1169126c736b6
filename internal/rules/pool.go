package rules

import (
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// lambdaConfigNames are the names in LambdaConfig by which a pool calls a function.
var lambdaConfigNames = map[settings.Function][]string{
	settings.DefineAuthChallenge: {"DefineAuthChallenge"},
	settings.CreateAuthChallenge: {"CreateAuthChallenge"},
	settings.VerifyAuthChallenge: {"VerifyAuthChallengeResponse"},
	settings.PreSignUp:           {"PreSignUp"},
	settings.PreTokenGeneration:  {"PreTokenGeneration", "PreTokenGenerationConfig"},
}

// The names in LambdaConfig of the triggers that options add: CustomMessage by which Cognito's own
// mails are written, PostConfirmation by which a password reset forgets remembered devices.
const (
	CustomMessage    = "CustomMessage"
	PostConfirmation = "PostConfirmation"
)

// optional are the functions behind the triggers that options add, and what follows where the pool
// does not call them.
var optional = map[string]struct {
	function     settings.Function
	harm, option string
}{
	CustomMessage: {settings.CreateAuthChallenge, "Cognito's mails are not EmailOTP's", "CustomMessages"},
	PostConfirmation: {settings.VerifyAuthChallenge, "a password reset leaves the remembered devices as they are",
		"RememberDevices or PasswordRecovery"},
}

// Optional returns the function that a pool calls by a name in LambdaConfig which an option adds;
// empty for every other name.
func Optional(name string) settings.Function { return optional[name].function }

// OptionalOf returns the names in LambdaConfig that the options of s add.
func OptionalOf(s settings.Settings) (names []string) {
	if s.CustomMessages {
		names = append(names, CustomMessage)
	}
	if s.ForgetsDevices() {
		names = append(names, PostConfirmation)
	}
	return names
}

// LambdaConfigNames returns the names in LambdaConfig by which a pool calls a function: one, or two
// where Cognito knows two forms of the trigger. It returns nothing for a function that is no
// trigger.
func LambdaConfigNames(f settings.Function) []string { return lambdaConfigNames[f] }

// LambdaConfig returns the functions that a pool calls, by their capitalised names in its
// LambdaConfig. Both forms of a value, an ARN and an object with a LambdaArn, go to function, which
// returns EmailOTP's function, or "".
func LambdaConfig(config Properties, function func(arn any) settings.Function) map[string]settings.Function {
	triggers := map[string]settings.Function{}
	for name, value := range config {
		if versioned, ok := value.(map[string]any); ok {
			if arn := Properties(versioned).get("LambdaArn"); arn != nil {
				value = arn
			}
		}
		if name != "" && value != nil && value != "" {
			triggers[strings.ToUpper(name[:1])+name[1:]] = function(value)
		}
	}
	return triggers
}

func checkPool(p Pool) []Finding {
	c := &collector{resource: "user pool", name: p.Name, id: p.ID}
	c.checkTriggers(p)
	if p.Mode != settings.Passwordless {
		if how := emailRecovery(p.Properties); how != "" {
			c.add(EmailRecovery, how, "the mailbox alone replaces the password and is both factors",
				"use AccountRecovery_NONE, or PHONE_ONLY_WITHOUT_MFA")
		}
		if mfa := p.Properties.get("MfaConfiguration"); mfa != nil && mfa != "OFF" {
			c.add(NativeMFA, "has MfaConfiguration "+describe(mfa),
				"Cognito may issue tokens after a native factor without requesting the code", "use Mfa_OFF")
		}
	}
	if p.Triggers[CustomMessage] == settings.CreateAuthChallenge &&
		p.Properties.object("EmailConfiguration").get("EmailSendingAccount") != "DEVELOPER" {
		c.add(RefusedMail, "calls the EmailOTP for its trigger CustomMessage and does not mail by an identity of yours "+
			"(EmailConfiguration EmailSendingAccount DEVELOPER)", "Cognito refuses the answer and sends no mail of its own",
			"set it to DEVELOPER with a verified SES identity as its SourceArn, or leave CustomMessages out")
	}
	if p.Properties.list("AliasAttributes").mayHave("email") {
		c.add(EmailAlias, "has e-mail as an alias", "verifying an address moves it from its owner to another user",
			"make it the user name (SignInAliases{Email} alone), or leave it out of the aliases")
	}
	return c.found
}

// checkTriggers reports triggers that call no function of EmailOTP. Cognito calls one function for
// both names of PreTokenGeneration, so a foreign one at either name replaces EmailOTP's.
func (c *collector) checkTriggers(p Pool) {
	for _, function := range settings.Triggers(p.Mode) {
		names, isCalled := lambdaConfigNames[function], false
		replaced := ""
		for _, name := range names {
			called, isSet := p.Triggers[name]
			isCalled = isCalled || called == function
			if isSet && called != function {
				replaced = name
			}
		}
		if replaced == "" && !isCalled {
			replaced = names[0]
		}
		if replaced != "" {
			c.replaced(replaced, "EmailOTP no longer guards its sign-in", "")
		}
	}
	for _, name := range p.Optional {
		if o := optional[name]; p.Triggers[name] != o.function {
			c.replaced(name, o.harm, fmt.Sprintf("; pass a function of yours as the prop %s, or leave %s out", name, o.option))
		}
	}
}

func (c *collector) replaced(trigger, harm, remedy string) {
	c.add(ReplacedTrigger, "no longer calls the EmailOTP's function for its trigger "+trigger, harm,
		"take out what changed LambdaConfig: an AddTrigger, an aspect or an override"+remedy)
}

const unknownRecovery = "has an account recovery that is not known before deployment"

// emailRecovery returns how the pool resets passwords by e-mail; empty if it does not. Absent,
// Cognito may use the e-mail address.
func emailRecovery(p Properties) string {
	setting := p.get("AccountRecoverySetting")
	if setting == nil {
		return "leaves its account recovery to Cognito's default, which resets passwords by e-mail"
	}
	mechanisms, ok := p.object("AccountRecoverySetting").get("RecoveryMechanisms").([]any)
	if !ok || len(mechanisms) == 0 {
		return unknownRecovery
	}
	for _, m := range mechanisms {
		mechanism, _ := m.(map[string]any)
		switch name := Properties(mechanism).get("Name"); name {
		case "admin_only", "verified_phone_number":
		case "verified_email":
			return "resets passwords by e-mail (AccountRecoverySetting verified_email)"
		default:
			return unknownRecovery
		}
	}
	return ""
}
