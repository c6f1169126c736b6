package apptree

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
)

// AddMarks adds what is acknowledged to a resource's metadata, beside marks of the app's own for
// bypasses that only the rendered template shows.
func AddMarks(resource awscdk.CfnResource, accepted []rules.Finding) {
	key := jsii.String(contract.MetadataAcknowledgedBypasses)
	var marks []string
	for _, f := range accepted {
		marks = append(marks, f.Mark())
	}
	existing, _ := resource.GetMetadata(key).([]any)
	for _, mark := range existing {
		if text, ok := mark.(string); ok {
			marks = append(marks, text)
		}
	}
	slices.Sort(marks)
	resource.AddMetadata(key, slices.Compact(marks))
}
