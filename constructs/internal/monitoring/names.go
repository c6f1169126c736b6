package monitoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Named returns the metric of a name, or the problem with the name.
func Named(name *string) (settings.Metric, []string) {
	all := slices.Concat(settings.Metrics(), settings.DeviceMetrics(), settings.ChainedMetrics(),
		settings.PageMetrics(), settings.AddressMetrics(), settings.MessageMetrics())
	if name != nil && slices.Contains(all, settings.Metric(*name)) {
		return settings.Metric(*name), nil
	}
	given := "nil"
	if name != nil {
		given = fmt.Sprintf("%q", *name)
	}
	names := strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ", "), "[]")
	return "", []string{fmt.Sprintf("Metric has no metric of that name (received: %s); the names are %s", given, names)}
}
