package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
)

// Service is the name of a service that functions call.
type Service string

// The services that can have faults.
const (
	SES      Service = "ses"
	KMS      Service = "kms"
	DynamoDB Service = "dynamodb"
	Cognito  Service = "cognito-idp"
	Lambda   Service = "lambda"
)

// Fault makes the matching calls fail or wait. Latency combines with the others. At most one of
// Error, Throttle and LoseAnswer may be set; with none of them the call is only delayed.
type Fault struct {
	// Service is required.
	Service Service
	// Operation, such as "SendEmail" or "UpdateItem"; empty means all.
	Operation string
	// Trigger limits the fault to one function's calls; empty means all callers.
	Trigger Trigger
	// Calls is how many calls it hits before it ends; 0 means no limit.
	Calls int
	// After is how many matching calls pass first.
	After int

	// Latency delays the call.
	Latency time.Duration
	// Error is the type of an error, such as "SendingPausedException", in place of the work. Status
	// is its HTTP status, 0 being 400; Message is its text.
	Error   string
	Status  int
	Message string
	// Throttle answers with the service's own error for too high a rate.
	Throttle bool
	// LoseAnswer does the work, then closes the connection without an answer.
	LoseAnswer bool
}

func (f Fault) validate() error {
	var errs []error
	if !slices.Contains([]Service{SES, KMS, DynamoDB, Cognito, Lambda}, f.Service) {
		errs = append(errs, fmt.Errorf("Service must be ses, kms, dynamodb, cognito-idp or lambda (received: %q)", f.Service))
	}
	if f.Calls < 0 || f.After < 0 || f.Latency < 0 {
		errs = append(errs, errors.New("Calls, After and Latency must not be negative"))
	}
	kinds := 0
	for _, set := range []bool{f.Error != "", f.Throttle, f.LoseAnswer} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		errs = append(errs, errors.New("Error, Throttle and LoseAnswer exclude one another; set one"))
	}
	if kinds == 0 && f.Latency == 0 {
		errs = append(errs, errors.New("one of Error, Throttle, LoseAnswer and Latency must be set"))
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		errs = append(errs, fmt.Errorf("Status must be 400 to 599, or 0 for 400 (received: %d)", f.Status))
	}
	return errors.Join(errs...)
}

// Inject switches a fault on and returns a function that switches it off. Of several faults that
// match a call, the first injected one hits. Invalid fields, and a trigger that the pool lacks, are
// errors.
func (s *Sandbox) Inject(f Fault) (remove func(), err error) {
	if err := f.validate(); err != nil {
		return nil, fmt.Errorf("fault: %w", err)
	}
	fault := gateway.Fault{
		Service: string(f.Service), Operation: f.Operation, Calls: f.Calls, After: f.After, Latency: f.Latency,
		Error: f.Error, Message: f.Message, Status: f.Status, Throttle: f.Throttle, LoseAnswer: f.LoseAnswer,
	}
	if f.Trigger != "" {
		c, err := s.Credentials(f.Trigger)
		if err != nil {
			return nil, fmt.Errorf("fault: %w", err)
		}
		fault.AccessKeyIDs = []string{c.AccessKeyID}
	}
	return s.gateway.Inject(fault), nil
}

// ClearFaults switches all faults off.
func (s *Sandbox) ClearFaults() { s.gateway.ClearFaults() }
