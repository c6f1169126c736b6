package userpool_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func (w *world) invite(t *testing.T, in *cip.AdminCreateUserInput) (*cip.AdminCreateUserOutput, error) {
	t.Helper()
	in.UserPoolId = ptr(poolID)
	if in.Username == nil {
		in.Username = ptr(alice)
	}
	return w.AdminCreateUser(t.Context(), in)
}

func TestAdminCreateUser(t *testing.T) {
	h := autoConfirm(passwordless())
	w := newWorld(t, h, with(userpool.PreSignUp))
	out := must2(w.invite(t, &cip.AdminCreateUserInput{
		UserAttributes:         pairs("email_verified", "True", "custom:team", "blue"),
		DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"},
	}))(t)
	u := out.User
	if !uuidPattern.MatchString(*u.Username) || !u.Enabled || u.UserStatus != "FORCE_CHANGE_PASSWORD" ||
		!u.UserCreateDate.Equal(w.clock.Now()) {
		t.Errorf("user = %+v", u)
	}
	if got, _ := w.pool.User(alice); got.Attributes["email_verified"] != "true" ||
		got.Attributes["custom:team"] != "blue" {
		t.Errorf("user = %+v", got)
	}
	mails := w.mail.all()
	if len(mails) != 1 || mails[0].To != alice || !strings.Contains(mails[0].Text, "temporary password is ") {
		t.Fatalf("mails = %+v", mails)
	}
	temporary := strings.TrimSuffix(w.mail.code(t, alice), ".")
	asked := must2(w.byPassword(t, openID, alice, temporary))(t)
	if asked.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Errorf("challenge = %s", asked.ChallengeName)
	}
	_, err := w.invite(t, &cip.AdminCreateUserInput{Username: ptr("ALICE@example.com")})
	wantError(t, err, "UsernameExistsException", "User already exists")

	must2(w.invite(t, &cip.AdminCreateUserInput{MessageAction: "RESEND", TemporaryPassword: ptr("Tempor4ry!"),
		DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"}}))(t)
	if n := len(w.mail.all()); n != 2 {
		t.Errorf("%d mails", n)
	}
	must2(w.byPassword(t, openID, alice, "Tempor4ry!"))(t)
	w.user(t, "bob@example.com")
	_, err = w.invite(t, &cip.AdminCreateUserInput{MessageAction: "RESEND", Username: ptr("bob@example.com")})
	if code(err) != "UnsupportedUserStateException" {
		t.Errorf("resending to a confirmed user: %v", err)
	}
	_, err = w.invite(t, &cip.AdminCreateUserInput{MessageAction: "RESEND", Username: ptr("nobody@example.com")})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	for name, in := range map[string]*cip.AdminCreateUserInput{
		"suppressed": {Username: ptr("c@example.com"), MessageAction: "SUPPRESS",
			DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"}},
		"by default": {Username: ptr("d@example.com")},
	} {
		must2(w.invite(t, in))(t)
		if n := len(w.mail.all()); n != 2 {
			t.Errorf("%s a mail went out", name)
		}
	}
	_, err = w.invite(t, &cip.AdminCreateUserInput{Username: ptr("e@example.com"),
		UserAttributes: pairs("email", "f@example.com")})
	invalidParameter(t, err, "User email should be empty or same as username, since username attribute is email.")
	_, err = w.invite(t, &cip.AdminCreateUserInput{Username: ptr("e@example.com"), TemporaryPassword: ptr("weak")})
	wantError(t, err, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	h.preSignUp = failing(&lambda.Error{Message: "no"})
	_, err = w.invite(t, &cip.AdminCreateUserInput{Username: ptr("f@example.com")})
	wantError(t, err, "UserLambdaValidationException", "PreSignUp failed with error no.")
}

func TestAdminGetAndUpdate(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.user(t, alice)
	for _, name := range []string{alice, u.Username} {
		out := must2(w.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: ptr(poolID), Username: &name}))(t)
		if *out.Username != u.Username || out.UserStatus != "CONFIRMED" || len(out.UserAttributes) != 3 ||
			*out.UserAttributes[0].Name != "sub" {
			t.Errorf("%s is %+v", name, out)
		}
	}
	update := func(attributes ...string) error {
		_, err := w.AdminUpdateUserAttributes(t.Context(),
			&cip.AdminUpdateUserAttributesInput{UserPoolId: ptr(poolID), Username: ptr(alice),
				UserAttributes: pairs(attributes...)})
		return err
	}
	w.clock.Advance(time.Minute)
	if err := update("custom:team", "red", "name", "Alice"); err != nil {
		t.Fatal(err)
	}
	invalidParameter(t, update("custom:badge", "12"),
		"Attributes did not conform to the schema: user.custom:badge: Attribute cannot be updated.\n")
	invalidParameter(t, update("sub", "x"),
		"Attributes did not conform to the schema: user.sub: Attribute cannot be updated.\n")
	invalidParameter(t, update("email_verified", "maybe"),
		"Attributes did not conform to the schema: user.email_verified: String does not match Boolean type.\n")
	invalidParameter(t, update("phone_number_verified", "true"),
		"Phone Number is required to verify/un-verify a phone number")
	if err := update("phone_number", "+441234567890", "phone_number_verified", "true"); err != nil {
		t.Fatal(err)
	}
	if err := update("phone_number", ""); err != nil {
		t.Fatal(err)
	}
	if err := update("email", "alice2@example.com"); err != nil {
		t.Fatal(err)
	}
	got, _ := w.pool.User("alice2@example.com")
	if got.Attributes["email_verified"] != "false" || got.Attributes["name"] != "Alice" ||
		got.Attributes["custom:team"] != "red" {
		t.Errorf("user = %+v", got)
	}
	must2(w.AdminDeleteUserAttributes(t.Context(),
		&cip.AdminDeleteUserAttributesInput{UserPoolId: ptr(poolID), Username: &u.Username,
			UserAttributeNames: []string{"name"}}))(t)
	out := must2(w.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: ptr(poolID), Username: &u.Username}))(t)
	if len(out.UserAttributes) != 4 || !out.UserLastModifiedDate.Equal(w.clock.Now()) ||
		out.UserCreateDate.Equal(w.clock.Now()) {
		t.Errorf("user = %+v", out)
	}
}

func TestAdminPasswordsAndStates(t *testing.T) {
	w := newWorld(t, passwordless())
	w.seed(t, userpool.UserSpec{Email: alice, Unconfirmed: true})
	pool, name := ptr(poolID), ptr(alice)
	set := func(password string, permanent bool) error {
		_, err := w.AdminSetUserPassword(t.Context(),
			&cip.AdminSetUserPasswordInput{UserPoolId: pool, Username: name, Password: &password, Permanent: permanent})
		return err
	}
	status := func() string {
		u, _ := w.pool.User(alice)
		return u.Status
	}
	must2(w.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: pool, Username: name}))(t)
	if u, _ := w.pool.User(alice); u.Status != "CONFIRMED" || u.Attributes["email_verified"] != "false" {
		t.Errorf("user = %+v", u)
	}
	_, err := w.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: pool, Username: name})
	notAuthorized(t, err, "User cannot be confirmed. Current status is CONFIRMED")
	wantError(t, set("weak", true), "InvalidPasswordException",
		"Password did not conform with policy: Password not long enough")
	if err := set(password, false); err != nil || status() != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("a temporary password: %v, %s", err, status())
	}
	if err := set(password, true); err != nil || status() != "CONFIRMED" {
		t.Errorf("a permanent password: %v, %s", err, status())
	}
	must2(w.byPassword(t, openID, alice, password))(t)

	tokens := w.signIn(t, clientID, alice)
	w.disable(t, alice)
	_, err = w.byPassword(t, openID, alice, "Wrong1234!")
	notAuthorized(t, err, "Incorrect username or password.")
	_, err = w.byPassword(t, openID, alice, password)
	notAuthorized(t, err, "User is disabled.")
	must2(w.AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: pool, Username: name}))(t)
	_, err = w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken})
	notAuthorized(t, err, "Access Token has been revoked")
	w.signIn(t, clientID, alice)
	must2(w.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: pool, Username: name}))(t)
	if _, ok := w.pool.User(alice); ok {
		t.Error("the user is still there")
	}
}

func TestAdminOperationsOnNobody(t *testing.T) {
	w := newWorld(t, passwordless())
	for _, op := range []string{
		"AdminGetUser", "AdminDeleteUser", "AdminDisableUser", "AdminEnableUser", "AdminConfirmSignUp",
		"AdminUserGlobalSignOut",
		"AdminResetUserPassword", "AdminSetUserPassword", "AdminUpdateUserAttributes", "AdminDeleteUserAttributes",
	} {
		status, _, body := w.post(t, op, `{"UserPoolId":"`+poolID+`","Username":"nobody@example.com","Password":"`+password+
			`","UserAttributes":[{"Name":"name","Value":"x"}],"UserAttributeNames":["name"]}`, "Authorization",
			"AWS4-HMAC-SHA256")
		if status != 400 || body["__type"] != "UserNotFoundException" || body["message"] != "User does not exist." {
			t.Errorf("%s: %d %v", op, status, body)
		}
	}
}

func TestAdminSignIn(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	started := must2(w.AdminInitiateAuth(t.Context(), &cip.AdminInitiateAuthInput{
		AuthFlow: "CUSTOM_AUTH", UserPoolId: ptr(poolID), ClientId: ptr(clientID),
		AuthParameters: map[string]string{"USERNAME": alice}}))(t)
	done := must2(w.AdminRespondToAuthChallenge(t.Context(), &cip.AdminRespondToAuthChallengeInput{
		ChallengeName: "CUSTOM_CHALLENGE", UserPoolId: ptr(poolID), ClientId: ptr(clientID), Session: started.Session,
		ChallengeResponses: map[string]string{"USERNAME": alice, "ANSWER": rightCode}}))(t)
	if done.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestGuardedOperationsAreAuthorized(t *testing.T) {
	var asked []string
	w := newWorld(t, passwordless(), func(_ *userpool.Config, o *userpool.Options) {
		o.Authorize = func(r *http.Request, action, arn string) error {
			asked = append(asked, action+" "+arn)
			if action == "cognito-idp:AdminGetUser" {
				return nil
			}
			return errors.New("role verify is not allowed to perform " + action)
		}
	})
	w.user(t, alice)
	must2(w.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: ptr(poolID), Username: ptr(alice)}))(t)
	_, err := w.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: ptr(poolID), Username: ptr(alice)})
	wantError(t, err, "AccessDeniedException", "role verify is not allowed to perform cognito-idp:AdminDeleteUser")
	w.signIn(t, clientID, alice)
	const arn = " arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + poolID
	if want := []string{"cognito-idp:AdminGetUser" + arn, "cognito-idp:AdminDeleteUser" + arn}; !slices.Equal(asked,
		want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	for _, op := range userpool.OperationNames() {
		guarded := strings.HasPrefix(op, "Admin") || strings.HasPrefix(op, "List") || strings.Contains(op, "UserPool")
		_, _, body := w.post(t, op, "{}")
		if got := body["__type"] == "MissingAuthenticationTokenException"; got != guarded {
			t.Errorf("%s without a signature: %v", op, body)
		}
	}
}

func TestGuardedOperationsNameThePool(t *testing.T) {
	w := newWorld(t, passwordless())
	_, err := w.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: ptr("eu-west-1_Other")})
	wantError(t, err, "ResourceNotFoundException", "User pool eu-west-1_Other does not exist.")
	_, err = w.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: ptr("nonsense")})
	invalidParameter(t, err, "1 validation error detected: Value at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+")
}

func TestListUsers(t *testing.T) {
	w := newWorld(t, passwordless())
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.seed(t, userpool.UserSpec{Email: name + "@example.com", EmailVerified: true,
			Attributes: map[string]string{"name": "Name \"" + name + "\""}})
	}
	w.disable(t, "e@example.com")
	list := func(in *cip.ListUsersInput) ([]string, *string, error) {
		in.UserPoolId = ptr(poolID)
		out, err := w.ListUsers(t.Context(), in)
		if err != nil {
			return nil, nil, err
		}
		var names []string
		for _, u := range out.Users {
			for _, a := range u.Attributes {
				if *a.Name == "email" {
					names = append(names, (*a.Value)[:1])
				}
			}
		}
		return names, out.PaginationToken, nil
	}
	for _, c := range []struct{ filter, want string }{
		{"", "abcde"}, {`email = "B@example.com"`, "b"}, {`email ^= "c"`, "c"}, {`"name" = "Name \"d\""`, "d"},
		{`status = "Disabled"`, "e"},
		{`cognito:user_status = "confirmed"`, "abcde"}, {`username = "nobody"`, ""}, {`email = "x"`, ""},
	} {
		in := &cip.ListUsersInput{}
		if c.filter != "" {
			in.Filter = &c.filter
		}
		got, _, err := list(in)
		if err != nil || strings.Join(got, "") != c.want {
			t.Errorf("filter %q gave %v, %v; want %s", c.filter, got, err, c.want)
		}
	}
	for _, filter := range []string{"nonsense", `email = b`, `email > "b"`, `custom:team = "x"`} {
		if _, _, err := list(&cip.ListUsersInput{Filter: &filter}); code(err) != "InvalidParameterException" {
			t.Errorf("filter %q gave %v", filter, err)
		}
	}
	var pages []string
	in := &cip.ListUsersInput{Limit: ptr(int32(2))}
	for {
		names, token, err := list(in)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, strings.Join(names, ""))
		if token == nil {
			break
		}
		in.PaginationToken = token
	}
	if !slices.Equal(pages, []string{"ab", "cd", "e"}) {
		t.Errorf("pages = %v", pages)
	}
	if _, _, err := list(&cip.ListUsersInput{PaginationToken: ptr("x")}); code(err) != "InvalidParameterException" {
		t.Errorf("a wrong page token gave %v", err)
	}
	for _, limit := range []int32{-1, 61} {
		if _, _, err := list(&cip.ListUsersInput{Limit: &limit}); code(err) != "InvalidParameterException" {
			t.Errorf("limit %d gave %v", limit, err)
		}
	}
	out := must2(w.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: ptr(poolID),
		AttributesToGet: []string{"name"}}))(t)
	if len(out.Users[0].Attributes) != 1 {
		t.Errorf("attributes = %+v", out.Users[0].Attributes)
	}
}

func TestDescribe(t *testing.T) {
	w := newWorld(t, passwordless(), func(cfg *userpool.Config,
		_ *userpool.Options) {
		cfg.RecoveryMechanisms = []string{"admin_only"}
	})
	w.user(t, alice)
	pool := must2(w.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: ptr(poolID)}))(t).UserPool
	if *pool.Id != poolID || *pool.Arn != w.pool.ARN() || pool.EstimatedNumberOfUsers != 1 ||
		pool.MfaConfiguration != "OFF" ||
		pool.UsernameAttributes[0] != "email" || *pool.UsernameConfiguration.CaseSensitive ||
		*pool.Policies.PasswordPolicy.MinimumLength != 8 ||
		pool.AccountRecoverySetting.RecoveryMechanisms[0].Name != "admin_only" || len(pool.SchemaAttributes) != 22 ||
		pool.LambdaConfig.DefineAuthChallenge == nil {
		t.Errorf("pool = %+v", pool)
	}
	describe := func(id string) *types.UserPoolClientType {
		return must2(w.DescribeUserPoolClient(t.Context(),
			&cip.DescribeUserPoolClientInput{UserPoolId: ptr(poolID), ClientId: &id}))(t).UserPoolClient
	}
	client := describe(clientID)
	if client.PreventUserExistenceErrors != "ENABLED" || *client.AuthSessionValidity != 3 ||
		*client.AccessTokenValidity != 60 ||
		client.RefreshTokenValidity != 43200 || len(client.ExplicitAuthFlows) != 2 || client.ClientSecret != nil ||
		client.ReadAttributes != nil {
		t.Errorf("client = %+v", client)
	}
	if *describe(secretID).ClientSecret != secret || describe(legacyID).PreventUserExistenceErrors != "LEGACY" ||
		*describe(rotatingID).RefreshTokenRotation.RetryGracePeriodSeconds != 10 {
		t.Error("a client is described wrongly")
	}
	_, err := w.DescribeUserPoolClient(t.Context(),
		&cip.DescribeUserPoolClientInput{UserPoolId: ptr(poolID), ClientId: ptr("none")})
	wantError(t, err, "ResourceNotFoundException", "User pool client none does not exist.")
	all := must2(w.ListUserPoolClients(t.Context(), &cip.ListUserPoolClientsInput{UserPoolId: ptr(poolID)}))(t)
	if len(all.UserPoolClients) != 5 {
		t.Errorf("clients = %+v", all.UserPoolClients)
	}
}
