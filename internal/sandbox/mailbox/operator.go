package mailbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// operator answers the calls by which an operator looks at the account, pauses and resumes it, and
// takes an address off the suppression list.
func (s *Service) operator(c gateway.Call) gateway.Answer {
	path, found := strings.CutPrefix(c.Request.URL.Path, "/v2/email/")
	kind, name, _ := strings.Cut(path, "/")
	name, err := url.PathUnescape(name)
	answers := map[string]func(string) (any, *refusal){
		"GET account": s.account, "GET identities": s.describeIdentity, "GET configuration-sets": s.describeSet,
		"GET suppression": s.suppression, "DELETE suppression": s.unsuppress,
		"PUT account": func(part string) (any, *refusal) { return s.pause(part, c.Body) }}
	answer, isKnown := answers[c.Request.Method+" "+kind]
	if !found || err != nil || !isKnown {
		return gateway.NotEmulated(c)
	}
	call := iam.Request{Action: "ses:" + c.Operation, Resource: "*"}
	if !s.callers.Allowed(c.AccessKeyID, call) {
		return s.callers.Denied(gateway.SES, c.AccessKeyID, call)
	}
	v, bad := answer(name)
	if bad != nil {
		return gateway.Answer(*bad)
	}
	return gateway.JSON(gateway.SES, http.StatusOK, v)
}

func (s *Service) account(string) (any, *refusal) {
	quota := map[string]any{"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 0}
	if s.cfg.InSandbox {
		quota["Max24HourSend"], quota["MaxSendRate"] = 200, 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"ProductionAccessEnabled": !s.cfg.InSandbox, "SendingEnabled": !s.paused,
		"EnforcementStatus": "HEALTHY", "SendQuota": quota}, nil
}

// pause answers PutAccountSendingAttributes.
func (s *Service) pause(part string, body []byte) (any, *refusal) {
	var in struct{ SendingEnabled bool }
	if part != "sending" || awsjson.Unmarshal(body, &in) != nil {
		return nil, badRequest("the request is malformed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = !in.SendingEnabled
	return map[string]any{}, nil
}

func (s *Service) describeIdentity(name string) (any, *refusal) {
	i := slices.IndexFunc(s.cfg.Identities, func(i Identity) bool { return sameAddress(i.Name, name) })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "NotFoundException", "Email identity %s does not exist.", name)
	}
	kind := "EMAIL_ADDRESS"
	if !strings.Contains(name, "@") {
		kind = "DOMAIN"
	}
	return map[string]any{"IdentityType": kind, "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS",
		"DkimAttributes":     map[string]any{"SigningEnabled": kind == "DOMAIN", "Status": "SUCCESS"},
		"MailFromAttributes": map[string]any{"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
	}, nil
}

// describeSet describes a configuration set, or its event destinations.
func (s *Service) describeSet(name string) (any, *refusal) {
	name, part, _ := strings.Cut(name, "/")
	set, exists := s.configurationSet(name)
	if !exists {
		return nil, refuse(http.StatusNotFound, "NotFoundException", "Configuration set <%s> does not exist.", name)
	}
	if part != "event-destinations" {
		return map[string]any{"ConfigurationSetName": name,
			"SendingOptions": map[string]any{"SendingEnabled": !set.SendingDisabled}}, nil
	}
	destinations := []any{}
	if len(set.BusEvents) > 0 {
		destinations = append(destinations, map[string]any{"Name": "MailEvents", "Enabled": true,
			"MatchingEventTypes": upper(set.BusEvents),
			"EventBridgeDestination": map[string]any{
				"EventBusArn": "arn:" + s.cfg.Partition + ":events:" + s.cfg.Region + ":" + s.cfg.Account + ":event-bus/default"}})
	}
	return map[string]any{"EventDestinations": destinations}, nil
}

// upper returns the types of events as the API has them; a template may write them otherwise.
func upper(types []string) []string {
	all := make([]string, len(types))
	for i, t := range types {
		all[i] = strings.ToUpper(t)
	}
	return all
}

func (s *Service) suppression(name string) (any, *refusal) {
	address := strings.ToLower(strings.TrimPrefix(name, "addresses/"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.suppressed[address] {
		return nil, refuse(http.StatusNotFound, "NotFoundException",
			"Email address does not exist on your suppression list.")
	}
	return map[string]any{"SuppressedDestination": map[string]any{"EmailAddress": address, "Reason": "BOUNCE"}}, nil
}

func (s *Service) unsuppress(name string) (any, *refusal) {
	if _, bad := s.suppression(name); bad != nil {
		return nil, bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.suppressed, strings.ToLower(strings.TrimPrefix(name, "addresses/")))
	return map[string]any{}, nil
}
