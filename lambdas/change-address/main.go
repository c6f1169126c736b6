// Command change-address is the Lambda function by which users change their e-mail address.
package main

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/changeaddress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/page"
)

func main() { page.Main(changeaddress.New) }
