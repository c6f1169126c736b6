package guardtest

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// month is how long the devices of these tests are remembered.
const month = 30 * 24 * time.Hour

// deviceOf returns a device of its own for each number.
func deviceOf(n int) guard.Device {
	return guard.NewDevice("pool", "user", "client", [32]byte{}, guard.Commitment([]byte{byte(n)}))
}

func (s suite) remember(n int, at time.Time) bool {
	s.Helper()
	ok, err := s.RememberDevice(s.ctx, s.key, deviceOf(n), at.Add(month), at)
	return value(s, ok, err)
}

// remembered returns which of the first devices are remembered.
func (s suite) remembered(of int, at time.Time) (numbers []int) {
	s.Helper()
	list := s.item().Devices
	for n := range of {
		if list.Has(deviceOf(n), at) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func devices(s suite) {
	want := claimed()
	s.claim(guard.Item{}, want)
	// The third ends first: it is the one to go, then the next.
	for n := range guard.MaxDevices {
		at := now.Add(time.Duration((n+guard.MaxDevices-2)%guard.MaxDevices) * time.Minute)
		if !s.remember(n, at) {
			s.Fatalf("device %d is not remembered", n)
		}
	}
	s.remember(10, now.Add(time.Hour))
	if got := s.remembered(12, now); len(got) != guard.MaxDevices || got[2] != 3 {
		s.Errorf("of eleven devices these are remembered: %v", got)
	}
	// Remembered again, a device takes no second place.
	s.remember(3, now.Add(2*time.Hour))
	if got := s.remembered(12, now); len(got) != guard.MaxDevices {
		s.Errorf("a device that is remembered again displaced another: %v", got)
	}
	if got := s.remembered(12, now.Add(month+90*time.Minute)); len(got) != 1 || got[0] != 3 {
		s.Errorf("after a month these are remembered: %v", got)
	}
	got := s.item()
	if got.Devices = ""; got != want {
		s.Errorf("remembering changed %+v into %+v", want, got)
	}
}

// As many as are tried all succeed: each loss is another's win.
func devicesParallel(s suite) {
	s.claim(guard.Item{}, claimed())
	won := s.times(guard.RememberTries, func(i int) (bool, error) {
		return s.RememberDevice(s.ctx, s.key, deviceOf(i), now.Add(month), now)
	})
	if got := s.remembered(guard.RememberTries, now); won != guard.RememberTries || len(got) != won {
		s.Errorf("%d calls succeeded, remembered are %v", won, got)
	}
}

func devicesForgotten(s suite) {
	want := claimed()
	s.claim(guard.Item{}, want)
	s.remember(0, now)
	// A remembering that read the list before it was emptied brings no other device back.
	s.times(2, func(i int) (bool, error) {
		if i == 0 {
			return true, s.ForgetDevices(s.ctx, s.key)
		}
		return s.RememberDevice(s.ctx, s.key, deviceOf(1), now.Add(month), now)
	})
	if got := s.remembered(2, now); len(got) > 0 && got[0] == 0 {
		s.Errorf("after the list was emptied these are remembered: %v", got)
	}
	s.ok(s.ForgetDevices(s.ctx, s.key))
	s.ok(s.ForgetDevices(s.ctx, s.key))
	s.want(want)
}

func deviceCreates(s suite) {
	if s.remember(0, now) {
		s.Error("an absent item has a device")
	}
	s.ok(s.ForgetDevices(s.ctx, s.key))
	s.want(guard.Item{})
}
