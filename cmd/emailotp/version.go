package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// versionInfo is what `version --json` prints.
type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// FunctionZips are the SHA-256 of the release's zips, by architecture and function.
	FunctionZips map[string]string `json:"functionZips,omitempty"`
}

// functionZips are "arm64/NAME=SHA256", with commas between. The linker sets them in a release.
var functionZips string

func (v versionInfo) String() string {
	commit := ""
	if len(v.Revision) >= 12 {
		commit = "commit " + v.Revision[:12] + ", "
		if v.Modified {
			commit = "commit " + v.Revision[:12] + " with changes, "
		}
	}
	return fmt.Sprintf("emailotp %s (%s%s, %s)", v.Version, commit, v.Go, v.Platform)
}

func newVersion(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and in a release the digests of the functions' zips",
		Example: "  emailotp version --json",
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if asJSON {
				return json.NewEncoder(s.out).Encode(v)
			}
			fmt.Fprintln(s.out, v)
			for _, name := range slices.Sorted(maps.Keys(v.FunctionZips)) {
				fmt.Fprintf(s.out, "%s  %s\n", v.FunctionZips[name], name)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func readVersion() versionInfo {
	v := versionInfo{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	for zip := range strings.SplitSeq(functionZips, ",") {
		if name, sum, ok := strings.Cut(zip, "="); ok {
			if v.FunctionZips == nil {
				v.FunctionZips = map[string]string{}
			}
			v.FunctionZips[name] = sum
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
