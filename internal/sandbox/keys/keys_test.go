package keys_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/keys"
)

const prefix = "arn:aws:kms:eu-west-1:123456789012:"

// role may do one action with the MAC key.
func role(action string) iam.Principal {
	return iam.Principal{Function: "f", RoleARN: "arn:aws:iam::123456789012:role/f",
		Policies: []iam.Policy{{Statements: []iam.Statement{
			{Effect: "Allow", Actions: []string{action}, Resources: []string{prefix + "key/mac"}},
		}}}}
}

// client calls as one of: create, verify, or anybody else, the developer.
func client(t *testing.T, who string) *kms.Client {
	t.Helper()
	callers := gateway.Callers{"create": role("kms:GenerateMac"), "verify": role("kms:VerifyMac")}
	service, err := keys.New([]keys.Key{
		{ID: "mac", ARN: prefix + "key/mac", Aliases: []string{"alias/codes"}, Spec: "HMAC_256",
			Usage: "GENERATE_VERIFY_MAC"},
		{ID: "big", ARN: prefix + "key/big", Spec: "HMAC_512", Usage: "GENERATE_VERIFY_MAC"},
		{ID: "off", ARN: prefix + "key/off", Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Disabled: true},
		{ID: "data", ARN: prefix + "key/data", Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT"},
	}, callers, bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 16)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.KMS: service}, nil,
		slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	return kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider(who, "x", "")})
}

func generate(ctx context.Context, c *kms.Client, key string, message []byte) ([]byte, error) {
	out, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &key, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
		Message: message})
	if err != nil {
		return nil, err
	}
	return out.Mac, nil
}

func TestAMacIsTheSameByEveryNameOfItsKeyAndVerifies(t *testing.T) {
	c := client(t, "developer")
	first, err := generate(t.Context(), c, "mac", []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{prefix + "key/mac", "alias/codes", prefix + "alias/codes"} {
		again, err := generate(t.Context(), c, name, []byte("message"))
		if err != nil || !bytes.Equal(first, again) || len(again) != 32 {
			t.Errorf("%s: %x, %v", name, again, err)
		}
	}
	out, err := c.VerifyMac(t.Context(), &kms.VerifyMacInput{KeyId: aws.String("mac"),
		MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: []byte("message"), Mac: first})
	if err != nil || !out.MacValid || aws.ToString(out.KeyId) != prefix+"key/mac" {
		t.Errorf("verify: %+v, %v", out, err)
	}
}

func TestAWrongMacIsAnErrorAndNotFalse(t *testing.T) {
	c := client(t, "developer")
	mac, err := generate(t.Context(), c, "mac", []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	mac[0] ^= 1
	for name, in := range map[string]*kms.VerifyMacInput{
		"one bit off": {KeyId: aws.String("mac"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
			Message: []byte("message"), Mac: mac},
		"one byte short": {KeyId: aws.String("mac"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
			Message: []byte("message"), Mac: mac[:31]},
		"another message": {KeyId: aws.String("mac"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
			Message: []byte("messag"), Mac: mac},
	} {
		_, err := c.VerifyMac(t.Context(), in)
		var wrong *types.KMSInvalidMacException
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsAreKMSsOwn(t *testing.T) {
	const unknown, elsewhere = "00000000-0000-4000-8000-00000000000a", "arn:aws:kms:us-east-1:123456789012:key/mac"
	sha256, sha512 := types.MacAlgorithmSpecHmacSha256, types.MacAlgorithmSpecHmacSha512
	for name, c := range map[string]struct {
		key       string
		algorithm types.MacAlgorithmSpec
		message   []byte
		want      string
	}{
		"a name that is no id": {"none", sha256, []byte("m"), "NotFoundException: Invalid keyId 'none'"},
		"an unknown id": {unknown, sha256, []byte("m"),
			"NotFoundException: Key '" + prefix + "key/" + unknown + "' does not exist"},
		"an unknown alias": {"alias/none", sha256, []byte("m"),
			"NotFoundException: Alias " + prefix + "alias/none is not found."},
		"a key of another region": {elsewhere, sha256, []byte("m"),
			"NotFoundException: Key '" + elsewhere + "' does not exist"},
		"a disabled key": {"off", sha256, []byte("m"), "DisabledException: " + prefix + "key/off is disabled."},
		"a key for data": {"data", sha256, []byte("m"),
			"InvalidKeyUsageException: " + prefix + "key/data key usage is ENCRYPT_DECRYPT"},
		"the other algorithm": {"mac", sha512, []byte("m"),
			"InvalidKeyUsageException: Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256."},
		"an unknown algorithm": {"mac", "HMAC_MD5", []byte("m"),
			"ValidationException: 1 validation error detected: Value at 'macAlgorithm'"},
		"too long a message": {"mac", sha256, make([]byte, 4097),
			"ValidationException: 1 validation error detected: Value at 'message'"},
		"an empty message": {"mac", sha256, []byte{}, "ValidationException: 1 validation error detected: Value at 'message'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, "developer").GenerateMac(t.Context(),
				&kms.GenerateMacInput{KeyId: &c.key, MacAlgorithm: c.algorithm, Message: c.message})
			var api smithy.APIError
			if !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode()+": "+api.ErrorMessage(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if response := (interface{ HTTPStatusCode() int })(nil); !errors.As(err, &response) ||
				response.HTTPStatusCode() != http.StatusBadRequest {
				t.Errorf("the status of %v is not 400", err)
			}
		})
	}
}

func TestALongMessageOf4096BytesIsFine(t *testing.T) {
	if _, err := generate(t.Context(), client(t, "developer"), "mac", make([]byte, 4096)); err != nil {
		t.Error(err)
	}
}

func TestEachFunctionMayDoOnlyWhatItsRoleAllows(t *testing.T) {
	mac, err := generate(t.Context(), client(t, "create"), "mac", []byte("m"))
	if err != nil {
		t.Errorf("create may not make a MAC: %v", err)
	}
	in := &kms.VerifyMacInput{KeyId: aws.String("mac"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
		Message: []byte("m"), Mac: mac}
	if _, err := client(t, "verify").VerifyMac(t.Context(), in); err != nil {
		t.Errorf("verify may not check a MAC: %v", err)
	}
	_, verifying := client(t, "create").VerifyMac(t.Context(), in)
	_, making := generate(t.Context(), client(t, "verify"), "mac", []byte("m"))
	_, elsewhere := generate(t.Context(), client(t, "create"), "big", []byte("m"))
	for _, err := range []error{verifying, making, elsewhere} {
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" ||
			!strings.Contains(api.ErrorMessage(),
				"arn:aws:sts::123456789012:assumed-role/f/f is not authorized to perform: kms:") {
			t.Errorf("got %v, want AccessDeniedException", err)
		}
	}
}

func TestEveryStartHasOtherKeys(t *testing.T) {
	var macs [2][]byte
	for i := range macs {
		s, err := keys.New([]keys.Key{{ID: "mac", ARN: prefix + "key/mac", Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC"}},
			nil, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		macs[i] = s.ServeCall(t.Context(), gateway.Call{Operation: "GenerateMac",
			Body: []byte(`{"KeyId":"mac","MacAlgorithm":"HMAC_SHA_256","Message":"bQ=="}`)}).Body
	}
	if bytes.Equal(macs[0], macs[1]) {
		t.Error("two starts share the key material")
	}
}

// An operator turns a key off and on, and no function may.
func TestAnOperatorTurnsAKeyOffAndOn(t *testing.T) {
	c, id := client(t, "developer"), aws.String("mac")
	codeOf := func(err error) string {
		var failed smithy.APIError
		if errors.As(err, &failed) {
			return failed.ErrorCode()
		}
		return ""
	}
	expect := func(step, state, refusal string, err error) {
		t.Helper()
		out, errDescribe := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
		if err != nil || errDescribe != nil || string(out.KeyMetadata.KeyState) != state {
			t.Fatalf("%s: %v, %v, %v", step, err, errDescribe, out)
		}
		if _, err := generate(t.Context(), c, "mac", []byte("x")); codeOf(err) != refusal {
			t.Errorf("%s: a MAC is refused by %q, want %q", step, codeOf(err), refusal)
		}
	}
	_, err := c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: id})
	expect("disabled", "Disabled", "DisabledException", err)
	out, err := c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: id,
		PendingWindowInDays: aws.Int32(7)})
	expect("scheduled", "PendingDeletion", "KMSInvalidStateException", err)
	if out.DeletionDate == nil || *out.PendingWindowInDays != 7 {
		t.Errorf("%+v", out)
	}
	if _, err := c.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: id}); codeOf(err) != "KMSInvalidStateException" {
		t.Errorf("enabling a key that waits for its deletion: %v", err)
	}
	_, err = c.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: id})
	expect("cancelled", "Disabled", "DisabledException", err)
	_, err = c.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: id})
	if codeOf(err) != "KMSInvalidStateException" {
		t.Errorf("cancelling what is not scheduled: %v", err)
	}
	_, err = c.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: id})
	expect("enabled", "Enabled", "", err)
	_, err = client(t, "create").DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: id})
	if codeOf(err) != "AccessDeniedException" {
		t.Errorf("a function turns the key off: %v", err)
	}
}
