// Command attack attacks EmailOTP and reports whether every bound held:
//
//	go run ./tools/attack                        every attack, some minutes
//	go run ./tools/attack --small                a minute or two, without the machine's clock
//	go run ./tools/attack --only year,lockout    the named attacks
//	go run ./tools/attack --json                 the report for programs
//
// The trigger functions are the real ones, called in process. Their budgets lie in a real table
// engine behind the real store. The sandbox's user pool takes Cognito's place wherever its protocol
// matters. Time is simulated, so a year of guesses takes seconds. Each attack ends in rows: what
// was tried, how often, the result, and the bound that must hold. The bounds are written down in
// rig/bounds.go, as arithmetic of their own: no code under test computes its own limit.
package main

import (
	"context"
	"os"

	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

func main() {
	command := tool.Command{Name: "attack", Part: "attack", Parts: names(), Fewer: "small",
		FewerHelp: "shorter years and fewer samples, without what depends on the machine's clock"}
	os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr,
		func(ctx context.Context, o tool.Options) (tool.Report, error) {
			return attackAll(ctx, options{small: o.Fewer, only: o.Only, progress: o.Progress})
		}))
}
