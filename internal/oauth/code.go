package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// codeBytes is the length of a code before base64url: 256 bits, where RFC 6749, 10.10, requires
// that guessing succeeds with a chance of 2^-128 at most and advises 2^-160.
const codeBytes = 32

// grant is what a code stands for.
type grant struct {
	Client    string `json:"client"`
	Redirect  string `json:"redirect"` // as the request had it; may be empty
	Callback  string `json:"callback"` // the registered address
	Challenge string `json:"challenge,omitempty"`
	Tokens    Tokens `json:"tokens"`
}

// tombstone is what is left of a used code: enough to tell a repeated click from an attack, and to
// revoke.
type tombstone struct {
	Client    string `json:"client"`
	Challenge string `json:"challenge,omitempty"`
	Refresh   string `json:"refresh"`
}

// mint makes a code for a grant, and the item to store.
func mint(random io.Reader, g grant, now time.Time) (code string, item Item, err error) {
	raw := make([]byte, codeBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", Item{}, err
	}
	code = base64.RawURLEncoding.EncodeToString(raw)
	expires := now.Truncate(time.Second).Add(codeLife)
	item = Item{ID: codeID(code), Expires: expires, Forget: expires.Add(tombstoneLife)}
	item.Grant, err = seal(code, "grant", item, g)
	if err == nil {
		item.Tombstone, err = seal(code, "tombstone", item, tombstone{g.Client, g.Challenge, g.Tokens.Refresh})
	}
	return code, item, err
}

// codeID is the key of a code's item.
func codeID(code string) string { return hex.EncodeToString(derive(code, "id")) }

// derive returns 32 bytes for a purpose. One purpose's bytes tell nothing about another's or the
// code.
func derive(code, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, []byte(code), nil, "EmailOTP authorization code "+purpose, sha256.Size)
	if err != nil {
		panic(err) // only for lengths beyond 8,160 bytes
	}
	return out
}

func sealer(code, part string) cipher.AEAD {
	block, err := aes.NewCipher(derive(code, part))
	if err != nil {
		panic(err) // only for other key sizes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// bound is the additional data: a sealed part opens in its own item alone, with its own end.
func bound(item Item) []byte {
	return binary.BigEndian.AppendUint64([]byte(item.ID), uint64(item.Expires.Unix()))
}

func seal(code, part string, item Item, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return sealer(code, part).Seal(nil, nil, text, bound(item)), nil
}

// errAltered is the error for an item that does not open: it is another code's, or was changed.
var errAltered = errors.New("a stored authorization code was altered")

func open(code, part string, item Item, sealed []byte, v any) error {
	text, err := sealer(code, part).Open(nil, nil, sealed, bound(item))
	if err != nil {
		return errAltered
	}
	return json.Unmarshal(text, v)
}
