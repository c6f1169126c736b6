package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// sameStore sends the same random calls to the store in memory and to the engine, and compares
// every answer.
func sameStore(r *rig.Run) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless})
	n := r.Scale(4000, 800)
	twin := guard.Store(memory.New())
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	now, differ, first := lab.Epoch, 0, ""
	for i := range n {
		r.Alive()
		now = now.Add(time.Duration(dice.IntN(40)) * time.Minute)
		call := lab.RandomCall(dice, l.ID, now)
		real, err := call(r.Ctx, l.Store)
		r.Check(err)
		other, err := call(r.Ctx, twin)
		r.Check(err)
		if real != other {
			if differ++; first == "" {
				first = fmt.Sprintf("call %d: the engine answers %s, memory %s", i, real, other)
			}
		}
	}
	r.Add(settings.Mode("both"), "the store in memory answers like the engine: the same random calls to both", n,
		fmt.Sprintf("%d answers differ", differ), "0", first)
}
