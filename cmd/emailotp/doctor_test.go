package main

import (
	"os"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// On AWS doctor prints what it waits for; against an emulator nothing makes it wait.
func TestTheDoctorTellsWhatItWaitsFor(t *testing.T) {
	for name, value := range map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "example", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_PROFILE": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_SESV2": "", "AWS_CA_BUNDLE": ""} {
		t.Setenv(name, value)
	}
	for endpoint, words := range map[string]string{"": "one call a second", "http://127.0.0.1:1": ""} {
		t.Setenv("AWS_ENDPOINT_URL_SESV2", endpoint)
		api, err := awsapi.New(t.Context(), awsapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := awaited(api); !strings.Contains(got, words) || (got == "") != (words == "") {
			t.Errorf("%q: %q", endpoint, got)
		}
	}
}

// What does not answer, or may not be read, has advice; in another partition with its ARN.
func TestAnOperatorsErrorsHaveAdvice(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_CA_BUNDLE": ""} {
		t.Setenv(name, value)
	}
	api, err := awsapi.New(t.Context(), awsapi.Options{Region: "us-gov-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	f := operatorFlags{stack: "Shop"}
	for words, err := range map[string]error{
		"is the Region us-gov-west-1 right": &awsapi.Unreachable{Endpoint: "https://x", Err: os.ErrNotExist},
		"arn:aws-us-gov:cloudformation:us-gov-west-1:*:stack/Shop/*": &awsapi.Error{Action: "cloudformation:GetTemplate",
			Code: "AccessDenied"},
	} {
		if hints := strings.Join(hintsOf(f.adviseOperator(api, err)), "\n"); !strings.Contains(hints, words) {
			t.Errorf("%v: %q, want %q", err, hints, words)
		}
	}
}
