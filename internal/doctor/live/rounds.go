package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// round is the pool's answer to one call of a sign-in.
type round struct {
	name    types.ChallengeNameType
	params  map[string]string
	session *string
	tokens  *types.AuthenticationResultType
}

// codeOf returns the error type of the pool's refusal, and its trigger's refusal id.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "no answer"
}

func (w *walk) initiate(ctx context.Context, step string, flow types.AuthFlowType,
	params map[string]string) (*round, error) {
	name := params["USERNAME"]
	if name == "" && len(w.made) > 0 {
		name = w.made[0].username // of a refresh token
	}
	out, err := w.client.InitiateAuth(ctx, &cognito.InitiateAuthInput{AuthFlow: flow, ClientId: &w.EmailOTP.ClientID,
		AuthParameters: w.proven(params, name)})
	if err != nil {
		w.proof.record.refused(step, codeOf(err))
		return nil, err
	}
	return w.seen(step, &round{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}), nil
}

// proven adds the hash that a client with a secret must send.
func (w *walk) proven(params map[string]string, name string) map[string]string {
	if w.secret != "" {
		params["SECRET_HASH"] = srp.SecretHash(w.EmailOTP.ClientID, w.secret, name)
	}
	return params
}

// respond answers a round under the name that the challenge has.
func (w *walk) respond(ctx context.Context, step string, r *round, answers,
	metadata map[string]string) (*round, error) {
	all := map[string]string{"USERNAME": w.Address}
	for _, name := range []string{"USER_ID_FOR_SRP", "USERNAME"} {
		if v := r.params[name]; v != "" {
			all["USERNAME"] = v
		}
	}
	maps.Copy(all, answers)
	out, err := w.client.RespondToAuthChallenge(ctx, &cognito.RespondToAuthChallengeInput{ChallengeName: r.name,
		ClientId: &w.EmailOTP.ClientID, ChallengeResponses: w.proven(all, all["USERNAME"]), Session: r.session,
		ClientMetadata: metadata})
	if err != nil {
		w.proof.record.refused(step, codeOf(err))
		return nil, err
	}
	next := &round{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}
	if next.tokens == nil && next.params["USERNAME"] == "" {
		next.params = maps.Clone(next.params)
		if next.params == nil {
			next.params = map[string]string{}
		}
		next.params["USERNAME"] = all["USERNAME"]
	}
	return w.seen(step, next), nil
}

// seen notes an answer's form.
func (w *walk) seen(step string, r *round) *round {
	w.longest = max(w.longest, len(aws.ToString(r.session)))
	w.proof.record.answered(step, r)
	return r
}

// asked requires that the pool asks for the code.
func (w *walk) asked(r *round) (string, error) {
	if r.tokens != nil || r.name != types.ChallengeNameTypeCustomChallenge {
		return "", fmt.Errorf("the pool answers %s, where the code is due", orTokens(r))
	}
	w.challenge = r
	return fmt.Sprintf("asked for a code of %s digits (%s)", r.params[contract.ParamCodeLength],
		r.params[contract.ParamReason]), nil
}

func orTokens(r *round) string {
	if r.tokens != nil {
		return "tokens"
	}
	return string(r.name)
}

func (w *walk) isPassword() bool { return w.EmailOTP.Mode == settings.Password }

// begin starts a sign-in under a name. In password mode it proves the password, with metadata where
// there are some.
func (w *walk) begin(ctx context.Context, step, name, password string, metadata ...map[string]string) (*round, error) {
	if !w.isPassword() {
		return w.initiate(ctx, step, types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": name})
	}
	client, err := srp.NewClient(w.EmailOTP.PoolID)
	if err != nil {
		return nil, err
	}
	r, err := w.initiate(ctx, step, types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": name,
		"CHALLENGE_NAME": "SRP_A", "SRP_A": client.SRPA()})
	if err != nil {
		return nil, err
	}
	answer, err := client.Answer(r.params, password, w.Now())
	if err != nil {
		return nil, err
	}
	return w.respond(ctx, step+", password", r, answer, append(metadata, nil)[0])
}

// unknown starts under a name that no user has. In passwordless mode it must look like any other
// start; in password mode like a wrong password.
func (w *walk) unknown(ctx context.Context) (string, error) {
	_, domain, _ := strings.Cut(w.Address, "@")
	r, err := w.begin(ctx, "unknown", "nobody-"+strings.ToLower(rand.Text()[:12])+"@"+domain, w.password)
	if w.isPassword() {
		if codeOf(err) != "NotAuthorizedException" {
			return "", fmt.Errorf("an unknown name is refused by %s, a wrong password by NotAuthorizedException", codeOf(err))
		}
		return "refused like a wrong password", nil
	}
	if err != nil {
		return "", err
	}
	return w.asked(r)
}

// create makes the user: by a sign-up where the pool lets users sign up, else as an administrator.
func (w *walk) create(ctx context.Context) (string, error) {
	if w.isPassword() || w.pool.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		return "as an administrator", w.adminCreate(ctx, w.Address)
	}
	err := w.signUp(ctx, w.Address)
	w.isSignUp = err == nil
	return "by a sign-up", err
}

// signUp makes a user as users do.
func (w *walk) signUp(ctx context.Context, address string) error {
	in := &cognito.SignUpInput{ClientId: &w.EmailOTP.ClientID, Username: &address, Password: &w.password}
	if hash := w.proven(map[string]string{}, address)["SECRET_HASH"]; hash != "" {
		in.SecretHash = &hash
	}
	began := w.Now()
	out, err := w.client.SignUp(ctx, in)
	if err != nil {
		w.proof.record.refused("sign-up", codeOf(err))
		return w.notMade(attempt{address: address, began: began}, err, codeOf(err) == exists)
	}
	w.made = append(w.made, made{aws.ToString(out.UserSub), aws.ToString(out.UserSub)})
	w.proof.record.fact("sign-up", "confirmed", strconv.FormatBool(out.UserConfirmed))
	return nil
}

// exists is Cognito's refusal of a name that is taken. No call that creates a user is repeated, so
// another has made that user since the walk began, such as a second doctor with the same address.
const exists = "UsernameExistsException"

// notMade notes that a creation failed: it may have taken place all the same, unless the name was
// taken.
func (w *walk) notMade(a attempt, err error, isTaken bool) error {
	if isTaken {
		return ErrExists
	}
	a.failed = w.Now()
	w.uncertain = append(w.uncertain, a)
	return err
}

// adminCreate creates a user without a mail. In password mode the password is temporary.
func (w *walk) adminCreate(ctx context.Context, address string) error {
	var out struct{ User account }
	request := map[string]any{"UserPoolId": w.EmailOTP.PoolID, "Username": address, "MessageAction": "SUPPRESS",
		"UserAttributes": []map[string]string{{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}}}
	if w.isPassword() {
		request["TemporaryPassword"] = w.password
	}
	began := w.Now()
	if err := w.API.Once(ctx, awsapi.Cognito, "AdminCreateUser", request, &out); err != nil {
		return w.notMade(attempt{address: address, began: began, status: "FORCE_CHANGE_PASSWORD"}, err,
			awsapi.HasCode(err, exists))
	}
	u := out.User.made()
	w.made = append(w.made, u)
	if w.isPassword() {
		return nil
	}
	return w.setPassword(ctx, u)
}

// setPassword gives a user the walk's password.
func (w *walk) setPassword(ctx context.Context, u made) error {
	return w.API.JSON(ctx, awsapi.Cognito, "AdminSetUserPassword", map[string]any{"UserPoolId": w.EmailOTP.PoolID,
		"Username": u.username, "Password": w.password, "Permanent": true}, nil)
}

// newPassword signs in with the temporary password, and settles what Cognito does after the new
// one.
func (w *walk) newPassword(ctx context.Context) (string, error) {
	r, err := w.begin(ctx, "temporary", w.Address, w.password)
	if err != nil {
		return "", err
	}
	if r.name != types.ChallengeNameTypeNewPasswordRequired {
		return "", fmt.Errorf("the pool answers %s, where a new password is due", orTokens(r))
	}
	w.password = "Bb2-" + rand.Text()
	next, err := w.respond(ctx, "new-password", r, map[string]string{"NEW_PASSWORD": w.password}, nil)
	if err != nil {
		if strings.Contains(err.Error(), contract.RefusalSignInAgain) {
			w.answer("NewPasswordIssuesTokens", true, "Cognito issues tokens after the new password; pre-token-generation "+
				"refused them")
			return w.start(ctx)
		}
		return "", err
	}
	w.answer("NewPasswordIssuesTokens", false, "the sign-in went on to the code")
	return w.asked(next)
}

func (w *walk) start(ctx context.Context) (string, error) {
	r, err := w.begin(ctx, "start", w.Address, w.password)
	if err != nil {
		return "", err
	}
	return w.asked(r)
}

// wrongCode answers with a number that is right once in 10^length.
func (w *walk) wrongCode(ctx context.Context) (string, error) {
	n, err := strconv.Atoi(w.challenge.params[contract.ParamCodeLength])
	if err != nil || n < 1 || n > 20 {
		n = 8
	}
	r, err := w.respond(ctx, "wrong-code", w.challenge, map[string]string{"ANSWER": strings.Repeat("0", n-1) + "1"}, nil)
	if err != nil {
		return "", err
	}
	return w.asked(r)
}

// resend waits for the cool-down and requests the mail again.
func (w *walk) resend(ctx context.Context) (string, error) {
	if err := w.Sleep(ctx, guard.Cooldown+time.Second); err != nil {
		return "", err
	}
	r, err := w.respond(ctx, "resend", w.challenge, map[string]string{"ANSWER": contract.ActionResend},
		map[string]string{contract.ClientMetadataAction: contract.ActionResend})
	if err != nil {
		return "", err
	}
	return w.asked(r)
}

// typingErrors is how often a person may mistype the code before the walk ends.
const typingErrors = 3

func (w *walk) rightCode(ctx context.Context) (string, error) {
	var metadata map[string]string
	device := ""
	if w.remembers() {
		device, metadata = signin.NewDevice()
	}
	for tries := 1; ; tries++ {
		shown, err := w.Person.Code(ctx)
		if err != nil {
			return "", err
		}
		length, _ := strconv.Atoi(w.challenge.params[contract.ParamCodeLength])
		code, isCode := otp.Normalize(shown, length)
		if isCode {
			r, err := w.respond(ctx, "right-code", w.challenge, map[string]string{"ANSWER": code}, metadata)
			if err != nil {
				return "", err
			}
			if w.challenge = r; r.tokens != nil {
				w.lastCode, w.device = code, device
				return "tokens", nil
			}
		}
		if tries == typingErrors {
			return "", errors.New("the code is not right; it must be that of the newest mail")
		}
		w.Person.Tell("that is not the code of the newest mail")
	}
}

func (w *walk) refresh(ctx context.Context) (string, error) {
	token := aws.ToString(w.challenge.tokens.RefreshToken)
	r, err := w.initiate(ctx, "refresh", types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": token})
	switch {
	case codeOf(err) == "UnsupportedOperationException" || codeOf(err) == "InvalidParameterException":
		var secret *string // the client rotates its refresh tokens
		if w.secret != "" {
			secret = &w.secret
		}
		out, err := w.client.GetTokensFromRefreshToken(ctx, &cognito.GetTokensFromRefreshTokenInput{
			ClientId: &w.EmailOTP.ClientID, RefreshToken: &token, ClientSecret: secret})
		if err != nil {
			return "", err
		}
		w.challenge.tokens.AccessToken = out.AuthenticationResult.AccessToken
		return "tokens, by rotation", nil
	case err != nil:
		return "", err
	}
	w.challenge.tokens.AccessToken = r.tokens.AccessToken
	return "tokens", nil
}

// usedCode answers a new sign-in with the code of the one before.
func (w *walk) usedCode(ctx context.Context) (string, error) {
	tokens := w.challenge
	r, err := w.begin(ctx, "second-start", w.Address, w.password)
	if err != nil {
		return "", err
	}
	if _, err := w.asked(r); err != nil {
		return "", err
	}
	r, err = w.respond(ctx, "used-code", w.challenge, map[string]string{"ANSWER": w.lastCode}, nil)
	w.challenge = tokens
	if err == nil && r.tokens != nil {
		return "", errors.New("a used code gave tokens")
	}
	return "refused", err
}

func (w *walk) wrongPassword(ctx context.Context) (string, error) {
	_, err := w.begin(ctx, "wrong-password", w.Address, w.password+"x")
	if codeOf(err) != "NotAuthorizedException" {
		return "", fmt.Errorf("a wrong password is answered by %s", codeOf(err))
	}
	return "refused", nil
}

// entryRow starts with CHALLENGE_NAME=CUSTOM_CHALLENGE. Define's log shows the session that Cognito
// passed; the client must get no tokens.
func (w *walk) entryRow(ctx context.Context) (string, error) {
	r, err := w.initiate(ctx, "entry", types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": w.Address,
		"CHALLENGE_NAME": "CUSTOM_CHALLENGE"})
	switch {
	case err != nil:
		return "refused by " + codeOf(err), nil
	case r.tokens != nil:
		return "", errors.New("the start gave tokens")
	}
	return string(r.name), nil
}

func (w *walk) signOut(ctx context.Context) (string, error) {
	_, err := w.client.GlobalSignOut(ctx, &cognito.GlobalSignOutInput{AccessToken: w.challenge.tokens.AccessToken})
	if err != nil {
		return "", err
	}
	_, err = w.initiate(ctx, "refresh-after-sign-out", types.AuthFlowTypeRefreshTokenAuth,
		map[string]string{"REFRESH_TOKEN": aws.ToString(w.challenge.tokens.RefreshToken)})
	if err == nil {
		return "", errors.New("the refresh token works after the sign-out")
	}
	return "the refresh token is revoked", nil
}

// bounceWait is how long an event of SES's may take to the table.
const bounceWait = 90 * time.Second

// bounce starts a sign-in of a second user whose address SES's simulator bounces, and waits for the
// mark in the table.
func (w *walk) bounce(ctx context.Context) (string, error) {
	address := simulated("bounce")
	u, err := w.second(ctx, address)
	if err != nil {
		return "", err
	}
	if _, err := w.begin(ctx, "bounce", address, w.password); err != nil {
		return "", err
	}
	key := map[string]any{"pk": map[string]string{"S": guard.Key(w.EmailOTP.PoolID, u.sub)}}
	for waited := time.Duration(0); waited < bounceWait; waited += 2 * time.Second {
		var answer struct{ Item map[string]map[string]any }
		err := w.API.JSON(ctx, awsapi.DynamoDB, "GetItem", map[string]any{"TableName": w.EmailOTP.Settings.TableName, "Key": key,
			"ConsistentRead": true}, &answer)
		if err != nil {
			return "", err
		}
		if answer.Item["bx"] != nil {
			w.answer(pointEvents, true, fmt.Sprintf("the bounce was in the table within %v", waited+2*time.Second))
			return "marked", nil
		}
		if err := w.Sleep(ctx, 2*time.Second); err != nil {
			return "", err
		}
	}
	w.answer(pointEvents, false, fmt.Sprintf("no mark came within %v", bounceWait))
	return "no mark", nil
}

// ownMail asks whether Cognito mailed a code of its own after the sign-up.
func (w *walk) ownMail(ctx context.Context) (string, error) {
	if !w.isSignUp {
		return "not asked: an administrator made the user", nil
	}
	yes, err := w.Person.Ask(ctx, "Did the mailbox also get a mail from Cognito itself, from another sender?")
	if err != nil {
		return "", err
	}
	w.answer(pointOwnMail, yes, "as you saw in the mailbox")
	return map[bool]string{true: "yes", false: "no"}[yes], nil
}
