package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

// choice returns what the assembly's plan is made for, with the files of an imported pool read.
func (o Options) choice() (assembly.Choice, error) {
	c := assembly.Choice{Stack: o.Stack, Pool: o.Pool, Mode: string(o.Mode), CallbackURLs: o.CallbackURLs,
		LogoutURLs: o.LogoutURLs, ChangeAddress: o.ChangeAddress}
	var errs []error
	if o.PoolDescription != "" {
		var err error
		c.Description, err = assembly.ReadPool(o.PoolDescription)
		errs = append(errs, err)
	}
	for _, file := range o.PoolClients {
		client, err := assembly.ReadClient(file)
		c.Clients, errs = append(c.Clients, client), append(errs, err)
	}
	return c, errors.Join(errs...)
}

// attachPool runs the template's function against the pool, as the deployment that creates the
// stack would: it attaches to an imported pool, or checks the template's. Its refusal is the error.
func (s *Sandbox) attachPool(ctx context.Context) error {
	if s.plan.Attachment == nil {
		return nil
	}
	if s.opts.Invoker != nil || s.opts.InProcess != nil {
		s.addToReport("the function that a deployment runs for the user pool was not run, since Invoker or InProcess is set")
		return nil
	}
	if s.plan.Attachment.IsCheck {
		defer progress.Begin(s.opts.Progress, "checking the pool as a deployment does")("")
		_, err := s.deploy(ctx, "Create", "")
		return err
	}
	defer progress.Begin(s.opts.Progress, "attaching to the imported pool")("")
	id, err := s.deploy(ctx, "Create", "")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attached = id
	return err
}

// DetachPool runs the template's function as the deletion of the stack would: it takes the triggers
// out of the imported pool's description. Sign-ins go on by the settings of the start. Without an
// imported pool it does nothing.
func (s *Sandbox) DetachPool(ctx context.Context) error {
	s.mu.Lock()
	id := s.attached
	s.mu.Unlock()
	if id == "" {
		return nil
	}
	_, err := s.deploy(ctx, "Delete", id)
	return err
}

// deploy sends one event of CloudFormation to the function, and waits for the answer at the
// response URL.
func (s *Sandbox) deploy(ctx context.Context, request, id string) (string, error) {
	a := s.plan.Attachment
	l, err := loopback.Listen(ctx, 0, "CloudFormation", "")
	if err != nil {
		return "", err
	}
	type answer struct{ Status, Reason, PhysicalResourceId string }
	answers := make(chan answer, 1)
	server := loopback.Serve(l, loopback.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got answer
		if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&got); err != nil || r.Method != http.MethodPut {
			http.Error(w, "not an answer of a custom resource", http.StatusBadRequest)
			return
		}
		select {
		case answers <- got:
		default: // the first answer counts
		}
	})), s.logger)
	defer server.Close()
	properties := a.Properties
	if s.opts.AllowBypasses {
		properties = acknowledgeAll(properties)
	}
	event, err := json.Marshal(map[string]any{
		"RequestType": request, "ResponseURL": origin(l) + "/", "RequestId": "sandbox", "StackId": s.plan.Stack,
		"LogicalResourceId": a.LogicalID, "PhysicalResourceId": id, "ResourceType": contract.AttachmentType,
		"ResourceProperties": properties,
	})
	if err != nil {
		return "", err
	}
	if _, err := s.host.Invoke(ctx, a.Function, event); err != nil {
		return "", fmt.Errorf("the function %s, which a deployment runs for the user pool, failed: %w", a.Function, err)
	}
	select {
	case got := <-answers:
		if got.Status != "SUCCESS" {
			return "", fmt.Errorf("the deployment would fail: %s", got.Reason)
		}
		return got.PhysicalResourceId, nil
	default:
		return "", fmt.Errorf("the function %s did not answer CloudFormation", a.Function)
	}
}

// acknowledgeAll returns the properties with every bypass acknowledged for every client.
func acknowledgeAll(properties map[string]any) map[string]any {
	all := map[string]any{}
	for name, value := range properties {
		all[name] = value
	}
	var marks []string
	for _, kind := range rules.Bypasses() {
		marks = append(marks, rules.NewMark(kind, contract.AnyResource, ""))
	}
	all["AcknowledgedBypasses"] = marks
	return all
}
