package template

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// Stack is a template with the environment in which it is resolved.
type Stack struct {
	// ID is the artifact's in the manifest, Name the stack's, Path the construct path.
	ID, Name, Path  string
	Account, Region string
	// File is the template's.
	File     string
	Template Template
	// Invented has the attributes that were given an invented value, as "id.attribute".
	Invented map[string]bool

	set        *Set
	dir        string // of its assembly, where its assets are
	assets     map[string]Asset
	parent     *Stack // of a nested stack
	parentID   string // the nested stack's logical id in its parent
	nested     map[string]*Stack
	conditions map[string]bool // evaluated ones
}

// Template is a template as CloudFormation receives it.
type Template struct {
	Parameters map[string]Parameter                 `json:"Parameters"`
	Mappings   map[string]map[string]map[string]any `json:"Mappings"`
	Conditions map[string]any                       `json:"Conditions"`
	Resources  map[string]*Resource                 `json:"Resources"`
	Outputs    map[string]Output                    `json:"Outputs"`
}

// Parameter is a parameter of a template.
type Parameter struct {
	Type    string `json:"Type"`
	Default any    `json:"Default"`
}

// Resource is a resource of a template, with nothing resolved.
type Resource struct {
	Type       string         `json:"Type"`
	Condition  string         `json:"Condition"`
	Properties map[string]any `json:"Properties"`
	Metadata   map[string]any `json:"Metadata"`
}

// Output is an output of a template.
type Output struct {
	Value     any    `json:"Value"`
	Condition string `json:"Condition"`
	Export    struct {
		Name any `json:"Name"`
	} `json:"Export"`
}

// Partition returns the Region's partition, the second part of every ARN.
func (s *Stack) Partition() string {
	return partition.Name(s.Region)
}

// ARN returns an ARN in this stack's environment.
func (s *Stack) ARN(service, resource string) string {
	return "arn:" + s.Partition() + ":" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// digest identifies a part of the stack. It is the same at every start, so users can note the ids
// that are made from it. The invented account is left out of it.
func (s *Stack) digest(parts ...string) []byte {
	place := []string{s.Region, s.Name}
	if s.Account != defaultAccount {
		place = append(place, s.Account)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(place, parts...), "\x00")))
	return sum[:]
}

// PhysicalName returns a name as CloudFormation generates it.
func PhysicalName(stackName, logicalID string, longest int) string {
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
