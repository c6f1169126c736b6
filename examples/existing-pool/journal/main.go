// Command journal is the app's own trigger: it logs who was confirmed and who signed in, by sub.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(handler{slog.New(slog.NewJSONHandler(os.Stdout, nil))})
}

// handler gives the event back as it came, byte for byte, so that no field is lost that it does not
// know.
type handler struct{ log *slog.Logger }

// Invoke runs once for each confirmation and each sign-in.
func (h handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var e struct {
		TriggerSource string `json:"triggerSource"`
		Request       struct {
			UserAttributes struct {
				Sub string `json:"sub"`
			} `json:"userAttributes"`
		} `json:"request"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	h.log.InfoContext(ctx, "journal", "source", e.TriggerSource, "sub", e.Request.UserAttributes.Sub)
	return event, nil
}
