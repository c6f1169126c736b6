package gateway

import (
	"fmt"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// Callers maps the functions' access keys to their roles. A caller with any other key is the
// developer, who may do everything.
type Callers map[string]iam.Principal

// Allowed reports whether the caller's role allows the call.
func (cs Callers) Allowed(accessKeyID string, r iam.Request) bool {
	p, isFunction := cs[accessKeyID]
	return !isFunction || p.Allowed(r)
}

// AllowedWith is Allowed with a policy of the resource beside the role.
func (cs Callers) AllowedWith(resource iam.Policy, accessKeyID string, r iam.Request) bool {
	p, isFunction := cs[accessKeyID]
	return !isFunction || p.AllowedWith(resource, r)
}

// Denial is the sentence with which AWS refuses the call.
func (cs Callers) Denial(accessKeyID string, r iam.Request) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy "+
		"allows the %s action",
		cs[accessKeyID].SessionARN(), r.Action, r.Resource, r.Action)
}

// Denied is the answer to a call that the caller's role does not allow.
func (cs Callers) Denied(service, accessKeyID string, r iam.Request) Answer {
	status := http.StatusBadRequest
	if service == SES || service == Lambda {
		status = http.StatusForbidden
	}
	return Error(service, status, "AccessDeniedException", cs.Denial(accessKeyID, r))
}
