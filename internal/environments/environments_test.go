package environments_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// read reads a context written as JSON.
func read(t *testing.T, text string, stage, mode any) ([]environments.Environment, error) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return environments.Read(value, stage, mode)
}

const good = `{"dev": {"region": "eu-west-1", "mode": "passwordless", "sender": "no-reply@example.com"}, "prod": {"region": "eu-central-1", "mode": "password", "sender": "no-reply@example.com"}}`

func TestMistakesInTheContextAreSentencesThatNameThePlaceAndTheRemedy(t *testing.T) {
	for _, c := range []struct{ name, env, want string }{
		{"an unknown key", `"codeLenght": 8`, `unknown key "codeLenght" (did you mean "codeLength"?); the keys are account, allowedSignUpDomains,`},
		{"an unknown key near nothing", `"colour": "red"`, `unknown key "colour"; the keys are`},
		{"a number as text", `"codeLength": "8"`, `codeLength must be a whole number from 6 to 10 (received: "8")`},
		{"a short code", `"codeLength": 3`, `codeLength must be a whole number from 6 to 10 (received: 3)`},
		{"a fraction", `"maxAttempts": 2.5`, `maxAttempts must be a whole number from 1 to 5 (received: 2.5)`},
		{"null", `"guessBurst": null`, `guessBurst must be a whole number from 3 to 100 (received: null)`},
		{"a code that lives too long", `"codeTtlSeconds": 660`,
			`codeTtlSeconds must be a whole number from 60 to 480 (received: 660)`},
		{"a slow refill", `"guessRefillSeconds": 1`,
			`guessRefillSeconds must be a whole number from 60 to 86400 (received: 1)`},
		{"no mails", `"verifiedMailsPerHour": 0`,
			`verifiedMailsPerHour must be a whole number from 1 to 1800000 (received: 0)`},
		{"negative mails", `"unverifiedMailsPerHour": -1`, `unverifiedMailsPerHour must be a whole number`},
		{"too many mails", `"unknownMailsPerHour": 1e9`, `unknownMailsPerHour must be a whole number`},
		{"a mode", `"mode": "pasword"`, `mode must be one of password, passwordless (received: "pasword" (did you mean "password"?))`},
		{"a region", `"region": "Ireland"`, `region must be an AWS Region like eu-west-1 (received: "Ireland")`},
		{"an account as a number", `"account": 123456789012`,
			`account must be an AWS account id of 12 digits, in quotes; leave it out for the current credentials' account (received: 123456789012)`},
		{"a short account", `"account": "1234"`, `account must be an AWS account id of 12 digits`},
		{"no sender", `"sender": ""`, `sender must be an e-mail address like no-reply@example.com (received: "")`},
		{"a flag as text", `"selfSignUp": "yes"`, `selfSignUp must be true or false, without quotes (received: "yes")`},
		{"another flag", `"mailUnverifiedAddresses": 1`,
			`mailUnverifiedAddresses must be true or false, without quotes (received: 1)`},
		{"a retention", `"logRetentionDays": 8`, `logRetentionDays must be one of 1, 3, 5, 7, 14,`},
		{"a removal policy", `"removalPolicy": "delete"`,
			`removalPolicy must be one of destroy, retain (received: "delete")`},
		{"an identity", `"senderIdentity": "mailbox"`,
			`senderIdentity must be one of address, domain, existing (received: "mailbox")`},
		{"a generation", `"keyGeneration": 0`, `keyGeneration must be a whole number from 1 to 1000 (received: 0)`},
		{"a quota of a day", `"unverifiedMailsPerDay": 43200001`,
			`unverifiedMailsPerDay must be a whole number from 1 to 43200000 (received: 43200001)`},
		{"a flag of the SES sandbox", `"sandboxRecipients": "true"`,
			`sandboxRecipients must be true or false, without quotes (received: "true")`},
		{"domains as text", `"allowedSignUpDomains": "example.com"`,
			`allowedSignUpDomains must be an array of texts with at least one (received: "example.com")`},
		{"no domains", `"allowedSignUpDomains": []`,
			`allowedSignUpDomains must be an array of texts with at least one (received: [])`},
		{"a domain that is a number", `"allowedSignUpDomains": ["example.com", 1]`,
			`allowedSignUpDomains must be an array of texts with at least one (received: ["example.com",1])`},
		{"a zone of an identity that exists", `"hostedZoneId": "Z0123456789ABC", "senderIdentity": "existing"`,
			`hostedZoneId goes with senderIdentity "domain" alone`},
		{"a zone", `"hostedZoneId": "example.com"`,
			`hostedZoneId must be the id of a Route 53 zone like Z0123456789ABC (received: "example.com")`},
		{"a zone of an address", `"hostedZoneId": "Z0123456789ABC", "senderIdentity": "address"`,
			`hostedZoneId goes with senderIdentity "domain" alone`},
		{"a page", `"signInPage": "login.example.com"`,
			`signInPage must be true or false, without quotes (received: "login.example.com")`},
		{"a page's address", `"signInPage": true, "signInPageDomain": "https://login.example.com/", "signInPageCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"`, `signInPageDomain must be a domain name in small letters like login.example.com (received: "https://login.example.com/")`},
		{"a certificate elsewhere", `"signInPage": true, "signInPageDomain": "login.example.com", "signInPageCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"`, `signInPageCertificateArn must be the ARN of an ACM certificate in us-east-1, where CloudFront looks for it (received: "arn:aws:acm:eu-west-1:`},
		{"a page's domain alone", `"signInPage": true, "signInPageDomain": "login.example.com"`,
			`signInPageDomain and signInPageCertificateArn go together (received: "login.example.com" and "")`},
		{"clients in a list", `"clients": []`, `clients must be an object of clients by name, such as {"Web": {"callbackUrls": ["https://app.example.com/callback"]}} (received: [])`},
		{"a client's address", `"signInPage": true, "clients": {"Web": {"callbackUrls": ["http://app.example.com/"]}}`,
			`clients.Web: a redirect URI may have http on localhost, 127.0.0.1 and [::1] alone; use https (received: "http://app.example.com/")`},
		{"a client's key", `"clients": {"Web": {"callbacks": []}}`, `clients.Web: unknown key "callbacks"`},
		{"a client's name", `"clients": {"1": {}}`, `clients.1: the name must be a letter`},
		{"a client that is none", `"clients": {"Web": true}`, `clients.Web: must be an object (received: true)`},
		{"a client without a page", `"clients": {"Web": {"callbackUrls": ["https://app.example.com/"]}}`,
			`clients with callbackUrls sign in by the sign-in page; set signInPage true as well`},
		{"changed addresses without a page", `"changeAddress": true`,
			`changeAddress goes with signInPage true alone: its function is behind the page's domain`},
		{"a domain without a page", `"signInPageDomain": "login.example.com", "signInPageCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"`, `signInPageDomain goes with signInPage true alone (received: "login.example.com")`},
		{"a brand of another type", `"brand": "blue"`, `brand: cannot unmarshal string`},
		{"an unknown key of a brand", `"brand": {"accentColour": "#123456"}`, `brand: unknown field "accentColour"`},
		{"a colour that can't be read", `"brand": {"accentColor": "#ffee00"}`,
			`brand: AccentColor must have a contrast of 4.5 to 1 on white (received: "#ffee00"`},
		{"memory", `"memorySize": 64`, `memorySize must be a whole number from 128 to 10240 (received: 64)`},
		{"an empty name", `"productName": " "`, `productName must be a text that is not empty (received: " ")`},
		{"a name of another type", `"senderName": {}`, `senderName must be a text that is not empty (received: {})`},
		{"texts", `"replyTo": 1, "supportAddress": 2`, `supportAddress must be a text that is not empty (received: 2)`},
		{"a locale", `"defaultLocale": false`, `defaultLocale must be a text that is not empty (received: false)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, `{"prod": {"region": "eu-west-1", "mode": "password", "sender": "no-reply@example.com", `+c.env+
				`}}`, nil, nil)
			if err == nil {
				t.Fatal("accepted")
			}
			contains(t, err.Error(), `cdk.json: context "emailotp": environment "prod": `+c.want)
			if strings.HasSuffix(err.Error(), ".") {
				t.Errorf("ends with a period: %v", err)
			}
		})
	}
}

func TestEveryMistakeOfEveryEnvironmentIsListedSorted(t *testing.T) {
	_, err := read(t, `{"prod": {"regoin": "eu-west-1"}, "dev": [], "a b": {"region": "eu-west-1", "mode": "password", "sender": "x@example.com"}}`, nil, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{
		`cdk.json: context "emailotp": environment "a b": the name must be a letter`,
		`cdk.json: context "emailotp": environment "dev": must be an object (received: [])`,
		`cdk.json: context "emailotp": environment "prod": mode is missing; give one of password, passwordless`,
		`cdk.json: context "emailotp": environment "prod": region is missing; give an AWS Region like eu-west-1`,
		`cdk.json: context "emailotp": environment "prod": sender is missing; give an e-mail address`,
		`cdk.json: context "emailotp": environment "prod": unknown key "regoin" (did you mean "region"?)`,
	}
	if len(got) != len(want) {
		t.Fatalf("%d problems, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("problem %d: %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestTheContextItselfCanBeWrong(t *testing.T) {
	for text, want := range map[string]string{
		`null`:  `cdk.json: context "emailotp" is missing; add an object of environments`,
		`{}`:    `cdk.json: context "emailotp" must be an object of environments with at least one (received: {})`,
		`"dev"`: `(received: "dev")`,
	} {
		_, err := read(t, text, nil, nil)
		if err == nil {
			t.Fatalf("%s was accepted", text)
		}
		contains(t, err.Error(), want)
	}
}

func TestTheCommandLineSelectsAStageAndAMode(t *testing.T) {
	all, err := read(t, good, nil, nil)
	if err != nil || len(all) != 2 || all[0].Name != "dev" || all[1].Settings.Mode != settings.Password {
		t.Fatalf("all: %+v, %v", all, err)
	}
	one, err := read(t, good, "prod", "passwordless")
	if err != nil || len(one) != 1 || one[0].Name != "prod" || one[0].Settings.Mode != settings.Passwordless ||
		one[0].Region != "eu-central-1" {
		t.Errorf("one: %+v, %v", one, err)
	}
	_, err = read(t, good, "pord", "passwordles")
	if err == nil {
		t.Fatal("accepted")
	}
	contains(t, err.Error(), `-c stage=pord: no such environment (did you mean "prod"?); context "emailotp" has dev, prod`,
		`-c mode=passwordles: must be one of password, passwordless (did you mean "passwordless"?)`)
}

func TestWhatTheRepositoryShipsIsValid(t *testing.T) {
	context, err := environments.Context("../../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	all, err := environments.Read(context, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]settings.Mode{}
	for _, e := range all {
		got[e.Name] = e.Settings.Mode
	}
	want := map[string]settings.Mode{"dev": settings.Passwordless, "staging": settings.Password, "prod": settings.Password}
	if !maps.Equal(got, want) {
		t.Errorf("environments %v, want %v", got, want)
	}
}

func FuzzEnvironments(f *testing.F) {
	f.Add(good)
	f.Add(`{"dev": {"codeLength": 1e308, "x": [{}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			return
		}
		found, err := environments.Read(value, nil, nil)
		if err == nil && len(found) == 0 {
			t.Error("no environment and no error")
		}
	})
}

func contains(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("missing %q in\n%s", want, text)
		}
	}
}
