package assembly

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"math/big"
	"strings"
)

// stack is a template with the environment in which it is resolved.
type stack struct {
	assembly        *Assembly
	id, name, path  string
	dir             string // of its assembly, where its assets are
	account, region string
	assets          map[string]asset
	file            string // of the template
	template        template

	parent     *stack // of a nested stack
	parentID   string // the nested stack's logical id in its parent
	nested     map[string]*stack
	conditions map[string]bool // evaluated ones
	invented   map[string]bool // attributes that have an invented value
}

type template struct {
	Parameters map[string]parameter                 `json:"Parameters"`
	Mappings   map[string]map[string]map[string]any `json:"Mappings"`
	Conditions map[string]any                       `json:"Conditions"`
	Resources  map[string]*resource                 `json:"Resources"`
	Outputs    map[string]output                    `json:"Outputs"`
}

type parameter struct {
	Type    string `json:"Type"`
	Default any    `json:"Default"`
}

type resource struct {
	Type       string         `json:"Type"`
	Condition  string         `json:"Condition"`
	Properties map[string]any `json:"Properties"`
	Metadata   map[string]any `json:"Metadata"`
}

type output struct {
	Value     any    `json:"Value"`
	Condition string `json:"Condition"`
	Export    struct {
		Name any `json:"Name"`
	} `json:"Export"`
}

func (s *stack) partition() string {
	switch {
	case strings.HasPrefix(s.region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(s.region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (s *stack) urlSuffix() string {
	if s.partition() == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// arn returns an ARN in this stack's environment.
func (s *stack) arn(service, resource string) string {
	return "arn:" + s.partition() + ":" + service + ":" + s.region + ":" + s.account + ":" + resource
}

// digest identifies a part of the stack. It is the same at every start, so users can note the ids
// that are made from it. The invented account is left out of it.
func (s *stack) digest(parts ...string) []byte {
	place := []string{s.region, s.name}
	if s.account != DefaultAccount {
		place = append(place, s.account)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(place, parts...), "\x00")))
	return sum[:]
}

// physicalName returns a name as CloudFormation generates it.
func physicalName(stackName, logicalID string, longest int) string {
	sum := sha256.Sum256([]byte(stackName + "\x00" + logicalID))
	suffix := "-" + base32.StdEncoding.EncodeToString(sum[:])[:12]
	head := stackName + "-" + logicalID
	if len(head)+len(suffix) > longest {
		head = head[:longest-len(suffix)]
	}
	return head + suffix
}

func uuid(b []byte) string {
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// letters encodes a digest as n characters of an alphabet.
func letters(b []byte, alphabet string, n int) string {
	x, base, digit := new(big.Int).SetBytes(b), big.NewInt(int64(len(alphabet))), new(big.Int)
	out := make([]byte, n)
	for i := range out {
		x.DivMod(x, base, digit)
		out[i] = alphabet[digit.Int64()]
	}
	return string(out)
}

const (
	lowerAlphanumerics = "abcdefghijklmnopqrstuvwxyz0123456789"
	alphanumerics      = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lowerAlphanumerics
)
