package main

import (
	"fmt"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// serviceCall is one call to AWS in a sign-in.
type serviceCall struct {
	name, service, operation string
	// after is how many calls of the operation come before it.
	after int
	// answering is true if verify makes the call, false if create does.
	answering bool
}

var (
	reading       = serviceCall{"reading the item", gateway.DynamoDB, "GetItem", 0, false}
	firstUpdate   = serviceCall{"the first of claim and quota", gateway.DynamoDB, "UpdateItem", 0, false}
	secondUpdate  = serviceCall{"the second of claim and quota", gateway.DynamoDB, "UpdateItem", 1, false}
	codeMAC       = serviceCall{"the code's MAC", gateway.KMS, "GenerateMac", 0, false}
	bindingMAC    = serviceCall{"the binding's MAC", gateway.KMS, "GenerateMac", 1, false}
	mailing       = serviceCall{"the mail", gateway.SES, "SendEmail", 0, false}
	countingGuess = serviceCall{"counting the guess", gateway.DynamoDB, "UpdateItem", 0, true}
	comparing     = serviceCall{"comparing", gateway.KMS, "VerifyMac", 0, true}
	usingUp       = serviceCall{"using the code up", gateway.DynamoDB, "UpdateItem", 1, true}
)

var serviceCalls = []serviceCall{reading, firstUpdate, secondUpdate, codeMAC, bindingMAC, mailing, countingGuess,
	comparing, usingUp}

func (c serviceCall) with(f lab.Fault, calls int) lab.Fault {
	f.Service, f.Operation, f.After, f.Calls = c.service, c.operation, c.after, calls
	return f
}

// trouble is a way in which a call fails.
type trouble struct {
	name  string
	fault lab.Fault
	// once troubles end before the client's own repetition of the call.
	once bool
}

// healed is the trouble that one repetition of the call heals.
const healed = "answer lost once"

var troubles = []trouble{
	{"down", lab.Fault{Status: http.StatusInternalServerError, Error: "InternalFailure"}, false},
	{"denied", lab.Fault{Status: http.StatusBadRequest, Error: "AccessDeniedException"}, true},
	{"throttled", lab.Fault{Throttle: true}, false},
	{"done, the answer lost", lab.Fault{LoseAnswer: true}, false},
	{healed, lab.Fault{LoseAnswer: true}, true},
}

// faults makes every call of a sign-in fail in every way. The client reads a fixed sentence, no
// mail is counted that was not sent, no guess is compared that was not counted, and the owner gets
// in at once when the trouble is over.
func faults(r *rig.Run, m settings.Mode) {
	calls := serviceCalls
	results := make([]aftermath, len(calls)*len(troubles))
	r.Parallel(len(results), 6, func(r *rig.Run, i int) {
		call, t := calls[i/len(troubles)], troubles[i%len(troubles)]
		// Two calls where the client repeats one: the repetition fails too. More would hit what
		// cleans up.
		n := 2
		if call.service == gateway.SES || t.once {
			n = 1
		}
		late := inTime(r, lab.Plan{Mode: m}, 0, func(l *lab.Lab) { results[i] = strike(l, call, call.with(t.fault, n)) })
		results[i].note(late)
		results[i].note(rig.Unless(t.name != healed || !results[i].refused, "one lost answer ended the sign-in"))
	})
	for c, call := range calls {
		refusals := 0
		var broken []string
		for i, t := range troubles {
			result := results[c*len(troubles)+i]
			if result.refused {
				refusals++
			}
			for _, b := range result.broken {
				broken = append(broken, t.name+": "+b)
			}
		}
		r.Add(m, call.name+": down, denied, throttled, answer lost, lost once", len(troubles),
			fmt.Sprintf("%d refused in a fixed sentence, %d went through", refusals,
				len(troubles)-refusals), "nothing half done", broken...)
	}
}

// inTime has try attack wired labs, each with the victim's account, until in one of them no time
// ran out but that of as many calls of triggers as are meant to: where a client's second is over on
// a busy machine, the outcome shows nothing of the triggers. It returns what is wrong if there was
// no such lab.
func inTime(r *rig.Run, p lab.Plan, meant int, try func(*lab.Lab)) string {
	const tries = 10
	p.Wire = true
	for range tries {
		l := r.Lab(p)
		l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
		if try(l); !l.Late(meant) {
			return ""
		}
		r.Progress("time ran out, on a machine too busy or by a fault: attacking once more")
	}
	return fmt.Sprintf("time ran out in each of %d tries", tries)
}

// aftermath is the consequence of one trouble.
type aftermath struct {
	refused bool
	broken  []string
}

func (a *aftermath) note(sentence string) {
	if sentence != "" {
		a.broken = append(a.broken, sentence)
	}
}

// strike signs in while a call fails, and again at once if that was refused.
func strike(l *lab.Lab, call serviceCall, f lab.Fault) (out aftermath) {
	most := 1
	if !call.answering {
		l.Gateway.Inject(f)
	}
	a, err := l.Enter(lab.Victim, lab.KnownPassword)
	if call.answering {
		// A call whose answer was lost may have used the code up: a new one must then come at once.
		most = 2
		letters := l.MailsTo(lab.Victim)
		if err != nil || len(letters) != 1 {
			out.note(fmt.Sprintf("%d mails before any trouble, %v", len(letters), err))
			return out
		}
		l.Gateway.Inject(f)
		a, err = l.AnswerCode(a, lab.Victim, letters[0].Code)
		if compared := l.Key.All.Compared.Load(); call == countingGuess && !f.LoseAnswer {
			out.note(rig.Unless(compared == 0, "%d guesses compared that were not counted", compared))
		}
	}
	l.Gateway.ClearFaults()
	if call.answering && err == nil && a.SignedIn() {
		return out
	}
	if out.refused = err != nil || call.answering; out.refused {
		out.note(wording(err))
		// A mail that was not sent must not be in the way.
		if a, err = l.Enter(lab.Victim, lab.KnownPassword); err != nil {
			out.note(fmt.Sprintf("afterwards %v", err))
			return out
		}
	}
	letters := l.MailsTo(lab.Victim)
	if len(letters) == 0 {
		out.note("no mail came, and the next sign-in's mail was counted as sent")
		return out
	}
	a, err = l.AnswerCode(a, lab.Victim, letters[0].Code)
	out.note(rig.Unless(err == nil && a.SignedIn(), "the owner did not get in: %v", err))
	out.note(rig.Unless(len(letters) <= most, "%d mails", len(letters)))
	return out
}

// wording returns what is wrong with the error that a client read, if any.
func wording(err error) string {
	const sentence = "Sign-in codes are not available just now; please try again in a few minutes (emailotp:" +
		contract.RefusalUnavailable + ")"
	if err == nil {
		return ""
	}
	for _, trigger := range []string{"CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
		if err.Error() == "UserLambdaValidationException: "+trigger+" failed with error "+sentence+"." {
			return ""
		}
	}
	return "the client read " + err.Error()
}
