package sandbox

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Options say what to run. Only Assembly is required.
type Options struct {
	// Assembly is the directory that cdk synth wrote, mostly "cdk.out".
	Assembly string
	// Stack, Pool and Mode choose among several EmailOTPs: the stack's name (or
	// its id in the app), the user pool's logical id, and "password" or
	// "passwordless". Empty ones match any.
	Stack, Pool, Mode string
	// Region overrides the region. By default it is the stack's, and
	// "eu-west-1" for a stack that has none.
	Region string

	// Port is the user-pool API's port, 1 to 65535; 0 picks a free one.
	Port int
	// InboxPort is the inbox's port, 1 to 65535; 0 picks a free one.
	InboxPort int
	// AllowedOrigins adds browser origins (such as "https://app.example.com")
	// that may call the user-pool API. Pages of localhost, 127.0.0.1 and [::1]
	// may on any port. No other page may, and no page at all reads the inbox.
	AllowedOrigins []string

	// Users are created before Start returns.
	Users []User

	// Invoker, when set, runs the triggers in place of the binaries.
	Invoker Invoker
	// InProcess makes the Invoker once the services run but before the pool
	// answers, so that handlers can build their clients from
	// [Sandbox.Environment] and [Sandbox.Endpoints]. It excludes Invoker.
	InProcess func(ctx context.Context, s *Sandbox) (Invoker, error)
	// Source is the directory of the module whose functions are rebuilt when the
	// host can't run the assembly's; empty finds it.
	Source string

	// Clock is the pool's own time: sessions, tokens, confirmation codes. The
	// functions keep the machine's. nil is time.Now.
	Clock func() time.Time
	// TriggerTimeout is how long the pool waits for a trigger; 0 is Cognito's 5 s.
	TriggerTimeout time.Duration
	// TriggerAttempts is how often the pool calls a trigger that doesn't answer
	// in time, 1 to 10; 0 is 1.
	TriggerAttempts int
	// NewPasswordIssuesTokens brings back a reported old behaviour of Cognito:
	// an answered NEW_PASSWORD_REQUIRED gives tokens without asking the triggers.
	NewPasswordIssuesTokens bool
	// CustomChallengeEntryRow makes an InitiateAuth that asks for CUSTOM_CHALLENGE
	// hand DefineAuthChallenge a true row without metadata. What AWS does is not
	// established; by default that entry is an ordinary, empty session.
	CustomChallengeEntryRow bool
	// UnknownUserNameIsDummy gives triggers a dummy UUID as an unknown user's
	// userName, instead of the name that was typed.
	UnknownUserNameIsDummy bool
	// SessionOverhead is added to the length of each Session string, in bytes
	// before base64, to come nearer to AWS's limit of 2,048 characters.
	SessionOverhead int
	// LocalIssuer writes the sandbox's own URL into the tokens' iss, for
	// libraries that fetch the keys from there. By default iss is as in AWS.
	LocalIssuer bool
	// AllowDoors starts even though the template lets clients in without the
	// mailed code; the report lists the doors all the same.
	AllowDoors bool

	// TablePath keeps the tables' data in a directory; empty keeps it in memory.
	TablePath string
	// CacheDir holds the table engine and rebuilt functions; empty is the
	// environment's EMAILOTP_CACHE_DIR or else os.UserCacheDir() + "/emailotp".
	CacheDir string
	// InboxSize is how many mails the inbox keeps, the oldest leaving first;
	// 0 is 50,000.
	InboxSize int
	// SESSandbox makes SES act as for an account in the SES sandbox, in which every account begins. nil is an
	// account with production access.
	SESSandbox *SESSandbox
	// Faults are in force from the start.
	Faults []Fault

	// Logger gets the sandbox's own log; nil drops it.
	Logger *slog.Logger
	// FunctionLog gets what the functions write to stdout and stderr, a line at
	// a time with the function's name in front; nil drops it.
	FunctionLog io.Writer
	// Progress is told what is being done, a phrase at a time; nil drops it.
	Progress func(string)
}
