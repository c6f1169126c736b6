package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const attributePrefix = "userAttributes."

// newPassword replaces a temporary password. The Session stays valid after a password that the
// pool's policy refuses.
func (s *SignIn) newPassword(ctx context.Context, at step) (step, error) {
	answers, err := s.requiredAttributes(ctx, at.params["requiredAttributes"])
	if err != nil {
		return step{}, err
	}
	refused := ""
	for {
		password, err := s.Person.NewPassword(ctx, refused)
		if err != nil {
			return step{}, err
		}
		answers["NEW_PASSWORD"] = password
		next, err := s.respond(ctx, at, answers, nil)
		if policy := (*types.InvalidPasswordException)(nil); errors.As(err, &policy) {
			refused = policy.ErrorMessage()
			continue
		}
		// The pool has the new password now, even if a refusal follows.
		s.password = password
		return next, err
	}
}

// requiredAttributes asks the user for the attributes in a JSON list of names.
func (s *SignIn) requiredAttributes(ctx context.Context, list string) (map[string]string, error) {
	answers := map[string]string{}
	if list == "" {
		return answers, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(list), &names); err != nil {
		return nil, fmt.Errorf("the pool's list of required attributes is no JSON list: %w", err)
	}
	for _, name := range names {
		name = strings.TrimPrefix(name, attributePrefix)
		value, err := s.Person.Attribute(ctx, name)
		if err != nil {
			return nil, err
		}
		answers[attributePrefix+name] = value
	}
	return answers, nil
}
