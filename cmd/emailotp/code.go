package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/readyfile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// inboxPause is the time between two looks into the inbox.
const inboxPause = 200 * time.Millisecond

func newCode(s streams) *cobra.Command {
	var to, readyFile string
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "code",
		Short: "Print the newest code from the sandbox's inbox",
		Long: `Prints the code of the newest mail in the inbox of the running sandbox, digits alone.
With --wait it waits for a mail that is sent after the command's start, so start it
before the sign-in.`,
		Example: `  emailotp code
  emailotp code --to user@example.com --wait | emailotp sign-in --user user@example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return usage(cmd, fmt.Errorf("--timeout must be more than 0 s (received: %v)", timeout))
			}
			c, err := sandbox.ReadReadyFile(readyFile)
			if err != nil {
				return &signin.Unavailable{Sentence: err.Error()}
			}
			query := url.Values{"limit": {"20"}, "to": {strings.TrimSpace(to)}}
			if !wait {
				code, err := newestCode(cmd.Context(), c.InboxURL, query)
				if err == nil && code == "" {
					err = hint(errors.New("the inbox has no mail with a code"), "start a sign-in, or wait for a mail with --wait")
				}
				return printCode(s.out, code, err)
			}
			query.Set("since", time.Now().UTC().Format(time.RFC3339Nano))
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			for {
				code, err := newestCode(ctx, c.InboxURL, query)
				if code != "" || err != nil && ctx.Err() == nil {
					return printCode(s.out, code, err)
				}
				select {
				case <-ctx.Done():
					return hint(fmt.Errorf("no mail with a code came within %v", timeout),
						"start it before the sign-in; without --wait it prints the newest code that is there")
				case <-time.After(inboxPause):
				}
			}
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "address that the mail went to; by default any")
	flags.BoolVar(&wait, "wait", false, "wait for the next mail")
	flags.DurationVar(&timeout, "timeout", time.Minute, "how long --wait waits")
	flags.StringVar(&readyFile, "ready-file", defaultReadyFile, "ready file of the sandbox")
	return cmd
}

func printCode(w io.Writer, code string, err error) error {
	if err == nil {
		_, err = fmt.Fprintln(w, code)
	}
	return err
}

// newestCode returns the digits of the code in the newest mail that has one, or "".
func newestCode(ctx context.Context, inbox string, query url.Values) (string, error) {
	var mails []struct{ Text string }
	if err := readyfile.GetJSON(ctx, inbox+"/api/messages?"+query.Encode(), &mails); err != nil {
		return "", hint(&signin.Unavailable{Sentence: "the inbox does not answer: " + err.Error()},
			"is the sandbox still running?")
	}
	for _, m := range mails {
		if shown := mailbox.FindCode(m.Text); shown != "" {
			code, _ := otp.Normalize(shown, 0) // of any length
			return code, nil
		}
	}
	return "", nil
}
