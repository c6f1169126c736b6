package doctor

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
)

// Command is the version of the command that examines, and its release.
type Command struct {
	// Version is such as "v1.4.0"; empty for a build that has none.
	Version string
	// Zips are the SHA-256 of the release's zips in hexadecimal, by architecture and function, such
	// as "arm64/create-auth-challenge". The architecture is GOARCH's.
	Zips map[string]string
}

// unknown stands for the version of a program that has none.
const unknown = "not known"

// version returns the version of a function's program: of a zip of this command's release, or as
// the construct wrote it beside what it built.
func (c Command) version(f named) string {
	sum, err := base64.StdEncoding.DecodeString(f.Lambda.CodeSha256)
	processor := strings.ReplaceAll(strings.Join(f.Lambda.Architectures, ""), "x86_64", "amd64")
	if zip := c.Zips[processor+"/"+string(f.name)]; err == nil && zip != "" && zip == hex.EncodeToString(sum) {
		return c.Version
	}
	if v := f.Lambda.Version(); v != "" {
		return v
	}
	return unknown
}

// versions compares the versions of the functions' programs.
func versions(_ context.Context, e *exam) {
	of := map[string][]string{}
	count := 0
	for _, f := range e.present() {
		if f.Err == nil {
			v := e.Command.version(f)
			of[v], count = append(of[v], string(f.name)), count+1
		}
	}
	all := slices.Sorted(maps.Keys(of))
	switch {
	case count == 0:
	case len(all) > 1:
		var parts []string
		for _, v := range all {
			parts = append(parts, v+" ("+strings.Join(of[v], ", ")+")")
		}
		e.add(Finding{ID: "versions-differ", Level: Doubtful, Area: "functions",
			What:    "the functions are of different versions: " + strings.Join(parts, "; "),
			Remedy:  "deploy the stack again with one version of the module; pass all …Code props or none, from one release",
			Command: e.EmailOTP.Deploy()})
	case all[0] == unknown:
		e.right("functions", "version", "the functions' version is not known: the app builds them from a directory in the "+
			"module's place, or has zips that are not of this command's release")
	default:
		e.Version = all[0]
		note := ""
		if v := e.Command.Version; v != "" && v != all[0] {
			note = ", and this command of " + v
		}
		e.right("functions", "version", "all %d functions are of version %s%s", count, all[0], note)
	}
}

// anotherVersion reports a function whose settings this command can't read, though they are as the
// template has them: a construct of another version wrote them.
func (e *exam) anotherVersion(problem *deployed.BadSettings) {
	f := e.EmailOTP.Functions[problem.Function]
	finding := Finding{ID: "settings", Level: Broken, Area: "functions", What: problem.Error(),
		Remedy:  "deploy the stack again; the function refuses to start with these settings",
		Command: e.EmailOTP.Deploy()}
	if len(environment(&e.EmailOTP.Template, f)) == 0 {
		finding.ID, finding.Level, finding.Command = "another-version", Doubtful, "emailotp version"
		finding.What = "this command can't read the settings of " + problem.Error()
		finding.Remedy = fmt.Sprintf("examine the stack by the command of its functions' version (%s); or take out what "+
			"overrides "+
			"the variable in the template", orText(f.Lambda.Version(), unknown))
	}
	e.add(finding)
}
