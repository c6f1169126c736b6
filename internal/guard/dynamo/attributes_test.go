package dynamo_test

import (
	"context"
	"path"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
)

// recorder keeps the names of all attributes that updates have.
type recorder struct {
	dynamo.API
	names map[string]bool
}

func (r *recorder) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (
	*dynamodb.UpdateItemOutput, error) {
	for name := range in.Key {
		r.names[name] = true
	}
	for _, name := range in.ExpressionAttributeNames {
		r.names[name] = true
	}
	return &dynamodb.UpdateItemOutput{}, nil
}

// The role of mail-events may be limited to these attributes, and the list of devices is not one.
func TestMailEventsNamesTheAttributesThatItsRoleMayWrite(t *testing.T) {
	r := &recorder{names: map[string]bool{}}
	s := dynamo.New(r, "Guard")
	for _, m := range []guard.Mark{guard.BounceMark("a", "General", now), guard.ComplaintMark("a", now)} {
		if _, _, err := s.MarkBounced(ctx, "key", m, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CountQuota(ctx, "key", "9", now); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for name := range r.names {
		matched := false
		for _, pattern := range guard.MailEventsAttributes() {
			if ok, _ := path.Match(pattern, name); ok {
				matched, used[pattern] = true, true
			}
		}
		if !matched {
			t.Errorf("the role lacks the attribute %s", name)
		}
	}
	if len(used) != len(guard.MailEventsAttributes()) {
		t.Errorf("of %v only these are used: %v", guard.MailEventsAttributes(), used)
	}
}
