// Package live proves a deployed EmailOTP by a throw-away user: it walks a user's whole life, from
// the first start to the sign-out, measures each call, and settles what the documents of AWS leave
// open. It removes the user that it made, by the sub, whatever happens.
package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Person reads the mailbox of the address.
type Person interface {
	// Code returns the code of the newest mail.
	Code(ctx context.Context) (string, error)
	// Ask returns the answer to a question: yes or no.
	Ask(ctx context.Context, question string) (bool, error)
	// Tell shows what happens.
	Tell(sentence string)
}

// Options are what a proof needs.
type Options struct {
	API      *awsapi.Client
	EmailOTP *deployed.EmailOTP
	Person   Person
	// Address is that of the throw-away user. No user may have it.
	Address string
	// Bounce also mails SES's simulator, by a second user, and waits for its event.
	Bounce bool
	// Now is the machine's clock and Sleep waits by it; nil for both is real time.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Proof is the result.
type Proof struct {
	// Steps are what was done, in order.
	Steps []Step `json:"steps"`
	// Triggers are the times of the functions meanwhile, as Lambda reports them; empty where the
	// logs can't be read.
	Triggers []TriggerTime `json:"triggers,omitempty"`
	// Points are the open points of docs/operations.md, in its order.
	Points []Point `json:"points"`
	// Failed is why the walk ended early; empty for a whole one.
	Failed string `json:"failed,omitempty"`
	// Removed is how many users were made and removed; Left are the subs of those that could not
	// be, and addresses of which the creation got no answer: their users may be another's, or could
	// not be looked up.
	Removed int      `json:"removed"`
	Left    []string `json:"left,omitempty"`

	record Record
}

// Step is one call of the walk with its outcome.
type Step struct {
	Name    string        `json:"name"`
	Outcome string        `json:"outcome"`
	Took    time.Duration `json:"tookNanoseconds"`
}

// TriggerTime is what Lambda reported about a function during the walk: the calls of all users.
type TriggerTime struct {
	Function settings.Function `json:"function"`
	Calls    int               `json:"calls"`
	// Slowest is the longest call, Start the longest start of a new environment, in milliseconds.
	Slowest float64 `json:"slowestMs"`
	Start   float64 `json:"startMs,omitempty"`
}

// OK reports whether the walk was whole and left nothing behind.
func (p *Proof) OK() bool { return p.Failed == "" && len(p.Left) == 0 }

// Record returns the facts of the walk, without any value.
func (p *Proof) Record() Record { return p.record }

// ErrExists reports that the pool has a user with the address already.
var ErrExists = errors.New("a user has this address already; give one that no user has, such as you+check@example.com")

// walk is a proof under way.
type walk struct {
	Options
	client *cognito.Client
	proof  *Proof
	points map[string]Point
	// name is what the user signs in by; made are the users to remove.
	made []made
	// uncertain are the creations that failed or got no answer.
	uncertain []attempt
	password  string
	isSignUp  bool
	// secret is the app client's; empty for none. flows are those that the client allows.
	secret    string
	flows     []string
	pool      pool
	device    string // its secret, once it is remembered
	began     time.Time
	longest   int // of the Sessions, in characters
	lastCode  string
	challenge *round
}

// made is a user that the walk created.
type made struct{ username, sub string }

// attempt is a call that was to create a user.
type attempt struct {
	address string
	began   time.Time
	failed  time.Time
	// status is the status of a user whom an administrator creates; empty for a sign-up.
	status string
}

// skew is how far this machine's clock and Cognito's may differ. By more, a user is left and named.
const skew = 5 * time.Second

// made reports whether a user is the one that the call created, and not one of someone who signed
// up at another time or by another way.
func (a attempt) made(u account) bool {
	created := time.UnixMilli(int64(u.UserCreateDate * 1000))
	return !created.Before(a.began.Add(-skew)) && !created.After(a.failed.Add(skew)) &&
		(a.status == "" || a.status == u.UserStatus)
}

// pool is the part of the pool's description that the walk goes by.
type pool struct {
	AdminCreateUserConfig  struct{ AllowAdminCreateUserOnly bool }
	AccountRecoverySetting struct {
		RecoveryMechanisms []struct{ Name string }
	}
}

// account is a user as Cognito writes it.
type account struct {
	Username, UserStatus string
	UserCreateDate       float64 // in seconds
	Attributes           []struct{ Name, Value string }
}

func (a account) made() made {
	u := made{username: a.Username}
	for _, at := range a.Attributes {
		if at.Name == "sub" {
			u.sub = at.Value
		}
	}
	return u
}

// Prove walks. The error means that nothing was done; what fails on the way stands in the proof.
func Prove(ctx context.Context, o Options) (*Proof, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	w := &walk{Options: o, proof: &Proof{}, points: map[string]Point{}, began: time.Now(),
		password: "Aa1-" + rand.Text()}
	if o.EmailOTP.ClientID == "" || !o.EmailOTP.Mode.IsValid() {
		return nil, errors.New("the stack's app client or its mode is not known; mend what `emailotp doctor` names first")
	}
	w.client = w.newClient()
	if present, err := w.users(ctx, w.Address); err != nil {
		return nil, err
	} else if len(present) > 0 {
		return nil, ErrExists
	}
	if err := w.describe(ctx); err != nil {
		return nil, err
	}
	w.proof.record.Mode = string(o.EmailOTP.Mode)
	w.proof.record.pool(w)
	if err := w.life(ctx); err != nil {
		w.proof.Failed = err.Error()
	}
	// What was made is removed after Ctrl-C, too.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	w.findUncertain(last)
	w.remove(last)
	if ctx.Err() == nil && len(w.made) > 0 { // else no sign-in began
		w.fromLogs(ctx)
		w.times(ctx)
	}
	w.settle()
	return w.proof, nil
}

// describe reads the pool and the app client.
func (w *walk) describe(ctx context.Context) error {
	var p struct{ UserPool *pool }
	var c struct {
		UserPoolClient struct {
			ClientSecret      string
			ExplicitAuthFlows []string
		}
	}
	p.UserPool = &w.pool
	id := map[string]string{"UserPoolId": w.EmailOTP.PoolID}
	if err := w.API.JSON(ctx, awsapi.Cognito, "DescribeUserPool", id, &p); err != nil {
		return err
	}
	id["ClientId"] = w.EmailOTP.ClientID
	if err := w.API.JSON(ctx, awsapi.Cognito, "DescribeUserPoolClient", id, &c); err != nil {
		return err
	}
	w.secret, w.flows = c.UserPoolClient.ClientSecret, c.UserPoolClient.ExplicitAuthFlows
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newClient calls the pool as an app does, without credentials.
func (w *walk) newClient() *cognito.Client {
	endpoint, _ := w.API.Endpoint(awsapi.Cognito)
	return cognito.New(cognito.Options{Region: w.API.Region(), Credentials: aws.AnonymousCredentials{},
		HTTPClient: w.API.HTTPClient(), Retryer: aws.NopRetryer{}, BaseEndpoint: &endpoint})
}

// step does one thing, measures it and notes the outcome.
func (w *walk) step(ctx context.Context, name string, do func() (outcome string, err error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.Person.Tell(name)
	began := time.Now()
	outcome, err := do()
	took := time.Since(began)
	if err != nil {
		outcome = "failed: " + err.Error()
		err = fmt.Errorf("%s: %w", name, err)
	}
	w.proof.Steps = append(w.proof.Steps, Step{name, outcome, took})
	return err
}

func (w *walk) users(ctx context.Context, address string) ([]account, error) {
	var answer struct{ Users []account }
	err := w.API.JSON(ctx, awsapi.Cognito, "ListUsers", map[string]any{"UserPoolId": w.EmailOTP.PoolID, "Limit": 10,
		"Filter": fmt.Sprintf(`email = "%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(address))}, &answer)
	return answer.Users, err
}

// findUncertain adds the users whose creation got no answer and took place all the same: no user
// had the address before, and theirs was created during the call. An address that can't be looked
// up, or whose user may be another's, is left, in place of a sub.
func (w *walk) findUncertain(ctx context.Context) {
	for _, a := range w.uncertain {
		found, err := w.users(ctx, a.address)
		if err != nil {
			w.proof.Left = append(w.proof.Left, a.address)
		}
		for _, u := range found {
			if a.made(u) {
				w.made = append(w.made, u.made())
			} else {
				w.proof.Left = append(w.proof.Left, a.address)
			}
		}
	}
}

// life is the walk itself.
func (w *walk) life(ctx context.Context) error {
	isPassword := w.EmailOTP.Mode == settings.Password
	steps := []struct {
		name string
		do   func(context.Context) (string, error)
		only bool
	}{
		{"an unknown name starts", w.unknown, true},
		{"the throw-away user is made", w.create, true},
		{"the first sign-in with the temporary password", w.newPassword, isPassword},
		{"a start", w.start, !isPassword},
		{"a wrong code", w.wrongCode, true},
		{"the mail is requested again, after a minute", w.resend, true},
		{"the right code", w.rightCode, true},
		{"the tokens are refreshed", w.refresh, true},
		{"the remembered device in place of a code", w.remembered, w.remembers()},
		{"another device", w.strangeDevice, w.remembers()},
		{"a used code", w.usedCode, true},
		{"a wrong password", w.wrongPassword, isPassword},
		{"a start with CHALLENGE_NAME=CUSTOM_CHALLENGE", w.entryRow, true},
		{"signing out", w.signOut, true},
		{"a user who must reset the password", w.resetRequired, isPassword && w.resetsByMail()},
		{"a user who did not confirm the sign-up", w.unconfirmed, isPassword && !w.pool.AdminCreateUserConfig.AllowAdminCreateUserOnly},
		{"SES's simulator bounces a mail", w.bounce, w.Bounce},
		{"a mail of Cognito's own", w.ownMail, w.EmailOTP.Mode == settings.Passwordless},
	}
	for _, s := range steps {
		if !s.only {
			continue
		}
		if err := w.step(ctx, s.name, func() (string, error) { return s.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the users that the walk made, by their subs. A user whom the pool does not have is
// left: the walk made it, so it may be in another pool.
func (w *walk) remove(ctx context.Context) {
	for _, u := range w.made {
		err := w.API.JSON(ctx, awsapi.Cognito, "AdminDeleteUser", map[string]any{"UserPoolId": w.EmailOTP.PoolID,
			"Username": u.username}, nil)
		if err != nil {
			w.proof.Left = append(w.proof.Left, u.sub)
			continue
		}
		w.proof.Removed++
	}
}
