package bench

import (
	"context"
	"encoding/json"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// trivial are in-process handlers that take "1" for the code and call nothing: what is left of a
// sign-in is the pool's own work and that of its protocol.
func trivial() sandbox.Handlers {
	type object = map[string]any
	handler := func(respond func(request object) object) sandbox.HandlerFunc {
		return func(_ context.Context, event []byte) ([]byte, error) {
			var e object
			if err := json.Unmarshal(event, &e); err != nil {
				return nil, err
			}
			request, _ := e["request"].(object)
			e["response"] = respond(request)
			return json.Marshal(e)
		}
	}
	same := handler(func(object) object { return object{} })
	return sandbox.Handlers{
		sandbox.DefineAuthChallenge: handler(func(request object) object {
			rows, _ := request["session"].([]any)
			last := ""
			right := false
			if len(rows) > 0 {
				row, _ := rows[len(rows)-1].(object)
				last, _ = row["challengeName"].(string)
				right, _ = row["challengeResult"].(bool)
			}
			switch {
			case last == "SRP_A":
				return object{"challengeName": "PASSWORD_VERIFIER", "issueTokens": false, "failAuthentication": false}
			case last == "CUSTOM_CHALLENGE":
				return object{"issueTokens": right, "failAuthentication": !right}
			}
			return object{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}
		}),
		sandbox.CreateAuthChallenge: handler(func(object) object {
			return object{"publicChallengeParameters": object{"codeLength": "1"}, "privateChallengeParameters": object{"code": "1"}, "challengeMetadata": "1"}
		}),
		sandbox.VerifyAuthChallengeResponse: handler(func(request object) object {
			return object{"answerCorrect": request["challengeAnswer"] == "1"}
		}),
		sandbox.PreSignUp:          same,
		sandbox.PreTokenGeneration: same,
	}
}
