package userpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/tokens"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// Pool is an emulated user pool. Its methods may be called from several goroutines at once.
type Pool struct {
	cfg     Config
	opts    Options
	clients *settings.Clients
	created time.Time
	log     *slog.Logger

	users    *users.Directory
	sessions *session.Keeper
	tokens   *tokens.Issuer
	triggers *triggers.Runner
	settings *settings.Pool

	// fakeKey is the key from which the simulated salt and UUID of unknown users derive.
	fakeKey []byte
}

// New returns a pool without users. It reports everything that is wrong with cfg at once.
func New(cfg Config, opts Options) (*Pool, error) {
	cfg = cfg.WithDefaults()
	err := cfg.Validate()
	if opts.Invoker == nil && slices.Contains(slices.Collect(maps.Values(cfg.Triggers)), true) {
		err = errors.Join(err, errors.New("the user pool has triggers but no Invoker to run them; set Options.Invoker"))
	}
	if opts.Keys != nil && (opts.Keys.ID == nil || opts.Keys.Access == nil) {
		err = errors.Join(err, errors.New("Options.Keys lacks a key; set both ID and Access, or leave Keys nil"))
	}
	if err != nil {
		return nil, fmt.Errorf("user pool %q: %w", cfg.ID, err)
	}
	opts = opts.withDefaults(cfg)
	p := &Pool{
		cfg: cfg, opts: opts, created: opts.Now(), log: opts.Logger,
		clients:  settings.NewClients(cfg.Clients),
		users:    users.New(cfg, opts.Now),
		triggers: triggers.New(cfg, opts.Invoker, opts.TriggerTimeout, opts.TriggerAttempts, opts.Logger),
		fakeKey:  random.Bytes(32),
	}
	if p.sessions, err = session.New(opts.Now, opts.Logger, opts.SessionOverhead); err == nil {
		p.tokens, err = tokens.New(cfg.ID, opts.Issuer, opts.Keys, opts.Now, p.users)
	}
	if err != nil {
		return nil, fmt.Errorf("user pool %q: %w", cfg.ID, err)
	}
	p.settings = settings.NewPool(cfg, p.users.DescribeSchema(), p.created)
	p.warn()
	return p, nil
}

func (o Options) withDefaults(cfg Config) Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Issuer = cmp.Or(o.Issuer, partition.Issuer(cfg.Region, cfg.ID))
	o.TriggerTimeout = cmp.Or(max(o.TriggerTimeout, 0), 5*time.Second)
	o.TriggerAttempts = max(o.TriggerAttempts, 1)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.AllowedOrigins == nil {
		o.AllowedOrigins = isLoopbackOrigin
	}
	return o
}

// warn logs the settings of the template that the pool does not emulate.
func (p *Pool) warn() {
	if p.cfg.DeviceTracking {
		p.log.Warn("device tracking is not emulated: no sign-in returns NewDeviceMetadata", "userPoolId", p.cfg.ID)
	}
	if p.cfg.MFAConfiguration == "ON" || p.cfg.MFAConfiguration == "OPTIONAL" {
		p.log.Warn("native MFA is not emulated: no sign-in asks for it", "userPoolId", p.cfg.ID)
	}
	for t, on := range p.cfg.Triggers {
		if on && !slices.Contains(Triggers(), t) {
			p.log.Warn("trigger is not emulated and never runs", "userPoolId", p.cfg.ID, "trigger", string(t))
		}
	}
}

// ARN returns the pool's Amazon Resource Name.
func (p *Pool) ARN() string { return p.cfg.ARN() }

// Issuer returns the issuer of the pool's tokens.
func (p *Pool) Issuer() string { return p.tokens.URL() }

func (p *Pool) now() time.Time { return p.opts.Now() }

// deliver passes one of Cognito's own mails to the Mailer.
func (p *Pool) deliver(ctx context.Context, m CognitoMail) error {
	if p.opts.Mailer == nil {
		p.log.Info("mail dropped: the pool has no Mailer", "subject", m.Subject)
		return nil
	}
	if err := p.opts.Mailer.Deliver(ctx, m); err != nil {
		p.log.Error("mail could not be delivered", "subject", m.Subject, "error", err.Error())
		return awsjson.Fail("CodeDeliveryFailureException", "Verification code could not be delivered.")
	}
	return nil
}
