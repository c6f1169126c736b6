package attack

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/keys"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// services are the sandbox's services behind one loopback address, and the triggers' clients of
// them.
type services struct {
	server    *loopback.Server
	letters   *mailbox.Store
	mail      *mailbox.Service
	sender    trigger.Sender
	directory trigger.Directory
}

func (s *services) close() { _ = s.server.Close() }

// openServices starts the services and the clients, and makes time the machine's.
func (l *lab) openServices() error {
	l.now = time.Now
	s := &services{letters: mailbox.NewStore(0)}
	s.mail = mailbox.New(mailbox.Config{Region: region, Account: account, Partition: partition,
		Identities: []mailbox.Identity{{Name: sender, ARN: "arn:aws:ses:" + region + ":" + account + ":identity/" + sender}}}, nil, s.letters)
	macService, err := keys.New([]keys.Key{{ID: keyID, ARN: keyARN, Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC"}}, nil, rand.Reader)
	if err != nil {
		return err
	}
	cognito := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pool, err := l.userPool()
		if err != nil {
			http.Error(w, "no pool", http.StatusServiceUnavailable)
			return
		}
		pool.ServeHTTP(w, r)
	})
	l.front = gateway.New(map[string]gateway.Service{gateway.KMS: macService, gateway.SES: s.mail, gateway.DynamoDB: l.plan.tables}, cognito, quiet)
	listener, err := loopback.Listen(context.Background(), 0, "the services under attack", "")
	if err != nil {
		return err
	}
	s.server = loopback.Serve(listener, loopback.Guard(l.front), quiet)
	l.services = s
	return l.openClients(s)
}

// openClients makes the triggers' own clients, as their main functions do.
func (l *lab) openClients(s *services) error {
	environment := map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab",
		"AWS_ENDPOINT_URL": s.server.URL()}
	lookup := func(name string) (string, bool) { v, ok := environment[name]; return v, ok }
	key, err1 := macs.New(l.settings.KeyARN, lookup)
	store, err2 := table.New(l.settings.TableName, lookup)
	send, err3 := email.New(l.settings, lookup)
	people, err4 := directory.New(lookup)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		s.close()
		return err
	}
	l.key.keyService, l.store, s.sender, s.directory = key, store, send, people
	return nil
}

// mailbox returns the mails to an address, newest first.
func (s *services) to(address string) []letter {
	var all []letter
	for _, m := range s.letters.Messages(address, time.Time{}, 0) {
		all = append(all, letter{address, plainCode(m.Text), m.SentAt})
	}
	return all
}
