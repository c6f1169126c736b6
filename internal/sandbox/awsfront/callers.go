package awsfront

import (
	"fmt"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// Callers knows the functions by their access keys. Whoever signs with another
// key is the developer, who may do anything.
type Callers map[string]iam.Principal

// Allowed judges a call by its signer.
func (cs Callers) Allowed(accessKeyID string, r iam.Request) bool {
	p, isFunction := cs[accessKeyID]
	return !isFunction || p.Allowed(r)
}

// AllowedWith is Allowed with the policy of the resource beside.
func (cs Callers) AllowedWith(resource iam.Policy, accessKeyID string, r iam.Request) bool {
	p, isFunction := cs[accessKeyID]
	return !isFunction || p.AllowedWith(resource, r)
}

// Denial is the sentence in which AWS refuses a caller.
func (cs Callers) Denial(accessKeyID string, r iam.Request) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		cs[accessKeyID].SessionARN(), r.Action, r.Resource, r.Action)
}

// Denied is the answer to a caller whose role doesn't allow the call.
func (cs Callers) Denied(service, accessKeyID string, r iam.Request) Answer {
	status := http.StatusBadRequest
	if service == SES {
		status = http.StatusForbidden
	}
	return Error(service, status, "AccessDeniedException", cs.Denial(accessKeyID, r))
}
