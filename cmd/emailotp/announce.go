package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/announce"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// announce prints the addresses and the commands to sign in.
func (d *dev) announce(sb *sandbox.Sandbox, users []announce.User) error {
	e := announce.Ready{Event: "ready", Config: sb.Config(), ReadyFile: d.flags.readyFile, Assembly: d.flags.assembly,
		Users: append([]announce.User{}, users...), Report: append([]string{}, sb.Report()...),
		Program: self(), IsDefaultFile: d.flags.readyFile == defaultReadyFile}
	for _, t := range sb.Triggers() {
		e.Triggers = append(e.Triggers, string(t))
	}
	if d.exampleListener != nil {
		e.ExampleURL = d.exampleURL() + "/"
	}
	if d.flags.json {
		return json.NewEncoder(d.out).Encode(e)
	}
	e.Print(d.out, d.paint)
	return nil
}

// self returns the name by which this program can be called again.
func self() string {
	name := os.Args[0]
	if strings.Contains(name, "go-build") { // a program of `go run`
		return "go run ./cmd/emailotp"
	}
	if !strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if filepath.IsAbs(name) {
		if short := terminal.Path(name); !strings.HasPrefix(short, "..") && !filepath.IsAbs(short) {
			return "." + string(filepath.Separator) + short
		}
	}
	return terminal.Quote(name)
}
