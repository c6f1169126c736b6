package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// secretService is Secrets Manager with one operation, GetSecretValue.
type secretService struct {
	secrets []assembly.Secret
	callers gateway.Callers
}

// ServeCall answers GetSecretValue by a secret's ARN.
func (s secretService) ServeCall(_ context.Context, c gateway.Call) gateway.Answer {
	if c.Operation != "GetSecretValue" {
		return gateway.NotEmulated(c)
	}
	var in struct{ SecretId string }
	if err := json.Unmarshal(c.Body, &in); err != nil {
		return gateway.Error(c.Service, http.StatusBadRequest, "InvalidRequestException", "The request is no JSON.")
	}
	call := iam.Request{Action: "secretsmanager:GetSecretValue", Resource: in.SecretId}
	if !s.callers.Allowed(c.AccessKeyID, call) {
		return s.callers.Denied(c.Service, c.AccessKeyID, call)
	}
	i := slices.IndexFunc(s.secrets, func(x assembly.Secret) bool { return x.ARN == in.SecretId })
	if i < 0 {
		return gateway.Error(c.Service, http.StatusBadRequest, "ResourceNotFoundException",
			"Secrets Manager can't find the specified secret.")
	}
	return gateway.JSON(c.Service, http.StatusOK, map[string]any{"ARN": in.SecretId, "Name": in.SecretId,
		"SecretString": s.secrets[i].Text, "VersionId": "sandbox", "VersionStages": []string{"AWSCURRENT"}})
}
