package changeaddress

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/emf"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// refusal is an error that the caller learns: the status, and the text of the member "error".
type refusal struct {
	status int
	id     string
	after  time.Duration // of Retry-After; zero for none
	metric settings.Metric
}

func (r refusal) Error() string { return r.id }

// The refusals. docs/clients.md lists them.
var (
	errInvalidRequest = refusal{http.StatusBadRequest, "invalid_request", 0, ""}
	errInvalidAddress = refusal{http.StatusBadRequest, "invalid_address", 0, ""}
	errSameAddress    = refusal{http.StatusBadRequest, "same_address", 0, ""}
	errWrongCode      = refusal{http.StatusBadRequest, "wrong_code", 0, settings.AddressCodesWrong}
	errNoCode         = refusal{http.StatusBadRequest, "wrong_code", 0, ""} // not compared
	errExpired        = refusal{http.StatusBadRequest, "expired", 0, ""}
	errSpent          = refusal{http.StatusBadRequest, "expired", 0, settings.AddressChangesRefused}
	errInvalidToken   = refusal{http.StatusUnauthorized, "invalid_token", 0, ""}
	errOldSignIn      = refusal{http.StatusUnauthorized, "login_required", 0, ""}
	errAdministrator  = refusal{http.StatusForbidden, "administrator_required", 0, ""}
	errNotChanged     = refusal{http.StatusConflict, "not_changed", 0, ""}
	errUnavailable    = refusal{http.StatusServiceUnavailable, "temporarily_unavailable", 0, ""}
)

// tooMany is the refusal of a spent budget, which may be asked again at the given time.
func tooMany(now, at time.Time) refusal {
	return refusal{http.StatusTooManyRequests, "too_many_requests", max(time.Second, at.Sub(now).Round(time.Second)),
		settings.AddressChangesRefused}
}

// tokenError is the refusal of a token that Cognito or the check of tokens refused; another error
// is returned as it is.
func tokenError(err error) error {
	if oauth.IsTokenRefused(err) {
		return errInvalidToken
	}
	return err
}

// Fault logs and counts that a service failed. Errors of this package and of the functions' clients
// name no user.
func (s *Server) Fault(err error) { s.fault(failed, err) }

const failed = "a service failed"

func (s *Server) fault(message string, err error, attrs ...slog.Attr) {
	s.log(slog.LevelError, settings.PageFaults, message, append(attrs, slog.String("error", err.Error()))...)
}

// log logs a line that counts in a metric, if one is given.
func (s *Server) log(level slog.Level, m settings.Metric, message string, attrs ...slog.Attr) {
	if m != "" {
		attrs = append(attrs, emf.Count(s.Now(), s.Settings.UserPoolID, m)...)
	}
	s.Log.LogAttrs(context.Background(), level, message, attrs...)
}

// refuse answers and logs an error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, who caller, err error) {
	var known refusal
	if !errors.As(err, &known) {
		s.fault(failed, err, who.attr())
		known = errUnavailable
	} else {
		s.log(slog.LevelWarn, known.metric, "refused", slog.String("path", r.URL.Path), slog.String("error", known.id),
			who.attr())
	}
	if known.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(known.after/time.Second)))
	}
	if known.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="`+known.id+`"`)
	}
	reply(w, known.status, map[string]string{"error": known.id})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}

// request is the body of both requests. PathStart reads Email alone.
type request struct {
	Email       string `json:"email"`
	PresentCode string `json:"present_code"`
	NewCode     string `json:"new_code"`
}

func read(w http.ResponseWriter, r *http.Request) (in request, err error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return in, refusal{http.StatusUnsupportedMediaType, errInvalidRequest.id, 0, ""}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if long := new(http.MaxBytesError); errors.As(err, &long) {
		return in, refusal{http.StatusRequestEntityTooLarge, errInvalidRequest.id, 0, ""}
	}
	if err != nil || json.Unmarshal(body, &in) != nil {
		return in, errInvalidRequest
	}
	return in, nil
}
