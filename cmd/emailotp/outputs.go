package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
)

// outputsFlags are the command's flags.
type outputsFlags struct{ from, stack, format, prefix, out string }

func newOutputs(s streams) *cobra.Command {
	var f outputsFlags
	cmd := &cobra.Command{
		Use:   "outputs",
		Short: "Write a client's settings, of a deployed stack or the running sandbox",
		Long: `Writes what a client needs to know: as an amplify_outputs.json, as environment
variables, or as the settings.json of the sign-in page.

By default they are those of the sandbox that runs here. For a deployed stack, deploy
with --outputs-file and give that file.`,
		Example: `  emailotp outputs > src/amplify_outputs.json
  emailotp outputs --format env --prefix VITE_ > .env.local
  cdk deploy --outputs-file cdk-outputs.json
  emailotp outputs --from cdk-outputs.json --stack EmailOtp-prod --out src/amplify_outputs.json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(outputs.Formats(), f.format) {
				return usage(cmd, fmt.Errorf("--format must be one of %s (received: %q)", strings.Join(outputs.Formats(), ", "), f.format))
			}
			return f.run(s.out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", defaultReadyFile, "file of `cdk deploy --outputs-file`, or a sandbox's ready file")
	flags.StringVar(&f.stack, "stack", "", "stack, where the file has several with an EmailOTP")
	flags.StringVar(&f.format, "format", outputs.Formats()[0], strings.Join(outputs.Formats(), ", "))
	flags.StringVar(&f.prefix, "prefix", outputs.DefaultPrefix, "what the names of environment variables begin with")
	flags.StringVar(&f.out, "out", "", "file to write; by default standard output")
	return cmd
}

func (f outputsFlags) run(w io.Writer) error {
	data, err := os.ReadFile(f.from)
	if errors.Is(err, fs.ErrNotExist) {
		return hint(fmt.Errorf("there is no file %s", f.from),
			"start a sandbox by `emailotp dev`",
			"or deploy by `cdk deploy --outputs-file cdk-outputs.json` and give --from cdk-outputs.json")
	}
	if err != nil {
		return err
	}
	client, err := outputs.Read(data, f.stack)
	if err != nil {
		return fmt.Errorf("%s: %w", f.from, err)
	}
	text, err := client.Render(f.format, f.prefix)
	if err != nil {
		return err
	}
	if f.out != "" {
		return os.WriteFile(f.out, text, 0o644)
	}
	_, err = w.Write(text)
	return err
}
