package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
)

func newOutputs(s streams) *cobra.Command {
	var format, stack, mode, prefix, file, out string
	cmd := &cobra.Command{
		Use:   "outputs",
		Short: "Print the settings that clients need",
		Long: `Prints a client's settings for the user pool: an amplify_outputs.json, environment
variables, a JSON object, or the settings.json of the sign-in page, byte for byte what a page
that runs or is deployed reads. It reads the ready file of the running
sandbox, or the file that a deployment wrote:

  cdk deploy --outputs-file outputs.json

Of a stack it reads the outputs UserPoolId and UserPoolClientId, and Mode unless --mode is given.`,
		Example: `  emailotp outputs --out src/amplify_outputs.json
  emailotp outputs --format env --prefix VITE_ > .env.local
  emailotp outputs --from outputs.json --stack EmailOtp-prod --format json
  emailotp outputs --from outputs.json --stack Shop --mode passwordless`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(outputs.Formats(), format) {
				return usage(cmd, fmt.Errorf("--format must be one of %s (received: %q)",
					strings.Join(outputs.Formats(), ", "), format))
			}
			if err := checkMode(mode); err != nil {
				return usage(cmd, err)
			}
			data, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				return hint(fmt.Errorf("there is no file %s", file),
					"start the sandbox by emailotp dev, or name a deployment's outputs by --from")
			}
			if err != nil {
				return err
			}
			client, err := outputs.Read(data, stack, mode)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			render := func() ([]byte, error) { return client.Render(format, prefix) }
			if format == outputs.Settings && client.SignInURL != "" {
				render = func() ([]byte, error) { return client.Fetch(cmd.Context()) }
			}
			text, err := render()
			if err != nil {
				return err
			}
			if out != "" {
				return os.WriteFile(out, text, 0o644) // none of it is secret
			}
			_, err = s.out.Write(text)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", outputs.Amplify, "amplify, env, json or settings")
	flags.StringVar(&stack, "stack", "", "stack, where the file has several")
	flags.StringVar(&mode, "mode", "", "password or passwordless; by default the file's")
	flags.StringVar(&prefix, "prefix", outputs.DefaultPrefix, "what the names of variables begin with, for --format env")
	flags.StringVar(&file, "from", defaultReadyFile, "ready file of a sandbox, or what cdk deploy --outputs-file wrote")
	flags.StringVar(&out, "out", "", "file to write; by default standard output")
	return cmd
}
