package trigger

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/emf"
	"github.com/cognito-emailotp/cdk-emailotp/internal/errtext"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Reporter writes one JSON line for each invocation: what happened, to which user by sub, why, and
// the metrics in CloudWatch's embedded metric format, which need no call and no permission.
type Reporter struct {
	log *slog.Logger
	now func() time.Time
	// pool is the user pool of the last event that could be read.
	pool atomic.Pointer[string]
}

// NewReporter returns a reporter for the named function.
func NewReporter(w io.Writer, f settings.Function, now func() time.Time) *Reporter {
	return &Reporter{log: slog.New(slog.NewJSONHandler(w, nil)).With("function", string(f)), now: now}
}

// report gathers what is logged and counted of one invocation.
type report struct {
	message string
	level   slog.Level
	attrs   []slog.Attr
	pool    string
	metrics []settings.Metric

	// now is the clock; began is when the invocation did.
	now   func() time.Time
	began time.Time
	// isChained is set once the adopter's function is invoked; theirs is how long it took.
	isChained bool
	theirs    time.Duration
}

// record sets the line's message and adds the reason.
func (r *report) record(level slog.Level, message, reason string) {
	r.message, r.level = message, max(r.level, level)
	r.attrs = append(r.attrs, slog.String("reason", reason))
}

// cause adds what the log may have of an error; see describe.
func (r *report) cause(err error) {
	if err != nil {
		r.level = max(r.level, slog.LevelWarn)
		r.attrs = append(r.attrs, slog.String("cause", errtext.Describe(err)))
	}
}

func (r *report) count(m ...settings.Metric) { r.metrics = append(r.metrics, m...) }

// about names the user and the pool.
func (r *report) about(e *event) {
	r.pool = e.UserPoolID
	r.attrs = append(r.attrs, slog.String("clientId", e.CallerContext.ClientID))
	if sub := e.attribute("sub"); sub != "" && !e.Request.UserNotFound {
		r.attrs = append(r.attrs, slog.String("sub", sub))
	}
	if e.Request.UserNotFound {
		r.attrs = append(r.attrs, slog.String(contract.LogUnknownName, nameForm(e.UserName)))
	}
	r.attrs = append(r.attrs, slog.Int(contract.LogClientMetadata, len(e.Request.ClientMetadata)))
}

// nameForm returns what kind of name an unknown user has in Cognito's event: "uuid" with its
// version digit, or "typed". The name itself is an address.
func nameForm(name string) string {
	if len(name) == 36 && name[8] == '-' && name[13] == '-' && name[18] == '-' && name[23] == '-' {
		return "uuid" + name[14:15]
	}
	return "typed"
}

var poolID = regexp.MustCompile(`^[\w-]{1,30}_[0-9A-Za-z]{1,30}$`)

// unknownPool is the metrics' dimension where no event named a pool yet.
const unknownPool = "unknown"

// poolOf returns the user pool that a malformed event is counted for: the one that it names, or
// that of the last event, since a function serves one pool.
func (p *Reporter) poolOf(payload []byte) string {
	var e struct {
		UserPoolID string `json:"userPoolId"`
	}
	if _ = json.Unmarshal(payload, &e); poolID.MatchString(e.UserPoolID) {
		return e.UserPoolID
	}
	if last := p.pool.Load(); last != nil {
		return *last
	}
	return unknownPool
}

func (p *Reporter) write(ctx context.Context, r *report) {
	attrs := r.attrs
	if r.pool != "" {
		p.pool.Store(&r.pool)
		// Named as the metrics' dimension: CloudWatch looks its value up in the line.
		attrs = append(attrs, slog.String(settings.Dimension, r.pool))
	}
	if r.isChained {
		// Whose time it was: ours here, the adopter's in the metric of the same line.
		attrs = append(attrs, slog.Float64("OwnDuration", milliseconds(r.now().Sub(r.began)-r.theirs)),
			slog.Float64(string(settings.ChainedDuration), milliseconds(r.theirs)))
	}
	if (len(r.metrics) > 0 || r.isChained) && r.pool != "" {
		var metrics []emf.Metric
		counts := map[settings.Metric]int{}
		for _, m := range r.metrics {
			if counts[m]++; counts[m] == 1 {
				metrics = append(metrics, emf.Metric{Name: m, Unit: "Count"})
			}
		}
		for _, m := range metrics {
			attrs = append(attrs, slog.Int(string(m.Name), counts[m.Name]))
		}
		if r.isChained {
			metrics = append(metrics, emf.Metric{Name: settings.ChainedDuration, Unit: "Milliseconds"})
		}
		attrs = append(attrs, emf.Directive(p.now(), metrics...))
	}
	p.log.LogAttrs(ctx, r.level, r.message, attrs...)
}
