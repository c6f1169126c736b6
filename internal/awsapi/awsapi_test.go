package awsapi_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// configured sets the variables of the AWS configuration for a test, and none of this machine's.
func configured(t *testing.T, more map[string]string) {
	t.Helper()
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE",
		"AWS_USE_FIPS_ENDPOINT"} {
		t.Setenv(name, "")
	}
	for name, value := range map[string]string{"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	for name, value := range more {
		t.Setenv(name, value)
	}
}

func newClient(t *testing.T, o awsapi.Options) *awsapi.Client {
	t.Helper()
	c, err := awsapi.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEndpointsAreThoseOfTheSDKsConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	profile := "[profile ops]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:1/\nservices = local\n" +
		"[profile agency]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\nregion = us-gov-west-1\n" +
		"use_fips_endpoint = true\n[services local]\nkms =\n  endpoint_url = http://127.0.0.1:2\n"
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env       map[string]string
		options   awsapi.Options
		kms, logs string
	}{
		"AWS's own": {nil, awsapi.Options{Region: "eu-west-1"}, "https://kms.eu-west-1.amazonaws.com", "https://logs.eu-west-1.amazonaws.com"},
		"China":     {nil, awsapi.Options{Region: "cn-north-1"}, "https://kms.cn-north-1.amazonaws.com.cn", "https://logs.cn-north-1.amazonaws.com.cn"},
		"validated by FIPS": {map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, awsapi.Options{Region: "us-east-2"},
			"https://kms-fips.us-east-2.amazonaws.com", "https://logs-fips.us-east-2.amazonaws.com"},
		"FIPS of a profile": {map[string]string{"AWS_CONFIG_FILE": file}, awsapi.Options{Profile: "agency"},
			"https://kms-fips.us-gov-west-1.amazonaws.com", "https://logs.us-gov-west-1.amazonaws.com"},
		"of all services": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:3/", "AWS_REGION": "eu-west-1"}, awsapi.Options{}, "http://127.0.0.1:3", "http://127.0.0.1:3"},
		"of one service":  {map[string]string{"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:4", "AWS_REGION": "eu-west-1"}, awsapi.Options{}, "http://127.0.0.1:4", "https://logs.eu-west-1.amazonaws.com"},
		"of a profile":    {map[string]string{"AWS_CONFIG_FILE": file}, awsapi.Options{Profile: "ops"}, "http://127.0.0.1:2", "http://127.0.0.1:1"},
		"ignored": {map[string]string{"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:4", "AWS_REGION": "eu-west-1",
			"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, awsapi.Options{}, "https://kms.eu-west-1.amazonaws.com", "https://logs.eu-west-1.amazonaws.com"},
		"a sandbox's": {map[string]string{"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:4"}, awsapi.Options{Region: "eu-west-1",
			Sandbox: "http://127.0.0.1:5"}, "http://127.0.0.1:5", "http://127.0.0.1:5"},
	} {
		t.Run(name, func(t *testing.T) {
			configured(t, c.env)
			api := newClient(t, c.options)
			kms, isAWS := api.Endpoint(awsapi.KMS)
			logs, _ := api.Endpoint(awsapi.Logs)
			if kms != c.kms || logs != c.logs || isAWS != strings.HasPrefix(kms, "https:") {
				t.Errorf("KMS %s (AWS's: %t), logs %s", kms, isAWS, logs)
			}
		})
	}
}

// Keys of a partition are never sent to another one's services, and are signed for its own Region.
func TestGlobalServicesAreThoseOfThePartition(t *testing.T) {
	signature := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signature = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `<R/>`)
	}))
	defer s.Close()
	for region, want := range map[string][2]string{"eu-west-1": {"https://iam.amazonaws.com", "us-east-1"},
		"us-gov-east-1": {"https://iam.us-gov.amazonaws.com", "us-gov-west-1"},
		"cn-north-1":    {"https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"}} {
		configured(t, nil)
		if got, _ := newClient(t, awsapi.Options{Region: region}).Endpoint(awsapi.IAM); got != want[0] {
			t.Errorf("%s: %s, want %s", region, got, want[0])
		}
		configured(t, map[string]string{"AWS_ENDPOINT_URL": s.URL})
		err := newClient(t, awsapi.Options{Region: region}).Query(t.Context(), awsapi.IAM, "GetRole", nil, &struct{}{})
		if err != nil || !strings.Contains(signature, "/"+want[1]+"/iam/aws4_request") {
			t.Errorf("%s: %v, signed by %s", region, err, signature)
		}
	}
}

func TestAConfigurationThatLacksSomethingNamesIt(t *testing.T) {
	configured(t, nil)
	if _, err := awsapi.New(t.Context(), awsapi.Options{}); err == nil || !strings.Contains(err.Error(), "--region") {
		t.Errorf("without a Region: %v", err)
	}
	configured(t, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
	if _, err := awsapi.New(t.Context(), awsapi.Options{Region: "eu-west-1"}); err == nil ||
		!strings.Contains(err.Error(), "no usable AWS credentials") || !strings.Contains(err.Error(), "--profile") {
		t.Errorf("without credentials: %v", err)
	}
}

// server answers each call by f, and returns a client of it that does not wait.
func server(t *testing.T, f func(n int, r *http.Request, body string) (int, string)) (*awsapi.Client,
	*[]time.Duration) {
	t.Helper()
	// A client may repeat a request while the handler of the first is still being aborted.
	var mu sync.Mutex
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		n++
		status, text := f(n, r, string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	configured(t, map[string]string{"AWS_ENDPOINT_URL": s.URL})
	var waits []time.Duration
	return newClient(t, awsapi.Options{Region: "eu-west-1", Sleep: func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		return nil
	}}), &waits
}

func TestEachProtocolIsSignedAndDecoded(t *testing.T) {
	api, _ := server(t, func(n int, r *http.Request, body string) (int, string) {
		service := map[int]string{1: "kms", 2: "ses", 3: "monitoring"}[n]
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/"+service+"/aws4_request") {
			t.Errorf("call %d is signed by %s", n, r.Header.Get("Authorization"))
		}
		switch n {
		case 1:
			if r.Header.Get("X-Amz-Target") != "TrentService.DescribeKey" || body != `{"KeyId":"k"}` {
				t.Errorf("sent %s with %v", body, r.Header)
			}
			return 200, `{"KeyMetadata": {"KeyState": "Enabled"}}`
		case 2:
			return 200, `{"SendingEnabled": true}`
		}
		if !strings.Contains(body, "Action=GetMetricData") || !strings.Contains(body, "A=1") {
			t.Errorf("sent %s", body)
		}
		return 200, `<R><GetMetricDataResult><Label>x</Label></GetMetricDataResult></R>`
	})
	var key struct{ KeyMetadata struct{ KeyState string } }
	var account struct{ SendingEnabled bool }
	var metric struct {
		Label string `xml:"GetMetricDataResult>Label"`
	}
	err := errors.Join(
		api.JSON(t.Context(), awsapi.KMS, "DescribeKey", map[string]string{"KeyId": "k"}, &key),
		api.REST(t.Context(), awsapi.SES, "GetAccount", http.MethodGet, "/v2/email/account", &account),
		api.Query(t.Context(), awsapi.CloudWatch, "GetMetricData", url.Values{"A": {"1"}}, &metric))
	if err != nil || key.KeyMetadata.KeyState != "Enabled" || !account.SendingEnabled || metric.Label != "x" {
		t.Errorf("%v: %+v %+v %+v", err, key, account, metric)
	}
}

func TestErrorsOfEachProtocol(t *testing.T) {
	for name, c := range map[string]struct {
		status                   int
		body                     string
		denied, notFound, absent bool
		words                    string
	}{
		"denied, JSON":   {400, `{"__type":"com.amazonaws#AccessDeniedException","Message":"no"}`, true, false, false, "kms:DescribeKey: AccessDeniedException: no"},
		"denied, XML":    {403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`, true, false, false, "AccessDenied: no"},
		"not found":      {400, `{"__type":"NotFoundException:http://x"}`, false, true, false, "NotFoundException"},
		"no such stack":  {400, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack x does not exist</Message></Error></ErrorResponse>`, false, true, false, "does not exist"},
		"not emulated":   {501, `{"__type":"NotEmulated"}`, false, false, true, "NotEmulated"},
		"about a user":   {400, `{"__type":"NotAuthorizedException"}`, false, false, false, "NotAuthorizedException"},
		"no body at all": {418, ``, false, false, false, "HTTP status 418"},
		"nonsense":       {200, `{`, false, false, false, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			api, _ := server(t, func(int, *http.Request, string) (int, string) { return c.status, c.body })
			var out map[string]any
			err := api.JSON(t.Context(), awsapi.KMS, "DescribeKey", struct{}{}, &out)
			if err == nil || awsapi.IsDenied(err) != c.denied || awsapi.IsNotFound(err) != c.notFound ||
				awsapi.IsAbsent(err) != c.absent || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v: denied %t, not found %t, absent %t", err, awsapi.IsDenied(err), awsapi.IsNotFound(err),
					awsapi.IsAbsent(err))
			}
		})
	}
}

// Errors name no address, whether it is in the path of a request or in a service's sentence.
func TestErrorsHaveNoAddress(t *testing.T) {
	api, _ := server(t, func(_ int, r *http.Request, _ string) (int, string) {
		if r.Method == http.MethodGet {
			panic(http.ErrAbortHandler)
		}
		return 400, `{"__type":"BadRequestException","message":"The address <jane.doe@example.com> (JANE@example.com) is bad"}`
	})
	for method, words := range map[string]string{http.MethodGet: "no answer from http://127.0.0.1:",
		http.MethodDelete: "The address <…> (…) is bad"} {
		err := api.REST(t.Context(), awsapi.SES, "DeleteSuppressedDestination", method,
			"/v2/email/suppression/addresses/jane.doe@example.com", nil)
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "jane") || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", method, err)
		}
		if gone := (*awsapi.Unreachable)(nil); errors.As(err, &gone) != (method == http.MethodGet) {
			t.Errorf("%s: %T", method, err)
		}
	}
}

func TestThrottledCallsAreRepeatedAFewTimes(t *testing.T) {
	calls := 0
	api, waits := server(t, func(n int, _ *http.Request, _ string) (int, string) {
		if calls = n; n < 3 {
			return 400, `{"__type":"ThrottlingException"}`
		}
		return 200, `{}`
	})
	if err := api.JSON(t.Context(), awsapi.KMS, "DescribeKey", struct{}{}, nil); err != nil || calls != 3 ||
		len(*waits) != 2 {
		t.Errorf("%v after %d calls and %v", err, calls, *waits)
	}
	api, _ = server(t, func(n int, _ *http.Request, _ string) (int, string) { calls = n; return 503, `` })
	if err := api.JSON(t.Context(), awsapi.KMS, "DescribeKey", struct{}{}, nil); err == nil || calls != 4 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// A company's proxy has certificates of its own, which the SDK's variable names.
func TestCertificatesAreThoseOfTheConfiguration(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, isTrusted := range map[string]bool{bundle: true, "": false} {
		configured(t, map[string]string{"AWS_ENDPOINT_URL": s.URL, "AWS_CA_BUNDLE": file})
		err := newClient(t, awsapi.Options{Region: "eu-west-1"}).JSON(t.Context(), awsapi.KMS, "DescribeKey", struct{}{}, nil)
		if (err == nil) != isTrusted {
			t.Errorf("with the bundle %q: %v", file, err)
		}
	}
}
