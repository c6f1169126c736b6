package memory_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth/oauthtest"
)

func TestStore(t *testing.T) { oauthtest.TestStore(t, &memory.Store{}) }
