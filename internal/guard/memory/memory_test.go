package memory_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/guardtest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
)

func TestStore(t *testing.T) { guardtest.Run(t, memory.New()) }
