package clients_test

import (
	"fmt"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// people starts a world of a pool with every option for its people.
func people(t testing.TB, change ...func(*sandbox.Options)) *world {
	t.Helper()
	return start(t, "password", nil, append([]func(*sandbox.Options){
		func(o *sandbox.Options) { o.Stack = app.People }}, change...)...)
}

func TestClientsInNodeHaveTheirDeviceRemembered(t *testing.T) {
	t.Parallel()
	for _, sees := range []bool{true, false} {
		t.Run(fmt.Sprintf("create sees %v", sees), func(t *testing.T) {
			t.Parallel()
			w := people(t, func(o *sandbox.Options) { o.CreateSeesNoClientMetadata = !sees })
			w.runScript("device.mjs", map[string]any{"sees": sees})
		})
	}
}
