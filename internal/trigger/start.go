package trigger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// GCPercent is the garbage collector's target (GOGC) in functions that call AWS. With Go's own 100
// the collector runs in the middle of a first answer and takes a sixth of the processor time of all
// calls after it; with 200 it takes next to none of either, for 4 MB of memory more
// (docs/performance.md).
const GCPercent = 200

// MustSettings reads the function's settings, or ends the process with every problem on stderr:
// Lambda then reports the function as failed, and no sign-in gets through by half a configuration.
func MustSettings(f settings.Function, lookup func(string) (string, bool)) settings.Settings {
	return Must(settings.Parse(f, lookup))
}

// Must returns v, or ends the process with the error on stderr.
func Must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "emailotp: error:", err)
		os.Exit(1)
	}
	return v
}

// MailRenderer returns the renderer of [contract.MailFile] in Lambda's task root where there is
// one, else the built-in one with what the settings say.
func MailRenderer(s settings.Settings, lookup func(string) (string, bool)) (*mail.Renderer, error) {
	if root, ok := lookup("LAMBDA_TASK_ROOT"); ok {
		switch b, err := os.ReadFile(filepath.Join(root, contract.MailFile)); {
		case err == nil:
			return mail.Load(b)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return mail.New(MailConfig(s))
}

// MailConfig is the mail's configuration as far as the settings have it.
func MailConfig(s settings.Settings) mail.Config {
	return mail.Config{Mode: s.Mode, Mail: s.Mail}
}
