package trigger

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Reporter writes one JSON line for each invocation: what happened, to whom by sub, why, and the
// metrics in CloudWatch's embedded metric format, which need no call and no permission.
type Reporter struct {
	log *slog.Logger
	now func() time.Time
}

// NewReporter returns a reporter for the named function.
func NewReporter(w io.Writer, f settings.Function, now func() time.Time) *Reporter {
	return &Reporter{slog.New(slog.NewJSONHandler(w, nil)).With("function", string(f)), now}
}

// A report gathers what one invocation has to say.
type report struct {
	message string
	level   slog.Level
	attrs   []slog.Attr
	pool    string
	metrics []settings.Metric
}

// say sets the line's message and reason code.
func (r *report) say(level slog.Level, message, reason string) {
	r.message, r.level = message, max(r.level, level)
	r.attrs = append(r.attrs, slog.String("reason", reason))
}

func (r *report) cause(err error) {
	r.level = max(r.level, slog.LevelWarn)
	r.attrs = append(r.attrs, slog.String("cause", err.Error()))
}

func (r *report) count(m ...settings.Metric) { r.metrics = append(r.metrics, m...) }

// about names the user and the pool.
func (r *report) about(e *event) {
	r.pool = e.UserPoolID
	r.attrs = append(r.attrs, slog.String("clientId", e.CallerContext.ClientID))
	if sub := e.attribute("sub"); sub != "" && !e.Request.UserNotFound {
		r.attrs = append(r.attrs, slog.String("sub", sub))
	}
}

// emfMetric and emfDirective are parts of the embedded metric format.
type emfMetric struct {
	Name settings.Metric
	Unit string
}

type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []emfMetric
}

type emf struct {
	Timestamp         int64
	CloudWatchMetrics []emfDirective
}

func (p *Reporter) write(ctx context.Context, r *report) {
	attrs := r.attrs
	if r.pool != "" {
		// Named as the metrics' dimension: CloudWatch looks its value up in the line.
		attrs = append(attrs, slog.String(settings.Dimension, r.pool))
	}
	if len(r.metrics) > 0 && r.pool != "" {
		d := emfDirective{Namespace: settings.Namespace, Dimensions: [][]string{{settings.Dimension}}}
		counts := map[settings.Metric]int{}
		for _, m := range r.metrics {
			if counts[m]++; counts[m] == 1 {
				d.Metrics = append(d.Metrics, emfMetric{m, "Count"})
			}
		}
		for _, m := range d.Metrics {
			attrs = append(attrs, slog.Int(string(m.Name), counts[m.Name]))
		}
		attrs = append(attrs, slog.Any("_aws", emf{p.now().UnixMilli(), []emfDirective{d}}))
	}
	p.log.LogAttrs(ctx, r.level, r.message, attrs...)
}
