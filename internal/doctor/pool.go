package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// stack looks at the state of the stack, and of the page's where that is another.
func stack(_ context.Context, e *exam) {
	d := e.EmailOTP
	for _, problem := range d.Problems {
		if bad := (*deployed.BadSettings)(nil); errors.As(problem, &bad) {
			e.anotherVersion(bad)
		} else {
			e.fails("stack", problem)
		}
	}
	switch p := d.Page; {
	case p == nil:
		e.isComplete(d.Template, d.Owns)
	case p.Stack == d.Stack:
		e.isComplete(d.Template, func(id string) bool { return d.Owns(id) || p.Owns(id) })
	default:
		e.isComplete(d.Template, d.Owns)
		e.isComplete(p.Template, p.Owns)
	}
}

// isComplete looks at a stack's state, and at what of the resources that are EmailOTP's was not
// created.
func (e *exam) isComplete(d deployed.Template, owns func(id string) bool) {
	var missing []string
	for id, r := range d.Resources {
		if owns(id) && !strings.HasSuffix(r.Status, "_COMPLETE") && r.Type != "" && d.IsListed() &&
			r.Type != "AWS::CDK::Metadata" {
			missing = append(missing, fmt.Sprintf("%s (%s)", id, orText(r.Status, "not created")))
		}
	}
	slices.Sort(missing)
	switch {
	case len(missing) > 0:
		e.add(Finding{ID: "half-deployed", Level: Broken, Area: "stack",
			What:   "resources of stack " + d.Stack + " are not complete: " + strings.Join(missing, ", "),
			Remedy: "look at the stack's events for the first failure, mend it, and deploy again",
			Command: "aws cloudformation describe-stack-events --stack-name " + d.Stack +
				" --query 'StackEvents[?contains(ResourceStatus,`FAILED`)]'"})
	case strings.HasSuffix(d.Status, "_IN_PROGRESS"):
		e.add(Finding{ID: "in-progress", Level: Doubtful, Area: "stack",
			What:   "the stack " + d.Stack + " is being deployed (" + d.Status + ")",
			Remedy: "wait for the end of the deployment, and examine it again"})
	case strings.Contains(d.Status, "ROLLBACK") || strings.Contains(d.Status, "FAILED"):
		e.add(Finding{ID: "rolled-back", Level: Doubtful, Area: "stack",
			What:   "the last deployment of stack " + d.Stack + " failed (" + d.Status + "), so an older version runs",
			Remedy: "mend what the stack's events name, and deploy again"})
	case d.Status != "":
		e.right("stack", "stack", "the stack %s is complete (%s)", d.Stack, d.Status)
	}
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// description is the part of a pool's and a client's description that is read beside the rules.
type description struct {
	UserPoolTier       string
	DeletionProtection string
	// DeviceConfiguration is absent where Cognito tracks no devices of its own.
	DeviceConfiguration    *struct{}
	AccountRecoverySetting struct {
		RecoveryMechanisms []struct{ Name string }
	}
	LambdaConfig struct {
		PreTokenGenerationConfig struct{ LambdaVersion string }
	}
}

type clientDescription struct {
	ClientId, ClientName       string
	AuthSessionValidity        int
	PreventUserExistenceErrors string
	EnableTokenRevocation      *bool
}

// pool applies the rules about bypasses to the pool and all its clients, those made in the console
// too.
func pool(ctx context.Context, e *exam) {
	id := e.EmailOTP.PoolID
	if id == "" {
		e.add(Finding{ID: "no-pool", Level: Broken, Area: "user pool", What: "the stack's user pool is not known",
			Remedy: "deploy the stack again: its functions have no settings that can be read"})
		return
	}
	var described struct{ UserPool json.RawMessage }
	err := e.API.JSON(ctx, awsapi.Cognito, "DescribeUserPool", map[string]string{"UserPoolId": id}, &described)
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "no-pool", Level: Broken, Area: "user pool", What: "there is no user pool " + id,
			Remedy: "restore the pool's resource; its users are gone with it"})
		return
	}
	if e.fails("user pool", err) {
		return
	}
	var d description
	if e.fails("user pool", json.Unmarshal(described.UserPool, &d)) {
		return
	}
	clients, failed := e.clients(ctx, id)
	if failed {
		clients = nil
	}
	open, err := poolcheck.Open(e.properties(), described.UserPool, clients)
	if e.fails("user pool", err) {
		return
	}
	for _, f := range open {
		e.add(Finding{ID: strings.ToLower(strings.ReplaceAll(string(f.Kind), "_", "-")), Level: Broken, Area: "user pool",
			What: f.String(), Remedy: f.Remedy})
	}
	if len(open) == 0 && !failed {
		e.right("user pool", "guarded", "no client of user pool %s bypasses the mailed code (app clients: %d)", id,
			len(clients))
	}
	e.plan(d)
	e.people(d)
	for _, raw := range clients {
		e.client(raw)
	}
}

// properties are what poolcheck needs to know: the functions that must be called, and the accepted
// bypasses by the ids that the deployed pool knows.
func (e *exam) properties() attach.Properties {
	d := e.EmailOTP
	p := attach.Properties{UserPoolID: d.PoolID, Mode: string(d.Mode), Expected: map[string]string{}}
	for _, f := range settings.Triggers(d.Mode) {
		p.Expected[rules.LambdaConfigNames(f)[0]] = d.Functions[f].Lambda.FunctionArn
	}
	for _, name := range rules.OptionalOf(d.Settings) {
		p.Expected[name] = d.Functions[rules.Optional(name)].Lambda.FunctionArn
	}
	for _, mark := range d.Acknowledged {
		kind, id, until := rules.SplitMark(mark)
		if r, ok := d.Resources[id]; ok {
			id = r.PhysicalID
		}
		p.AcknowledgedBypasses = append(p.AcknowledgedBypasses, rules.NewMark(kind, id, until))
	}
	return p
}

// clients describes all app clients, side by side.
func (e *exam) clients(ctx context.Context, id string) (all []json.RawMessage, failed bool) {
	var ids []string
	request := map[string]any{"UserPoolId": id, "MaxResults": 60}
	for {
		var page struct {
			UserPoolClients []struct{ ClientId string }
			NextToken       string
		}
		if e.fails("user pool", e.API.JSON(ctx, awsapi.Cognito, "ListUserPoolClients", request, &page)) {
			return nil, true
		}
		for _, c := range page.UserPoolClients {
			ids = append(ids, c.ClientId)
		}
		if page.NextToken == "" {
			break
		}
		request["NextToken"] = page.NextToken
	}
	all = make([]json.RawMessage, len(ids))
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 5) // Cognito allows 15 reads of pools a second
	for i, client := range ids {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var answer struct{ UserPoolClient json.RawMessage }
			errs[i] = e.API.JSON(ctx, awsapi.Cognito, "DescribeUserPoolClient",
				map[string]string{"UserPoolId": id, "ClientId": client}, &answer)
			all[i] = answer.UserPoolClient
		})
	}
	wg.Wait()
	for _, err := range errs {
		if e.fails("user pool", err) {
			return nil, true
		}
	}
	return all, false
}

// plan looks at what the pool's plan allows.
func (e *exam) plan(d description) {
	version := d.LambdaConfig.PreTokenGenerationConfig.LambdaVersion
	if d.UserPoolTier == "LITE" && version != "" && version != "V1_0" && e.EmailOTP.Mode == settings.Password {
		e.add(Finding{ID: "plan", Level: Doubtful, Area: "user pool",
			What: fmt.Sprintf("the pool's plan is LITE, and its PreTokenGeneration trigger receives events of version %s",
				version),
			Remedy: "set UserPoolProps.FeaturePlan to ESSENTIALS, or PreTokenGenerationVersion to V1_0: Lite keeps newer " +
				"versions only for pools that had advanced security before 22 November 2024"})
	}
	if d.DeletionProtection == "INACTIVE" {
		e.add(Finding{ID: "pool-unprotected", Level: Advice, Area: "user pool",
			What:   "the user pool can be deleted with all its users by one call",
			Remedy: "deploy with RemovalPolicy RETAIN, which protects it"})
	}
}

// people looks at what the pool itself does for users beside the mailed code: devices and resets.
func (e *exam) people(d description) {
	if d.DeviceConfiguration != nil {
		e.add(Finding{ID: "native-devices", Level: Doubtful, Area: "user pool",
			What: "the pool tracks devices by Cognito's own means, so after a right code it may require DEVICE_SRP_AUTH, " +
				"which the sign-in page and most clients do not answer",
			Remedy: "take DeviceTracking out of UserPoolProps; RememberDevices is EmailOTP's own way"})
	}
	byMail := slices.ContainsFunc(d.AccountRecoverySetting.RecoveryMechanisms,
		func(m struct{ Name string }) bool { return m.Name == "verified_email" })
	if e.EmailOTP.Settings.RecoveryByEmail && !byMail {
		e.add(Finding{ID: "recovery-closed", Level: Doubtful, Area: "user pool",
			What:    "the app allows a reset of the password by e-mail, and the pool's recovery settings do not",
			Remedy:  "deploy the stack again: the pool was changed outside of it",
			Command: e.EmailOTP.Deploy()})
	}
}

// client looks at a client's session and at what it shows of accounts.
func (e *exam) client(raw json.RawMessage) {
	var c clientDescription
	if e.fails("user pool", json.Unmarshal(raw, &c)) {
		return
	}
	name := fmt.Sprintf("app client %s (%s)", c.ClientName, c.ClientId)
	session := c.AuthSessionValidity
	if session == 0 {
		session = 3 // Cognito's default
	}
	ttl := e.EmailOTP.Settings.CodeTTL
	if ttl > 0 && time.Duration(session)*time.Minute < ttl {
		e.add(Finding{ID: "session-validity", Level: Doubtful, Area: "user pool",
			What: fmt.Sprintf("%s ends a sign-in after %d minutes, and a code is valid for %v", name, session, ttl),
			Remedy: fmt.Sprintf("set its AuthSessionValidity to %d minutes or more, or leave the sign-in to the EmailOTP's "+
				"own client",
				int((ttl+time.Minute-1)/time.Minute))})
	}
	if c.PreventUserExistenceErrors != "ENABLED" {
		e.add(Finding{ID: "user-existence", Level: Doubtful, Area: "user pool",
			What:   name + " answers differently where an account exists",
			Remedy: "set its PreventUserExistenceErrors to ENABLED"})
	}
}
