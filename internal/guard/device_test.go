package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

var deviceNow = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)

func TestADeviceBelongsToOnePoolUserAddressAndSecret(t *testing.T) {
	secret, other := guard.Commitment([]byte("a")), guard.Commitment([]byte("b"))
	address := [32]byte{1}
	list := guard.Devices("").Add(guard.NewDevice("pool", "user", "client", address, secret), deviceNow.Add(time.Hour),
		deviceNow)
	for name, d := range map[string]guard.Device{
		"another pool":    guard.NewDevice("pool2", "user", "client", address, secret),
		"another user":    guard.NewDevice("pool", "user2", "client", address, secret),
		"shifted fields":  guard.NewDevice("poolu", "ser", "client", address, secret),
		"another client":  guard.NewDevice("pool", "user", "client2", address, secret),
		"another address": guard.NewDevice("pool", "user", "client", [32]byte{2}, secret),
		"another secret":  guard.NewDevice("pool", "user", "client", address, other),
		"the commitment":  guard.Device(secret),
	} {
		if list.Has(d, deviceNow) {
			t.Errorf("%s: is taken for the device", name)
		}
	}
	device := guard.NewDevice("pool", "user", "client", address, secret)
	if !list.Has(device, deviceNow) || list.IsEmpty(deviceNow) {
		t.Error("the device is not found")
	}
	if end := deviceNow.Add(time.Hour); list.Has(device, end) || !list.IsEmpty(end) {
		t.Error("the device outlives its time")
	}
	if !list.Within(deviceNow.Add(time.Hour)).Has(device, deviceNow) || list.Within(deviceNow.Add(time.Hour-1)) != "" {
		t.Error("a device counts longer than the present setting allows")
	}
}

// Whatever the table holds, reading it does not fail, and unreadable entries are no devices.
func FuzzDevices(f *testing.F) {
	device := guard.NewDevice("pool", "user", "client", [32]byte{1}, [32]byte{2})
	f.Add(string(guard.Devices("").Add(device, deviceNow.Add(time.Hour), deviceNow)))
	f.Add(strings.Repeat("A", 960))
	f.Add("not base64 !")
	f.Fuzz(func(t *testing.T, text string) {
		list := guard.Devices(text).Add(device, deviceNow.Add(time.Hour), deviceNow)
		if !list.Has(device, deviceNow) || len(list) > 48*guard.MaxDevices {
			t.Errorf("%q becomes %q", text, list)
		}
	})
}
