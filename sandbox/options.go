package sandbox

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Mode is how users sign in: [Password] and code, or [Passwordless].
type Mode = settings.Mode

// The modes.
const (
	Password     = settings.Password
	Passwordless = settings.Passwordless
)

// Options configure a sandbox. Only Assembly is required.
type Options struct {
	// Assembly is the directory that cdk synth wrote, mostly "cdk.out".
	Assembly string
	// Stack, Pool and Mode choose among several EmailOTPs: the stack's name (or its id in the app),
	// the user pool's logical id, and the mode. Empty ones match any.
	Stack, Pool string
	Mode        Mode
	// Region overrides the region. By default it is the stack's, or "eu-west-1" if the stack has
	// none.
	Region string

	// PoolDescription is a file with the description of the user pool that the template imports, as
	// `aws cognito-idp describe-user-pool` prints it. Empty invents a pool. The template's function
	// attaches to it before Start returns.
	PoolDescription string
	// PoolClients are files with the descriptions of that pool's app clients, as `aws cognito-idp
	// describe-user-pool-client` prints them. Secrets are dropped.
	PoolClients []string

	// Port is the user-pool API's port, 1 to 65535; 0 picks a free one.
	Port int
	// InboxPort is the inbox's port, 1 to 65535; 0 picks a free one.
	InboxPort int
	// CallbackURLs, if there are any, add a public app client that signs in by redirect and may
	// return to them, and LogoutURLs are where it may send users after a sign-out. A template
	// without a sign-in page then gets one in the sandbox.
	CallbackURLs, LogoutURLs []string
	// ChangeAddress adds a sign-in page to a template without one, with a function by which users
	// change their address. For a template's own page its props decide.
	ChangeAddress bool
	// PagePort is the port of the sign-in page's origin, where the OAuth endpoints are, 1 to 65535;
	// 0 picks a free one. There is no such origin without CallbackURLs, without ChangeAddress and
	// without a page in the template.
	PagePort int
	// TLS serves that origin by https too, as localhost with a certificate that is made at each
	// start. TLSPort is its port; 0 picks a free one.
	TLS     bool
	TLSPort int
	// CertificateFile is where the certificate is written, in PEM; empty is a temporary file that
	// Close removes.
	CertificateFile string
	// AllowedOrigins adds browser origins (such as "https://app.example.com") that may call the
	// user-pool API. Pages of localhost, 127.0.0.1 and [::1] may on any port. No page of another
	// origin reads the inbox.
	AllowedOrigins []string

	// Users are created before Start returns.
	Users []User

	// Invoker, when set, runs the triggers in place of the binaries.
	Invoker Invoker
	// InProcess makes the Invoker when the services run and before the pool answers: handlers build
	// their clients from [Sandbox.Environment] and take [Sandbox.Now] as their clock. It excludes
	// Invoker.
	InProcess func(ctx context.Context, s *Sandbox) (Invoker, error)
	// Functions are handlers in place of functions of the assembly, by the function's logical id or
	// name. They exclude Invoker and InProcess, as do Stub and Require.
	Functions map[string]Handler
	// Stub names functions, by logical id or name, that pass each event through unchanged. A
	// function of the app that can't run here does so by itself, with a line in the report.
	Stub []string
	// Require names functions that must run here, or Start fails. EmailOTP's own always must.
	Require []string
	// Modules are directories with what Lambda's Node.js and Python runtimes bring along and this
	// machine's don't, such as the AWS SDK: a node_modules, or a directory of Python packages.
	Modules []string
	// Source is the directory of the module whose functions are rebuilt if the host can't run the
	// assembly's; empty finds it.
	Source string

	// Clock is the sandbox's time, which [Sandbox.Advance] moves forward; nil is time.Now.
	// [Sandbox.Now] lists what follows it.
	Clock func() time.Time
	// TriggerTimeout is how long the pool waits for a trigger; 0 is Cognito's 5 s.
	TriggerTimeout time.Duration
	// TriggerAttempts is how often the pool calls a trigger that does not answer in time, 1 to 10;
	// 0 is 1.
	TriggerAttempts int
	// NewPasswordIssuesTokens switches to a reported old behaviour of Cognito: an answered
	// NEW_PASSWORD_REQUIRED issues tokens without DefineAuthChallenge.
	NewPasswordIssuesTokens bool
	// CustomChallengeEntryRow makes InitiateAuth with CHALLENGE_NAME=CUSTOM_CHALLENGE pass a true
	// row without metadata to DefineAuthChallenge. By default the session is empty. AWS's behaviour
	// is not established.
	CustomChallengeEntryRow bool
	// CreateSeesNoClientMetadata keeps the ClientMetadata of RespondToAuthChallenge from
	// CreateAuthChallenge. By default it is passed on, as AWS's documents state.
	CreateSeesNoClientMetadata bool
	// UnknownUserNameIsDummy makes a dummy UUID the userName of an unknown user in events, in place
	// of the typed name.
	UnknownUserNameIsDummy bool
	// SessionOverhead is added to the length of each Session string, in bytes before base64. The
	// limit is 2,048 characters.
	SessionOverhead int
	// LocalIssuer makes the sandbox's URL the tokens' iss, for libraries that fetch the keys from
	// there. By default iss is as in AWS.
	LocalIssuer bool
	// AllowBypasses starts the sandbox although the template has ways around the mailed code. The
	// report lists them.
	AllowBypasses bool

	// TablePath keeps the tables' data in a directory; empty keeps it in memory.
	TablePath string
	// CacheDir holds the table engine and rebuilt functions; empty is EMAILOTP_CACHE_DIR from the
	// environment, or else os.UserCacheDir() + "/emailotp".
	CacheDir string
	// InboxSize is how many mails the inbox keeps, the newest ones; 0 is 50,000.
	InboxSize int
	// SESSandbox makes SES act as for an account in the SES sandbox, in which every account begins.
	// nil is an account with production access.
	SESSandbox *SESSandbox
	// Faults are in force from the start.
	Faults []Fault

	// Logger receives the sandbox's own log; nil drops it.
	Logger *slog.Logger
	// FunctionLog receives what the functions write to stdout and stderr, in lines that start with
	// the function's name; nil drops it.
	FunctionLog io.Writer
	// Progress receives a phrase when a step of the start begins, and "done: " with the phrase when
	// it has ended, from several goroutines; nil drops it.
	Progress func(string)
}
