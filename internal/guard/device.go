package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"
)

// A client may hold a secret in place of the mailed code: a remembered device. The secret is 32
// random bytes that the client drew. An account's item has a hash of each.

// DeviceSecretSize is the size of a device's secret in bytes.
const DeviceSecretSize = 32

// MaxDevices is how many devices of one account are remembered. A further one replaces the one that
// expires first.
const MaxDevices = 10

// Device is what is kept of a device: a hash of its secret, the account, the app client and the
// account's address.
type Device [sha256.Size]byte

// Commitment returns what a client hands out to have its device remembered: the hash of its secret.
func Commitment(secret []byte) [sha256.Size]byte { return sha256.Sum256(secret) }

// NewDevice returns the entry of a device. Pool and user are those of [Key], client is the app
// client's id: like a code, a device counts at one client alone. Address is the hash of
// the account's address: a device is forgotten when the address changes.
func NewDevice(pool, user, client string, address, commitment [sha256.Size]byte) Device {
	return digest("device", pool, user, client, string(address[:]), string(commitment[:]))
}

// Devices is the list of an account's devices in the text form that the table keeps: for each the
// end of its time in Unix seconds, four bytes, and the hash, in base64.
type Devices string

// deviceText is the length of one device's text: 36 bytes have no padding.
const deviceText = (4 + sha256.Size) / 3 * 4

// entry is one device of a list.
type entry struct {
	until int64
	hash  Device
}

// entries returns the list's devices. Text that is no device ends the list.
func (d Devices) entries() (all []entry) {
	for len(d) >= deviceText {
		b, err := base64.RawURLEncoding.DecodeString(string(d[:deviceText]))
		if err != nil {
			return all
		}
		all = append(all, entry{int64(binary.BigEndian.Uint32(b)), Device(b[4:])})
		d = d[deviceText:]
	}
	return all
}

// Count returns how many devices are remembered at the given time.
func (d Devices) Count(now time.Time) (n int) {
	for _, e := range d.entries() {
		if now.Unix() < e.until {
			n++
		}
	}
	return n
}

// IsEmpty reports whether no device is remembered at the given time.
func (d Devices) IsEmpty(now time.Time) bool { return d.Count(now) == 0 }

// Has reports whether the device is remembered at the given time. Its time does not depend on which
// of the entries it is like.
func (d Devices) Has(device Device, now time.Time) bool {
	found := 0
	for _, e := range d.entries() {
		same := subtle.ConstantTimeCompare(e.hash[:], device[:])
		if now.Unix() < e.until {
			found |= same
		}
	}
	return found == 1
}

// Add returns the list with the device remembered until the given time, and without those that are
// over. Of more than [MaxDevices] it leaves out those that end first.
func (d Devices) Add(device Device, until, now time.Time) Devices {
	kept := []entry{{until.Unix(), device}}
	for _, e := range d.entries() {
		if e.hash != device && now.Unix() < e.until {
			kept = append(kept, e)
		}
	}
	for len(kept) > MaxDevices {
		first := 1
		for i := range kept[1:] {
			if kept[1+i].until < kept[first].until {
				first = 1 + i
			}
		}
		kept = append(kept[:first], kept[first+1:]...)
	}
	return encode(kept)
}

// Within returns the devices that end by the given time. One that would end later was remembered
// while the setting was longer.
func (d Devices) Within(latest time.Time) Devices {
	return encode(slices.DeleteFunc(d.entries(), func(e entry) bool { return e.until > latest.Unix() }))
}

func encode(all []entry) Devices {
	var text []byte
	for _, e := range all {
		b := append(binary.BigEndian.AppendUint32(nil, uint32(e.until)), e.hash[:]...)
		text = base64.RawURLEncoding.AppendEncode(text, b)
	}
	return Devices(text)
}
