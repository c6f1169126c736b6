package apptree

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
)

// SharedIdentities reports other resources of the app that create the SES identity of mine. An
// account has each identity once in a Region, so the second deployment would fail.
func SharedIdentities(mine awsses.CfnEmailIdentity) []string {
	var problems []string
	for _, c := range *mine.Node().Root().Node().FindAll("") {
		other, ok := c.(awsses.CfnEmailIdentity)
		if !ok || *other.Node().Addr() == *mine.Node().Addr() ||
			!strings.EqualFold(*other.EmailIdentity(), *mine.EmailIdentity()) ||
			!sameRegion(other.Stack(), mine.Stack()) {
			continue
		}
		problems = append(problems, fmt.Sprintf(
			"%s creates the SES identity %s too, and an account has it once in a Region; "+
				"create it once, and pass SenderIdentity to the EmailOTPs that send by it",
			strings.TrimSuffix(*other.Node().Path(), "/Resource"), *mine.EmailIdentity()))
	}
	return problems
}

// sameRegion reports whether two stacks are known to go to one account and Region. Stacks without
// an account may be deployed to different ones by different credentials.
func sameRegion(a, b awscdk.Stack) bool {
	if *a.Node().Addr() == *b.Node().Addr() {
		return true
	}
	return !propread.IsToken(*a.Account()) && *a.Account() == *b.Account() && *a.Region() == *b.Region()
}
