package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// liveFlags are the flags of `doctor` for a sign-in.
type liveFlags struct {
	signIn, file string
	bounce, yes  bool
}

func (f *liveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.signIn, "sign-in", "", "prove the sign-in by a throw-away user with this address")
	flags.StringVar(&f.file, "record", "", "with --sign-in: write the form of the answers, without values, to this file")
	flags.BoolVar(&f.bounce, "bounce", false, "with --sign-in: let SES's simulator bounce a mail, too")
	flags.BoolVar(&f.yes, "yes", false, "with --sign-in: do not ask for confirmation")
}

// check reports every wrong flag at once, and normalises the address.
func (f *liveFlags) check() error {
	if f.signIn == "" {
		if f.file != "" || f.bounce || f.yes {
			return errors.New("--record, --bounce and --yes go with --sign-in")
		}
		return nil
	}
	address, err := signin.Address(f.signIn)
	if err != nil {
		return fmt.Errorf("--sign-in: %w (received: %q)", err, f.signIn)
	}
	f.signIn = address
	return nil
}

// prove makes the sign-in; nil without the flag.
func (f liveFlags) prove(ctx context.Context, s streams, api *awsapi.Client,
	e *deployed.EmailOTP) (*live.Proof, error) {
	if f.signIn == "" {
		return nil, nil
	}
	question := fmt.Sprintf("A throw-away user with your address is made in user pool %s, signs in, and is removed "+
		"again. The pool's own triggers run for it, yours included.", e.PoolID)
	if err := confirm(ctx, s, f.yes, question); err != nil {
		return nil, err
	}
	mailbox := &mailboxReader{streams: s, lines: bufio.NewReader(s.in)}
	return live.Prove(ctx, live.Options{API: api, EmailOTP: e, Person: mailbox, Address: f.signIn, Bounce: f.bounce})
}

// record writes the form of the answers.
func (f liveFlags) record(p *live.Proof) error {
	if p == nil || f.file == "" {
		return nil
	}
	text, err := json.MarshalIndent(p.Record(), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.file, append(text, '\n'), 0o644) // none of it is secret
}

// mailboxReader asks the person who reads the mailbox, line by line.
type mailboxReader struct {
	streams
	lines *bufio.Reader
}

func (m *mailboxReader) Tell(sentence string) { fmt.Fprintln(m.err, "  "+sentence+" ...") }

func (m *mailboxReader) Code(ctx context.Context) (string, error) {
	return m.line(ctx, "Enter the code of the newest mail: ")
}

func (m *mailboxReader) Ask(ctx context.Context, question string) (bool, error) {
	answer, err := m.line(ctx, question+" (yes or no): ")
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

func (m *mailboxReader) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(m.err, prompt)
	line, err := terminal.Await(ctx, func() (string, error) { return m.lines.ReadString('\n') })
	if line != "" && errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimSpace(line), terminal.Ended(err, "the answer")
}

// verdictOf is the error of a walk that failed or left a user behind.
func verdictOf(proof *live.Proof) error {
	switch {
	case proof == nil || proof.OK():
		return nil
	case len(proof.Left) > 0:
		return fmt.Errorf("the throw-away user may be left: %s", strings.Join(proof.Left, ", "))
	}
	return fmt.Errorf("the sign-in failed: %s", proof.Failed)
}
