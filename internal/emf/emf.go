// Package emf writes metrics in CloudWatch's embedded metric format: as a part of a JSON log line,
// which needs no call and no permission.
package emf

import (
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Metric is a metric of a line. Its value is the line's attribute of that name.
type Metric struct {
	Name settings.Metric
	// Unit is CloudWatch's, such as "Count".
	Unit string
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []Metric
}

type embedded struct {
	Timestamp         int64
	CloudWatchMetrics []directive
}

// Directive returns the attribute by which CloudWatch reads the metrics of a line. The line must
// have the pool's id as [settings.Dimension], at its top level like all of them.
func Directive(now time.Time, metrics ...Metric) slog.Attr {
	d := directive{settings.Namespace, [][]string{{settings.Dimension}}, metrics}
	return slog.Any("_aws", embedded{now.UnixMilli(), []directive{d}})
}

// Count returns the attributes that count one event of a pool.
func Count(now time.Time, pool string, m settings.Metric) []slog.Attr {
	return []slog.Attr{slog.String(settings.Dimension, pool), slog.Int(string(m), 1), Directive(now, Metric{m, "Count"})}
}
