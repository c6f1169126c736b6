package runtimeapi_test

// The programs in testdata, here and in sandbox, find the services as other people's functions do:
// by LoadDefaultConfig. This keeps the module among the requirements, for go mod tidy does not look
// into testdata.
import _ "github.com/aws/aws-sdk-go-v2/config"
