// Package attach puts EmailOTP's triggers into a user pool that CloudFormation does not manage, and
// takes them out again. Nothing else about the pool changes.
//
// UpdateUserPool resets what it is not given, so [Pool.Attach] carries every member of the pool's
// description over, in the raw JSON that Cognito returned. A member that this version does not know
// is an error that names it. After the update the pool is described again; where anything but the
// triggers differs, the former state is put back and the difference is the error.
//
// One window can't be closed: Cognito has neither versions nor conditions, so a change by another
// caller between the last description and the update is lost. It lasts one call.
package attach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// API is Cognito, as far as the function's role allows. Requests and answers are raw JSON, because
// types would drop what they don't know. Errors of the service are an [APIError].
type API interface {
	// Call sends one request, such as "DescribeUserPool", and returns the answer's body.
	Call(ctx context.Context, operation string, request any) (json.RawMessage, error)
}

// An APIError is an answer of Cognito's that reports an error.
type APIError struct {
	// Code is the error's name, such as "ResourceNotFoundException".
	Code string
	// Message is Cognito's sentence. It concerns the pool's configuration, never a user.
	Message string
}

// Error returns code and message.
func (e *APIError) Error() string { return e.Code + ": " + e.Message }

// A Pool is a user pool to attach to.
type Pool struct {
	API API
	// ID is the pool's id.
	ID string
	// Check looks at the pool's description and the descriptions of all its app clients, and
	// returns a sentence for each finding that forbids to attach. Nil checks nothing.
	Check func(pool json.RawMessage, clients []json.RawMessage) []string
	// Sleep waits between attempts; nil is real time.
	Sleep func(context.Context, time.Duration) error
}

// Triggers are EmailOTP's functions by the names of LambdaConfig.
type Triggers struct {
	// ARNs are the functions by slot, such as "DefineAuthChallenge".
	ARNs map[string]string
	// Former are the ARNs that EmailOTP had before; an update may replace them, and leaves a slot
	// that is not in ARNs any more. FormerChained are the functions chained then.
	Former, FormerChained map[string]string
	// Chained are the adopter's functions that EmailOTP invokes itself, by slot. Attach
	// replaces a chained function in its slot.
	Chained map[string]string
	// Restore are the slots that Detach, and an update that leaves them, give back to their chained
	// function: what Attach returned when it was first called. Other slots are left empty.
	Restore []string
	// TokenVersion is the event version of PreTokenGeneration, "V1_0" to "V3_0", for a pool that
	// has none of its own. Empty is "V1_0".
	TokenVersion string
}

// maxTries bounds how often an attempt starts anew because another caller changed the pool.
const maxTries = 6

// errChanged reports that another caller changed the pool between two descriptions.
var errChanged = errors.New("the user pool was changed by another caller meanwhile")

// Attach puts the triggers into their slots and returns, in order, the slots that it took over from
// a chained function. It is idempotent. A slot with a chained function that holds the trigger
// already counts as taken over, because a repeated call can't know better.
func (p Pool) Attach(ctx context.Context, t Triggers) (takenOver []string, err error) {
	err = p.change(ctx, func(d description) (map[string]any, error) {
		if err := p.check(ctx, d); err != nil {
			return nil, err
		}
		takenOver = t.takenOver(d.lambdas())
		return t.attached(d.lambdas())
	})
	return takenOver, err
}

// Detach removes the triggers from the slots that still hold them, and puts chained functions back.
// Other slots stay as they are. A pool that no longer exists is no error.
func (p Pool) Detach(ctx context.Context, t Triggers) error {
	err := p.change(ctx, func(d description) (map[string]any, error) { return t.detached(d.lambdas()), nil })
	var api *APIError
	if errors.As(err, &api) && api.Code == "ResourceNotFoundException" {
		return nil
	}
	return err
}

// check runs Check with all app clients of the pool.
func (p Pool) check(ctx context.Context, d description) error {
	if p.Check == nil {
		return nil
	}
	clients, err := p.clients(ctx)
	if err != nil {
		return err
	}
	if findings := p.Check(d.raw, clients); len(findings) > 0 {
		return fmt.Errorf("user pool %s can't take EmailOTP as it is: %s", p.ID, strings.Join(findings, "; "))
	}
	return nil
}

// change replaces LambdaConfig by what decide returns for the present one. It starts anew where
// another caller changes the pool at the same time.
func (p Pool) change(ctx context.Context, decide func(description) (map[string]any, error)) error {
	var err error
	for try := range maxTries {
		if try > 0 {
			if e := p.pause(ctx, try); e != nil {
				return errors.Join(err, e)
			}
		}
		if err = p.try(ctx, decide); !isTransient(err) {
			return err
		}
	}
	return fmt.Errorf("gave up after %d attempts: %w", maxTries, err)
}

func (p Pool) try(ctx context.Context, decide func(description) (map[string]any, error)) error {
	before, err := p.describe(ctx)
	if err != nil {
		return err
	}
	want, err := decide(before)
	if err != nil || reflect.DeepEqual(want, before.lambdas()) {
		return err
	}
	request, err := before.request(want)
	if err != nil {
		return err
	}
	again, err := p.describe(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(again.pool["LastModifiedDate"], before.pool["LastModifiedDate"]) ||
		len(differences(before, again, nil)) > 0 {
		return errChanged
	}
	if err := p.update(ctx, request); err != nil {
		return err
	}
	return p.verify(ctx, before, want)
}

// verify describes the pool once more and puts the former state back where more changed than was
// meant.
func (p Pool) verify(ctx context.Context, before description, want map[string]any) error {
	after, err := p.describe(ctx)
	if err != nil {
		return fmt.Errorf("the triggers were set, but the user pool could not be compared afterwards: %w", err)
	}
	lost := differences(before, after, want)
	if len(lost) == 0 {
		return nil
	}
	problem := fmt.Errorf("the update would have changed more than the triggers of user pool %s: %s", p.ID,
		strings.Join(lost, "; "))
	former, err := before.request(before.lambdas())
	if err == nil {
		err = p.update(ctx, former)
	}
	if err != nil {
		return fmt.Errorf("%w; the former state could not be put back: %w", problem, err)
	}
	return fmt.Errorf("%w; the former state was put back", problem)
}

// update calls UpdateUserPool. Tags of AWS's own, which a pool of CloudFormation's has, are left
// out if Cognito refuses them: it keeps them itself, and the comparison afterwards shows whether it
// did.
func (p Pool) update(ctx context.Context, request map[string]any) error {
	_, err := p.API.Call(ctx, "UpdateUserPool", request)
	var api *APIError
	if tags := withoutSystemTags(request); tags != nil && errors.As(err, &api) && isTagError(api) {
		_, err = p.API.Call(ctx, "UpdateUserPool", tags)
	}
	if err != nil {
		return withStatements(err, request)
	}
	return nil
}

// withStatements adds the IAM statements that an update of such a pool needs to an error about
// rights. The construct can't know them: only the pool's description names the role and the key.
func withStatements(err error, request map[string]any) error {
	var api *APIError
	if !errors.As(err, &api) || !strings.Contains(api.Code, "AccessDenied") &&
		!strings.Contains(api.Code, "NotAuthorized") &&
		!strings.Contains(api.Code, "InvalidSmsRole") && !strings.Contains(api.Message, "not authorized") {
		return err
	}
	var statements []string
	sms, _ := request["SmsConfiguration"].(map[string]any)
	if role, _ := sms["SnsCallerArn"].(string); role != "" {
		statements = append(statements, fmt.Sprintf("iam:PassRole on %s for its text messages", role))
	}
	lambdas, _ := request["LambdaConfig"].(map[string]any)
	if key, _ := lambdas["KMSKeyID"].(string); key != "" {
		statements = append(statements, fmt.Sprintf("kms:CreateGrant on %s for its custom senders", key))
	}
	if len(statements) == 0 {
		return err
	}
	return fmt.Errorf("%w; to update this user pool the function may need %s: add it by AttachUserPoolStatements", err,
		strings.Join(statements, " and "))
}

func isTagError(e *APIError) bool {
	return e.Code == "UserPoolTaggingException" || e.Code == "InvalidParameterException" &&
		strings.Contains(e.Message, "aws:")
}

// isTransient reports whether a new attempt from the first description on may succeed.
func isTransient(err error) bool {
	var api *APIError
	switch {
	case errors.Is(err, errChanged):
		return true
	case !errors.As(err, &api):
		return false
	}
	switch api.Code {
	case "ConcurrentModificationException", "TooManyRequestsException", "InternalErrorException":
		return true
	}
	return false
}

// pause waits before another attempt, longer each time. Its length varies, because two deployments
// that collide must not do so again in step.
func (p Pool) pause(ctx context.Context, try int) error {
	unit := time.Duration(100<<try) * time.Millisecond
	return p.sleep(ctx, unit/2+rand.N(unit))
}

func (p Pool) sleep(ctx context.Context, d time.Duration) error {
	if p.Sleep != nil {
		return p.Sleep(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
