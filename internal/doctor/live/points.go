package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Point is an open point of docs/operations.md with its answer.
type Point struct {
	// ID is the sandbox's switch, or a name where there is none.
	ID string `json:"id"`
	// Question is answered by yes; Answer is "yes", "no" or "not observable".
	Question string `json:"question"`
	Answer   string `json:"answer"`
	// Reason is what was seen, or why nothing was.
	Reason string `json:"reason"`

	// only is the mode that can settle it; empty for both.
	only settings.Mode
}

// The answers of a point.
const (
	Yes           = "yes"
	No            = "no"
	NotObservable = "not observable"
)

// Names of the points that are no switch.
const (
	pointFlow        = "CustomAuthAloneAllowsSRP"
	pointRow         = "WrongPasswordIsAFalseRow"
	pointReset       = "ResetRequiredIsRefused"
	pointUnconfirmed = "UnconfirmedIsRefused"
	pointEvents      = "BounceEventsArrive"
	pointOwnMail     = "SignUpMailsCognitosOwnCode"
	pointLatency     = "Latency"
)

// points are all of them in the order of the document, with why an answer may be missing.
var points = []Point{
	open("NewPasswordIssuesTokens", settings.Password,
		"Does Cognito issue tokens after a new password inside custom authentication?",
		"only password mode has new passwords"),
	open("CustomChallengeEntryRow", "", "Does a start with CHALLENGE_NAME=CUSTOM_CHALLENGE pass a row to define?",
		onlyLogs),
	open(pointFlow, settings.Password, "Is ALLOW_CUSTOM_AUTH alone enough for a start with SRP_A?",
		"only password mode starts with SRP_A"),
	open("SessionOverhead", "", "Is the longest Session within Cognito's 2,048 characters?", "no Session was seen"),
	open("UnknownUserNameIsDummy", "", "Do events of unknown users have a dummy UUID as their userName?", onlyLogs),
	open("TriggerAttempts", "", "Does Cognito repeat a trigger that is late?",
		"no trigger was late; to see it, one would have to wait for more than 5 s, which the functions never do"),
	open(pointRow, settings.Password, "Does a wrong password reach define as a false row?", onlyLogs),
	open(pointReset, settings.Password, "Is a user who must reset the password refused before a code is due?",
		"the pool resets no password by e-mail, so no user is in that state"),
	open(pointUnconfirmed, settings.Password, "Is a user who did not confirm the sign-up refused before a code is due?",
		"users can't sign up by themselves here, or are confirmed as they do, so none is in that state"),
	open(pointEvents, "", "Do SES's events reach mail-events with the mail's tag?", "give --bounce to try it"),
	open(pointOwnMail, settings.Passwordless, "Does a sign-up also mail Cognito's own code?",
		"an administrator made the user"),
	open(pointLatency, "", "Did every call of the sign-in end within 3 seconds?", "no call was made"),
	open("CreateSeesNoClientMetadata", "", "Is the client's metadata kept from create?", onlyLogs),
}

const onlyLogs = "only the functions' logs show it, and no line was found"

// open is a point that is not settled yet.
func open(id string, only settings.Mode, question, reason string) Point {
	return Point{ID: id, Question: question, Answer: NotObservable, Reason: reason, only: only}
}

// answer settles a point.
func (w *walk) answer(id string, yes bool, reason string) {
	p := Point{ID: id, Answer: No, Reason: reason}
	if yes {
		p.Answer = Yes
	}
	w.points[id] = p
}

// settle puts the answers into the document's order, and into the record.
func (w *walk) settle() {
	if w.isPassword() && w.did("temporary password") && !slices.Contains(w.flows, "ALLOW_USER_SRP_AUTH") {
		w.answer(pointFlow, true, "the client has no ALLOW_USER_SRP_AUTH, and the start worked")
	}
	if w.longest > 0 {
		w.answer("SessionOverhead", w.longest <= 2048, fmt.Sprintf("the longest had %d characters", w.longest))
	}
	slowest, name, calls := time.Duration(0), "", 0
	for _, s := range w.proof.Steps {
		if s.Took > slowest && !strings.Contains(s.Name, "requested again") && !strings.Contains(s.Name, "right code") &&
			!strings.Contains(s.Name, "bounce") && !strings.Contains(s.Name, "own") {
			slowest, name = s.Took, s.Name
		}
		calls++
	}
	if calls > 0 {
		w.answer(pointLatency, slowest < 3*time.Second, fmt.Sprintf("the slowest was %q with %d ms", name,
			slowest.Milliseconds()))
	}
	for _, p := range points {
		if got, ok := w.points[p.ID]; ok {
			p.Answer, p.Reason = got.Answer, got.Reason
		} else if w.proof.Failed != "" && (p.only == "" || p.only == w.EmailOTP.Mode) {
			p.Reason = "the walk ended before it was tried"
		}
		w.proof.Points = append(w.proof.Points, p)
		w.proof.record.point(p)
	}
}

// line is a log line of a function, as far as it is read.
type line struct {
	Sub     string
	Reason  string
	Rows    *int
	Unknown string `json:"unknownName"`
	Client  string `json:"clientId"`
	Meta    *int   `json:"clientMetadata"`

	// Type and Record are of Lambda's own lines.
	Type   string
	Record struct {
		Metrics struct {
			Duration float64 `json:"durationMs"`
			Init     float64 `json:"initDurationMs"`
		}
	}
}

// logWait is how long CloudWatch Logs may take to show a line.
const logWait = 20 * time.Second

// fromLogs reads what only the functions' logs show.
func (w *walk) fromLogs(ctx context.Context) {
	if len(w.made) == 0 {
		return
	}
	sub := w.made[0].sub
	define := w.lines(ctx, settings.DefineAuthChallenge, func(l line) bool { return l.Sub == sub })
	create := w.lines(ctx, settings.CreateAuthChallenge, func(l line) bool { return l.Sub == sub })
	if entry, ok := w.entryLine(define); ok {
		w.answer("CustomChallengeEntryRow", entry > 0, fmt.Sprintf("define received %d rows", entry))
	}
	for _, l := range append(define, create...) {
		if l.Unknown != "" && l.Client == w.EmailOTP.ClientID {
			w.answer("UnknownUserNameIsDummy", l.Unknown != "typed", "the name in the event was of the form "+l.Unknown)
		}
	}
	counted, most := false, 0
	for _, l := range create {
		if l.Meta != nil { // an older version of the functions does not count it
			counted, most = true, max(most, *l.Meta)
		}
	}
	switch {
	case !counted || !w.did("requested again"):
	case most > 0:
		w.answer("CreateSeesNoClientMetadata", false, "create received the client's metadata")
	default:
		w.answer("CreateSeesNoClientMetadata", true, "create received none, and the client sent some")
	}
	if w.isPassword() && w.did("a wrong password") && len(define) > 0 {
		refused := 0
		for _, l := range define {
			if l.Sub == sub && l.Reason == "not-proven" {
				refused++
			}
		}
		if w.did("CHALLENGE_NAME=CUSTOM_CHALLENGE") {
			refused-- // define refuses that start in password mode
		}
		w.answer(pointRow, refused > 0, map[bool]string{true: "define refused a session of this user after it",
			false: "define was not called after it"}[refused > 0])
	}
}

// did reports whether a step ran without a failure.
func (w *walk) did(part string) bool {
	for _, s := range w.proof.Steps {
		if strings.Contains(s.Name, part) && !strings.HasPrefix(s.Outcome, "failed") {
			return true
		}
	}
	return false
}

// entryLine returns the rows of define's line about the start with CUSTOM_CHALLENGE: the last one
// of the user.
func (w *walk) entryLine(all []line) (rows int, found bool) {
	if !w.did("CHALLENGE_NAME=CUSTOM_CHALLENGE") {
		return 0, false
	}
	for _, l := range all {
		if l.Sub == w.made[0].sub && l.Rows != nil {
			rows, found = *l.Rows, true
		}
	}
	return rows, found
}

// times reads how long the functions took meanwhile, from the lines that Lambda writes after each
// call. They are in the log's JSON format, which the construct sets.
func (w *walk) times(ctx context.Context) {
	triggers := settings.Triggers(w.EmailOTP.Mode)
	all := make([]TriggerTime, len(triggers))
	var wg sync.WaitGroup
	for i, f := range triggers {
		wg.Go(func() {
			all[i].Function = f
			for _, l := range w.read(ctx, f, `{ $.type = "platform.report" }`) {
				if l.Type == "platform.report" {
					all[i].Calls++
					all[i].Slowest = max(all[i].Slowest, l.Record.Metrics.Duration)
					all[i].Start = max(all[i].Start, l.Record.Metrics.Init)
				}
			}
		})
	}
	wg.Wait()
	w.proof.Triggers = slices.DeleteFunc(all, func(t TriggerTime) bool { return t.Calls == 0 })
}

// lines reads a function's log since the walk began, until a line of the walk's user is there.
func (w *walk) lines(ctx context.Context, f settings.Function, has func(line) bool) []line {
	pattern := fmt.Sprintf("{ $.%s = %q }", settings.Dimension, w.EmailOTP.PoolID)
	for waited := time.Duration(0); ; waited += 2 * time.Second {
		all := w.read(ctx, f, pattern)
		if slices.ContainsFunc(all, has) || all == nil || waited >= logWait || w.Sleep(ctx, 2*time.Second) != nil {
			return all
		}
	}
}

// read reads the lines of a function's log that fit the pattern, since the walk began. A denied or
// an absent call leaves the points open: it returns nil.
func (w *walk) read(ctx context.Context, f settings.Function, pattern string) []line {
	all := []line{}
	request := map[string]any{"logGroupName": w.EmailOTP.Functions[f].LogGroup(), "filterPattern": pattern,
		"startTime": w.began.Add(-2 * time.Second).UnixMilli()}
	for {
		var page struct {
			Events    []struct{ Message string }
			NextToken string
		}
		if w.API.JSON(ctx, awsapi.Logs, "FilterLogEvents", request, &page) != nil {
			return nil
		}
		for _, e := range page.Events {
			var l line
			if json.Unmarshal([]byte(e.Message), &l) == nil {
				all = append(all, l)
			}
		}
		if page.NextToken == "" {
			return all
		}
		request["nextToken"] = page.NextToken
	}
}
