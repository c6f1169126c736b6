package attach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/customresource"
)

// Properties are the properties of the custom resource, as the construct writes them. Values are
// texts: CloudFormation turns everything else into them.
type Properties struct {
	// UserPoolID is the pool's id.
	UserPoolID string `json:"UserPoolId"`
	// Mode is how people sign in, "password" or "passwordless".
	Mode string
	// Triggers are EmailOTP's functions by slot. None of them makes the resource a check alone.
	Triggers map[string]string `json:",omitempty"`
	// Expected are the functions by slot that the pool must call already, for a check alone.
	Expected map[string]string `json:",omitempty"`
	// WriteAttributes are the attributes that the EmailOTP's own client may write. Cognito refuses
	// a client that lacks one which the pool requires.
	WriteAttributes []string `json:",omitempty"`
	// CaseSensitiveNames is "true" or "false", as the functions take an imported pool; empty for a
	// pool that the construct read.
	CaseSensitiveNames string `json:",omitempty"`
	// Chained and TokenVersion are those of [Triggers].
	Chained      map[string]string `json:",omitempty"`
	TokenVersion string            `json:",omitempty"`
	// AcknowledgedBypasses are the findings that the adopter accepts, as marks of package rules: a
	// kind, a colon, a construct path or a client's id, and perhaps a last day.
	AcknowledgedBypasses []string `json:",omitempty"`
	// Version and Settings change with the module and with what it was configured with,
	// SynthesizedAt with each synthesis where CheckOnDeploy is set, and with each day of one where
	// an acknowledgement has a last day: CloudFormation calls the function only where a property
	// changes.
	Version       string
	Settings      string
	SynthesizedAt string `json:",omitempty"`
	// MayBeRollback is set by [Operation] for an update that may return to an older template.
	MayBeRollback bool `json:"-"`
}

// Now returns the time by which acknowledgements end: the clock's, or that of the synthesis where a
// rollback would otherwise fail for a day that passed meanwhile.
func (p Properties) Now() time.Time {
	if len(p.SynthesizedAt) >= len(time.DateOnly) && p.MayBeRollback {
		if day, err := time.Parse(time.DateOnly, p.SynthesizedAt[:len(time.DateOnly)]); err == nil {
			return day
		}
	}
	return time.Now()
}

// A Check looks at a pool and its app clients, as Cognito describes them, and returns a sentence
// for each finding that forbids to deploy.
type Check func(p Properties, pool json.RawMessage, clients []json.RawMessage) []string

// idMark separates the pool's id from the slots to restore in the physical id.
const idMark = "/emailotp/"

// Operation returns the custom resource's operation: Create and Update attach, Delete detaches.
//
// The physical id begins with the pool's id, so that Delete detaches the pool that it names. It
// ends in the slots that held a chained function before the first Create, which Delete gives back.
// An Update to another pool is an error.
func Operation(api API, check Check) customresource.Operation {
	return func(ctx context.Context, e customresource.Event) (string, error) {
		var now, former Properties
		if err := json.Unmarshal(e.ResourceProperties, &now); err != nil {
			return "", errors.New("the resource's properties are malformed; deploy the template as the construct wrote it")
		}
		if len(e.OldResourceProperties) > 0 {
			if err := json.Unmarshal(e.OldResourceProperties, &former); err != nil {
				return "", errors.New("the resource's former properties are malformed")
			}
		}
		now.MayBeRollback = e.RequestType == customresource.Update &&
			(former.SynthesizedAt == "" || now.SynthesizedAt <= former.SynthesizedAt)
		pool := Pool{API: api, ID: now.UserPoolID}
		if check != nil {
			pool.Check = func(raw json.RawMessage, clients []json.RawMessage) []string { return check(now, raw, clients) }
		}
		t := Triggers{ARNs: now.Triggers, Chained: now.Chained, TokenVersion: now.TokenVersion}
		known, restore, _ := strings.Cut(e.PhysicalResourceID, idMark)
		switch {
		case e.RequestType == customresource.Delete && len(now.Triggers) == 0:
			return e.PhysicalResourceID, nil // a check alone leaves nothing behind
		case e.RequestType == customresource.Delete:
			// The id may be one that CloudFormation made up for a Create that never answered.
			if strings.Contains(e.PhysicalResourceID, idMark) {
				pool.ID = known
			}
			t.Restore = slotsOf(restore)
			return e.PhysicalResourceID, pool.Detach(ctx, t)
		case e.RequestType == customresource.Update && strings.Contains(e.PhysicalResourceID, idMark) &&
			known != now.UserPoolID:
			// The role is the new pool's by now, so nothing could take the triggers out of the old
			// one.
			return e.PhysicalResourceID, fmt.Errorf("an EmailOTP can't change from user pool %s to %s, for its role could no "+
				"longer take the triggers out of the former one; give the EmailOTP another construct id with the new pool, "+
				"so that the former one is deleted", known, now.UserPoolID)
		case e.RequestType == customresource.Update && known == now.UserPoolID:
			t.Former, t.FormerChained, t.Restore = former.Triggers, former.Chained, slotsOf(restore)
			_, err := pool.Attach(ctx, t)
			return e.PhysicalResourceID, err
		case e.RequestType == customresource.Create, e.RequestType == customresource.Update:
			taken, err := pool.Attach(ctx, t)
			return now.UserPoolID + idMark + strings.Join(taken, "+"), err
		}
		return "", fmt.Errorf("unknown request type %q", e.RequestType)
	}
}

func slotsOf(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "+")
}
