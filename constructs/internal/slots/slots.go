// Package slots has the functions of an EmailOTP, and which triggers of the user pool call them.
package slots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// TimeoutSeconds ends a function before Cognito abandons the call after 5 seconds and repeats it:
// an abandoned call must not run beside its repetition. The difference is the time of the
// invocation.
const TimeoutSeconds = 4

// A Slot is one function: its construct's id and, if the pool calls it, Cognito's name of the
// trigger.
type Slot struct {
	Function  settings.Function
	ID        string
	Operation func() awscognito.UserPoolOperation // nil for a function that is no trigger
	Names     []string                            // in LambdaConfig; two where Cognito has two forms of it
}

var all = []Slot{
	{settings.DefineAuthChallenge, "DefineAuthChallenge", awscognito.UserPoolOperation_DEFINE_AUTH_CHALLENGE,
		[]string{"defineAuthChallenge"}},
	{settings.CreateAuthChallenge, "CreateAuthChallenge", awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE,
		[]string{"createAuthChallenge"}},
	{settings.VerifyAuthChallenge, "VerifyAuthChallenge", awscognito.UserPoolOperation_VERIFY_AUTH_CHALLENGE_RESPONSE,
		[]string{"verifyAuthChallengeResponse"}},
	{settings.PreSignUp, "PreSignUp", awscognito.UserPoolOperation_PRE_SIGN_UP, []string{"preSignUp"}},
	{settings.PreTokenGeneration, "PreTokenGeneration", awscognito.UserPoolOperation_PRE_TOKEN_GENERATION,
		[]string{"preTokenGeneration", "preTokenGenerationConfig"}},
	{settings.MailEvents, "MailEvents", nil, nil},
	{settings.AttachUserPool, "AttachUserPool", nil, nil}, // the last one, see Attach
}

// Of returns the mode's slots.
func Of(m settings.Mode) []Slot {
	functions := settings.Functions(m)
	return slices.DeleteFunc(slices.Clone(all), func(s Slot) bool { return !slices.Contains(functions, s.Function) })
}

// Triggers returns those of the mode's slots that are triggers of the pool.
func Triggers(m settings.Mode) []Slot {
	return slices.DeleteFunc(Of(m), func(s Slot) bool { return s.Operation == nil })
}

// All returns every slot.
func All() []Slot { return slices.Clone(all) }

// Attach returns the slot of the function that a deployment runs.
func Attach() Slot { return all[len(all)-1] }

// IDOf returns the construct id of a function.
func IDOf(f settings.Function) string {
	for _, s := range all {
		if s.Function == f {
			return s.ID
		}
	}
	return string(f)
}

// Called returns the slots that the pool calls. The function that mails codes also serves
// CustomMessage: it has the mail's configuration beside it. The function that checks answers also
// serves PostConfirmation where a reset must forget the remembered devices: it may write the table
// already.
func Called(s *settings.Settings) []Slot {
	all := Triggers(s.Mode)
	if s.ForgetsDevices() {
		all = append(all, Slot{settings.VerifyAuthChallenge, "VerifyAuthChallenge",
			awscognito.UserPoolOperation_POST_CONFIRMATION, []string{"postConfirmation"}})
	}
	if s.CustomMessages {
		all = append(all, Slot{settings.CreateAuthChallenge, "CreateAuthChallenge",
			awscognito.UserPoolOperation_CUSTOM_MESSAGE, []string{"customMessage"}})
	}
	return all
}

// ReadsTable reports whether the function calls DynamoDB.
func (s Slot) ReadsTable() bool {
	return slices.Contains([]settings.Function{settings.CreateAuthChallenge, settings.VerifyAuthChallenge,
		settings.MailEvents}, s.Function)
}

// Trigger returns the trigger's name in Cognito's API.
func (s Slot) Trigger() string { return capital(s.Names[0]) }

// IsChainable reports whether an adopter's function can be behind the trigger, as the prop of its
// name.
func (s Slot) IsChainable() bool {
	return len(s.Names) > 0 && slices.Contains([]string{"preSignUp", "preTokenGeneration", "customMessage",
		"postConfirmation"}, s.Names[0])
}

// OperationOf returns Cognito's operation for the slot and the version of its events. tokens is the
// one of [TokenVersion].
func (s Slot) OperationOf(tokens awscognito.LambdaVersion) (awscognito.UserPoolOperation, awscognito.LambdaVersion) {
	if s.Function == settings.PreTokenGeneration && tokens != "" {
		return awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), tokens
	}
	return s.Operation(), ""
}

// Taken reports the triggers of an existing pool that these slots need and that are set already.
func Taken(pool awscognito.UserPool, called []Slot) []string {
	config := apptree.Pool{IUserPool: pool, Stack: awscdk.Stack_Of(pool)}.LambdaConfig()
	var problems []string
	for _, slot := range called {
		for _, name := range slot.Names {
			if _, taken := config[name]; taken {
				remedy := "remove it"
				if slot.IsChainable() {
					remedy += " there and pass the function as " + slot.Trigger() + ", which EmailOTP then invokes"
				}
				problems = append(problems, fmt.Sprintf("UserPool %s has a trigger %s already, and Cognito calls one "+
					"function a trigger; %s, or give the EmailOTP a pool of its own",
					*pool.Node().Path(), capital(name), remedy))
			}
		}
	}
	return problems
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
