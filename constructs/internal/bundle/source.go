package bundle

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// SourceContext is the context key that names the directory of this module's source, for apps from
// which it can't be found.
const SourceContext = "emailotp:source"

// Source finds the directory of this module's source.
func Source(scope constructs.Construct) (string, error) {
	if dir, ok := scope.Node().TryGetContext(jsii.String(SourceContext)).(string); ok && dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := build.Locate(context.Background())
	if err != nil {
		return "", fmt.Errorf("%w; name its directory by the context key %q", err, SourceContext)
	}
	return dir, nil
}
