package bench

import (
	"math"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

func TestALaneRefusesWhatItHasNot(t *testing.T) {
	lane := guard.Lane{Name: "verified", PerHour: 3600}
	m := newPoolModel(1000, 5, lane)
	l := m.run(3600, 400)
	if allowed := l.signIns - l.refused; allowed > lane.PerHour || allowed < lane.PerHour*9/10 {
		t.Errorf("%d of %d mails went out in an hour, want about %d", allowed, l.signIns, lane.PerHour)
	}
	if l := newPoolModel(1000, 0.5, lane).run(3600, 400); l.refused > 0 {
		t.Errorf("%d of %d were refused at half the lane's rate", l.refused, l.signIns)
	}
}

func TestASignInTakesFourUpdatesHoweverBusyTheLane(t *testing.T) {
	for _, perSecond := range []float64{0.1, 10} {
		if l := newPoolModel(1000, perSecond, guard.Lane{Name: "verified", PerHour: 3600}).run(600, 400); l.writes != 4*l.signIns {
			t.Errorf("at %v a second, %d sign-ins take %d updates", perSecond, l.signIns, l.writes)
		}
	}
}

func TestPartitions(t *testing.T) {
	for _, c := range []struct {
		writes, reads, bytes float64
		want                 int
	}{{1, 1, 1, 1}, {500, 1, 1, 1}, {501, 1, 1, 2}, {4000, 1000, 4e9, 8}, {1, 1, 25 << 30, 4}, {1, 6_000, 1, 4}} {
		if got := partitions(c.writes, c.reads, c.bytes); got != c.want {
			t.Errorf("partitions(%v, %v, %v) = %d, want %d", c.writes, c.reads, c.bytes, got, c.want)
		}
	}
}

func TestKeysSpreadEvenly(t *testing.T) {
	m := newPoolModel(1_000_000, 1000, guard.Lane{Name: "verified", PerHour: 3_600_000})
	l := m.run(10, 400)
	mean := float64(l.writes) / 10 / float64(l.partitions)
	if heat := float64(l.hottest); heat > 2*mean || math.IsNaN(mean) {
		t.Errorf("the hottest partition has %.0f writes in its worst second, the mean is %.0f", heat, mean)
	}
}
