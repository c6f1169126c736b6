package macs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
)

// KMS refuses a wrong MAC by an exception, which the client must recognise although errors lose
// their text.
func TestAWrongMACIsNoFailure(t *testing.T) {
	for code, isFailure := range map[string]bool{"KMSInvalidMacException": false, "AccessDeniedException": true,
		"DisabledException": true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"message":"jane@example.com"}`)
		}))
		t.Cleanup(server.Close)
		key, err := macs.New("key", func(name string) (string, bool) {
			v, ok := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
				"AWS_ENDPOINT_URL_KMS": server.URL}[name]
			return v, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		ok, err := key.VerifyMAC(t.Context(), []byte("message"), []byte("mac"))
		if ok || (err != nil) != isFailure {
			t.Errorf("%s: %v, %v", code, ok, err)
		}
		if err != nil && (strings.Contains(err.Error(), "@") || !strings.Contains(err.Error(), "code "+code+"; status 400")) {
			t.Errorf("%s: error %v", code, err)
		}
	}
}
