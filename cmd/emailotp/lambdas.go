package main

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
)

// zipInfo is one line of `lambdas`, and an element of its JSON.
type zipInfo struct {
	Function     string `json:"function"`
	Path         string `json:"path"`
	SHA256       string `json:"sha256"`
	Architecture string `json:"architecture"`
}

func newLambdas(s streams) *cobra.Command {
	var out, arch string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lambdas",
		Short: "Write the functions as zips, for apps that must not build while they synthesise",
		Long: `Builds every function and writes it as a zip that Lambda takes, for the
construct's Code props. The same source and Go toolchain give the same bytes; the
SHA-256 of each zip is printed.`,
		Example: `  emailotp lambdas
  emailotp lambdas --arch x86_64 --out build/lambdas --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			arch = cmp.Or(map[string]string{"amd64": "x86_64"}[arch], arch)
			goarch := goArch[arch]
			if goarch == "" {
				return usage(cmd, fmt.Errorf("--arch must be arm64 or x86_64 (received: %q)", arch))
			}
			ctx := cmd.Context()
			dir, err := build.Locate(ctx)
			if err != nil {
				return err
			}
			zips := []zipInfo{}
			for _, name := range build.Names() {
				p, err := build.WritePackage(ctx, dir, name, build.Target{GOOS: "linux", GOARCH: goarch}, out)
				if err != nil {
					return err
				}
				zips = append(zips, zipInfo{p.Function, p.Path, p.SHA256, arch})
				if !asJSON {
					fmt.Fprintf(s.out, "%s  %s\n", p.SHA256, p.Path)
				}
			}
			if asJSON {
				return json.NewEncoder(s.out).Encode(zips)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "dist/lambdas", "directory for the zips")
	cmd.Flags().StringVar(&arch, "arch", "arm64", "the functions' architecture, arm64 or x86_64")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// goArch are Go's names of Lambda's architectures.
var goArch = map[string]string{"arm64": "arm64", "x86_64": "amd64"}
