package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/emf"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The errors of RFC 6749, of OpenID Connect and of RFC 7009, and the two that the page alone shows.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrant     = "unsupported_grant_type"
	unsupportedResponse  = "unsupported_response_type"
	unsupportedTokenType = "unsupported_token_type"
	accessDenied         = "access_denied"
	loginRequired        = "login_required"
	unavailable          = "temporarily_unavailable"
	redirectMismatch     = "redirect_mismatch"
)

// reply writes JSON.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}

// refuse writes an error as Cognito's token endpoint does: without a description.
func refuse(w http.ResponseWriter, status int, id string) {
	reply(w, status, map[string]string{"error": id})
}

// refuseFor answers an error of a service: 400 with id where Cognito refuses for good, and 503
// where it is worth another try.
func (s *Server) refuseFor(w http.ResponseWriter, err error, id string) {
	switch code(err) {
	case "NotAuthorizedException", "RefreshTokenReuseException", "UserNotFoundException", "InvalidParameterException",
		"UserNotConfirmedException", "PasswordResetRequiredException", "UserLambdaValidationException":
		refuse(w, http.StatusBadRequest, id)
	case "ResourceNotFoundException", "UnauthorizedException":
		refuse(w, http.StatusBadRequest, invalidClient)
	case "TooManyRequestsException", "LimitExceededException":
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, unavailable)
	default:
		s.Fault(err)
		refuse(w, http.StatusServiceUnavailable, unavailable)
	}
}

// Fault logs and counts that a service failed. Errors of this package and its stores name no user.
func (s *Server) Fault(err error) {
	s.count(slog.LevelError, settings.PageFaults, "a service failed", slog.String("error", err.Error()))
}

// count logs an event that is a metric.
func (s *Server) count(level slog.Level, m settings.Metric, message string, attrs ...slog.Attr) {
	s.Log.LogAttrs(context.Background(), level, message, append(attrs, emf.Count(s.Now(), s.Pool, m)...)...)
}

// redirect sends the browser on. 302 is what Cognito sends; it makes the next request a GET.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

type pair struct{ name, value string }

// query encodes parameters. A space becomes %20, which every reader decodes.
func query(pairs []pair) string {
	var parts []string
	for _, p := range pairs {
		parts = append(parts, strings.ReplaceAll(url.QueryEscape(p.name)+"="+url.QueryEscape(p.value), "+", "%20"))
	}
	return strings.Join(parts, "&")
}

// with appends parameters to a registered address, which may have a query and has no fragment.
func with(address string, pairs []pair) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + query(pairs)
}

// form reads a form-encoded body. The answer is sent if it returns false.
func form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return nil, false
	}
	body, ok := read(w, r)
	if !ok {
		return nil, false
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || repeated(values) {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return nil, false
	}
	return values, true
}

// read reads a body whole. The answer is sent if it returns false.
func read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := readAll(r)
	if err == nil {
		return body, true
	}
	status := http.StatusBadRequest
	if long := new(http.MaxBytesError); errors.As(err, &long) {
		status = http.StatusRequestEntityTooLarge
	}
	refuse(w, status, invalidRequest)
	return nil, false
}

// repeated reports whether a parameter is there twice, which RFC 6749, 3.1 and 3.2, forbids.
func repeated(values url.Values) bool {
	for _, all := range values {
		if len(all) > 1 {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
