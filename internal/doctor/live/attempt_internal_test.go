package live

import (
	"testing"
	"time"
)

// A user who was created before or after the call, or by another way, is someone else's.
func TestOnlyAUserOfTheCallItselfIsMade(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	a := attempt{began: began, failed: began.Add(3 * time.Second), status: "FORCE_CHANGE_PASSWORD"}
	for after, want := range map[time.Duration]bool{
		-skew - time.Second: false, -skew: true, time.Second: true, 3*time.Second + skew: true, 4*time.Second + skew: false,
	} {
		u := account{UserStatus: a.status, UserCreateDate: float64(began.Add(after).UnixMilli()) / 1000}
		if got := a.made(u); got != want {
			t.Errorf("created %v after the call began: made by it %v, want %v", after, got, want)
		}
		if u.UserStatus = "CONFIRMED"; a.made(u) {
			t.Errorf("created %v after the call began, with another status: made by it", after)
		}
	}
}
