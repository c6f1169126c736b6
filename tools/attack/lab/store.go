package lab

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
)

// newStore returns the budgets' store: in process, or the real one in front of the engine.
func newStore(g *gateway.Gateway, inMemory bool) guard.Store {
	if inMemory {
		return memory.New()
	}
	return dynamo.New(dynamodb.New(dynamodb.Options{Region: Region, HTTPClient: inProcess{g}, RetryMaxAttempts: 2,
		BaseEndpoint: aws.String("http://127.0.0.1"), Credentials: credentials.NewStaticCredentialsProvider("lab", "lab",
			"")}), tableName)
}

// Failures returns how many wrong answers in a row the store has of a user.
func (l *Lab) Failures(who Person) int {
	i, err := l.Store.Read(l.Scope.Ctx, guard.Key(l.ID, who.Name))
	l.Scope.Check(err)
	return i.Failures
}
