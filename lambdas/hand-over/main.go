// Command hand-over is the Lambda function of the sign-in page: it speaks OAuth 2.0 with the apps.
package main

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/handover"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/page"
)

func main() { page.Main(handover.New) }
