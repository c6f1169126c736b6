package userpool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Pool is an emulated user pool. Its methods may be called from many
// goroutines at once.
type Pool struct {
	cfg     Config
	opts    Options
	clients map[string]*Client
	schema  map[string]attributeRule
	created time.Time
	log     *slog.Logger
	rand    *lockedReader

	users    *directory
	sessions *spentSet
	grants   *grantStore
	signers  *signers

	// seal encrypts and authenticates Session strings and SRP secret blocks.
	seal cipher.AEAD
	// fakeKey is what the simulated salt and UUID of unknown users derive from.
	fakeKey []byte
}

// New returns a pool without users. It reports everything that is wrong with
// cfg at once.
func New(cfg Config, opts Options) (*Pool, error) {
	cfg = cfg.withDefaults()
	err := cfg.validate()
	if opts.Invoker == nil && slices.Contains(slices.Collect(maps.Values(cfg.Triggers)), true) {
		err = errors.Join(err, errors.New("the user pool has triggers but no Invoker to run them; set Options.Invoker"))
	}
	if opts.Keys != nil && (opts.Keys.ID == nil || opts.Keys.Access == nil) {
		err = errors.Join(err, errors.New("Options.Keys lacks a key; set both ID and Access, or leave Keys nil"))
	}
	if err != nil {
		return nil, fmt.Errorf("user pool %q: %w", cfg.ID, err)
	}
	opts = opts.withDefaults()
	p := &Pool{
		cfg: cfg, opts: opts,
		clients:  make(map[string]*Client, len(cfg.Clients)),
		schema:   newSchema(cfg.Schema),
		created:  opts.Now(),
		log:      opts.Logger,
		rand:     &lockedReader{r: opts.Rand},
		users:    newDirectory(cfg),
		sessions: newSpentSet(),
		grants:   newGrantStore(),
	}
	for i := range cfg.Clients {
		p.clients[cfg.Clients[i].ID] = &cfg.Clients[i]
	}
	if err := p.makeSecrets(); err != nil {
		return nil, fmt.Errorf("user pool %q: %w", cfg.ID, err)
	}
	p.warn()
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.TriggerTimeout <= 0 {
		o.TriggerTimeout = 5 * time.Second
	}
	o.TriggerAttempts = max(o.TriggerAttempts, 1)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.AllowedOrigins == nil {
		o.AllowedOrigins = loopbackOrigin
	}
	return o
}

func (p *Pool) makeSecrets() error {
	keys := make([]byte, 64)
	if _, err := io.ReadFull(p.rand, keys); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return err
	}
	if p.seal, err = cipher.NewGCM(block); err != nil {
		return err
	}
	p.fakeKey = keys[32:]
	p.signers, err = newSigners(p.opts.Keys)
	return err
}

// warn logs what the template asks for and this pool doesn't do.
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
func (p *Pool) ARN() string {
	return "arn:aws:cognito-idp:" + p.cfg.Region + ":" + p.cfg.Account + ":userpool/" + p.cfg.ID
}

// Issuer returns the issuer of the pool's tokens.
func (p *Pool) Issuer() string {
	if p.opts.Issuer != "" {
		return p.opts.Issuer
	}
	return "https://cognito-idp." + p.cfg.Region + ".amazonaws.com/" + p.cfg.ID
}

func (p *Pool) now() time.Time { return p.opts.Now() }

// bytes returns n random bytes. A source of randomness that fails leaves
// nothing sensible to do: the request ends as an InternalErrorException.
func (p *Pool) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.rand, b); err != nil {
		panic(fmt.Sprintf("reading random bytes: %v", err))
	}
	return b
}

// uuid returns a random UUID, version 4.
func (p *Pool) uuid() string { return formatUUID(p.bytes(16)) }

// formatUUID writes 16 bytes as a UUID of version 4, overwriting b's version bits.
func formatUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// lockedReader lets a source that isn't safe for concurrent use be shared.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}
