// Package doctor examines a deployed EmailOTP and reports what is right, doubtful or broken, each
// with its remedy. It reads AWS's services and changes nothing; package doctor/live makes a
// sign-in.
//
// Every check runs beside the others. A call that is refused, or a service that does not exist
// where the calls go, is a finding of its own, and the rest is reported all the same.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
)

// Level is how a finding must be taken.
type Level string

// The levels, from the worst on.
const (
	// Broken: sign-ins fail, or the mailed code can be bypassed.
	Broken Level = "broken"
	// Doubtful: works now, and may fail or be slow under load, after a fault, or for some users.
	Doubtful Level = "doubtful"
	// Unseen: could not be looked at, for want of a permission or of the service.
	Unseen Level = "unseen"
	// Advice: works, and something useful is not there.
	Advice Level = "advice"
	// Right: as it should be.
	Right Level = "right"
)

// Levels returns the levels in their order.
func Levels() []Level { return []Level{Broken, Doubtful, Unseen, Advice, Right} }

// Finding is one result.
type Finding struct {
	// ID is the finding's fixed name, such as "key-disabled".
	ID    string `json:"id"`
	Level Level  `json:"level"`
	// Area is what the finding is about, such as "mail".
	Area string `json:"area"`
	// What is a sentence without a full stop. Remedy is what to do, Command the command for it;
	// both may be empty.
	What    string `json:"what"`
	Remedy  string `json:"remedy,omitempty"`
	Command string `json:"command,omitempty"`
}

// Report is the result of an examination.
type Report struct {
	Stack     string `json:"stack"`
	Construct string `json:"construct"`
	Region    string `json:"region"`
	Mode      string `json:"mode"`
	PoolID    string `json:"userPoolId"`
	// Version is that of all functions; empty where it is not known, or differs.
	Version  string    `json:"version,omitempty"`
	Findings []Finding `json:"findings"`
}

// Has returns the findings of a level.
func (r *Report) Has(l Level) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Level != l })
}

// Options are what an examination looks at.
type Options struct {
	API      *awsapi.Client
	EmailOTP *deployed.EmailOTP
	// DNS answers questions about the sender's domain; nil is this machine's resolver.
	DNS Resolver
	// Address is looked up on SES's suppression list; empty for none.
	Address string
	// Command is what examines.
	Command Command
	// HTTP sends the requests to the sign-in page; nil is this machine's client.
	HTTP *http.Client
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// exam collects the findings of the checks, which run in parallel.
type exam struct {
	Options
	mu       sync.Mutex
	findings []Finding
	// Version is that of all functions, where they agree.
	Version string
}

// areas are the areas in the report's order.
var areas = []string{"stack", "user pool", "functions", "key", "table", "events", "mail", "sign-in page", "logs",
	"alarms", "limits", "last hour"}

// Examine runs every check.
func Examine(ctx context.Context, o Options) *Report {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.DNS == nil {
		o.DNS = systemDNS{}
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	e := &exam{Options: o}
	var wg sync.WaitGroup
	for _, check := range []func(context.Context, *exam){stack, pool, functions, versions, permissions, roles,
		concurrency, key, table, events, account, identity, configurationSet, suppression, domain, logs, alarms,
		webACL, lastHour, page} {
		wg.Go(func() { check(ctx, e) })
	}
	wg.Wait()
	e.mergeAbsent()
	slices.SortStableFunc(e.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(Levels(), a.Level), slices.Index(Levels(), b.Level)),
			cmp.Compare(slices.Index(areas, a.Area), slices.Index(areas, b.Area)), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.What, b.What))
	})
	d := o.EmailOTP
	return &Report{Stack: d.Stack, Construct: d.Construct, Region: o.API.Region(), Mode: string(d.Mode), PoolID: d.PoolID,
		Version: e.Version, Findings: slices.Compact(e.findings)}
}

func (e *exam) add(f Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.findings = append(e.findings, f)
}

// mergeAbsent makes one finding of all calls that do not exist where the calls go.
func (e *exam) mergeAbsent() {
	var actions []string
	e.findings = slices.DeleteFunc(e.findings, func(f Finding) bool {
		if f.ID == "absent" {
			actions = append(actions, f.What)
		}
		return f.ID == "absent"
	})
	if len(actions) > 0 {
		slices.Sort(actions)
		e.add(Finding{ID: "absent", Level: Unseen, Area: "stack",
			What:   "these calls do not exist where they go: " + strings.Join(slices.Compact(actions), ", "),
			Remedy: "examine the stack on AWS for the rest: a sandbox or an emulator has few services"})
	}
}

// right notes that something is as it should be.
func (e *exam) right(area, id, format string, args ...any) {
	e.add(Finding{ID: id, Level: Right, Area: area, What: fmt.Sprintf(format, args...)})
}

// fails reports whether a call failed, and notes why what it would have shown is not seen.
func (e *exam) fails(area string, err error) bool {
	if err == nil {
		return false
	}
	f := Finding{Area: area, Level: Unseen, ID: "unseen", What: err.Error(),
		Remedy: "try again; if it stays, the service or the way to it has a fault (AWS Health Dashboard)"}
	failed := (*awsapi.Error)(nil)
	switch {
	case awsapi.IsDenied(err) && errors.As(err, &failed):
		f.ID, f.What = "denied", "you may not call "+failed.Action
		f.Remedy = "allow it by the statement " + statementOf(e.EmailOTP, failed.Action)
		f.Command = "emailotp doctor --policy --stack " + e.EmailOTP.Stack
	case awsapi.IsAbsent(err) && errors.As(err, &failed):
		f.ID, f.What, f.Remedy = "absent", failed.Action, ""
	}
	e.add(f)
	return true
}
