// Package assembly reads the directory that cdk synth writes. It turns the EmailOTP in it into a
// plan for the sandbox, and checks every EmailOTP in it for bypasses. It resolves Ref, Fn::GetAtt,
// conditions and the other intrinsic functions as CloudFormation does, in an invented account.
package assembly

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// DefaultRegion is the Region of a stack that names none.
const DefaultRegion = "eu-west-1"

// DefaultAccount is the account of a stack that names none.
const DefaultAccount = "123456789012"

// The bounds of a directory, so that a damaged or hostile one ends the reading.
const (
	maxStacks = 500
	maxDepth  = 10       // of stages within stages, and of stacks within stacks
	maxFile   = 64 << 20 // bytes
)

// Assembly is a loaded cloud assembly. It is not safe for concurrent use.
type Assembly struct {
	dir     string
	stacks  []*stack
	missing []string // sentences about templates that the assembly does not hold
	steps   int      // what is left of the budget of the running resolution
	strict  bool     // a parameter's default does not count
}

// remedy ends every sentence about a directory that can't be used.
const remedy = "run `cdk synth` in the app's directory and give the directory that it writes (cdk.out)"

// damaged returns the error of a directory whose files contradict each other.
func damaged(dir, format string, args ...any) error {
	return fmt.Errorf("cloud assembly %s is damaged: %w; %s", dir, fmt.Errorf(format, args...), remedy)
}

// Load reads the assembly in dir: its manifest, the stages in it and nested stacks. A region that
// is not empty replaces the Region of every stack.
func Load(dir, region string) (*Assembly, error) {
	a := &Assembly{dir: dir}
	if err := a.load(dir, "", region, 0); err != nil {
		return nil, err
	}
	if len(a.stacks) == 0 {
		return nil, fmt.Errorf("cloud assembly %s has no stack; %s", dir, remedy)
	}
	return a, nil
}

type manifest struct {
	Version   string              `json:"version"`
	Artifacts map[string]artifact `json:"artifacts"`
}

type artifact struct {
	Type        string `json:"type"`
	Environment string `json:"environment"`
	DisplayName string `json:"displayName"`
	Properties  struct {
		TemplateFile  string `json:"templateFile"`
		StackName     string `json:"stackName"`
		DirectoryName string `json:"directoryName"`
		File          string `json:"file"`
	} `json:"properties"`
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	if err := readJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return m, fmt.Errorf("%s is not a cloud assembly: it has no manifest.json; %s: %w", dir, remedy, err)
		}
		return m, damaged(dir, "%w", err)
	}
	major, _, ok := strings.Cut(m.Version, ".")
	if !ok || m.Artifacts == nil || major == "" || strings.Trim(major, "0123456789") != "" {
		return m, fmt.Errorf("%s is not a cloud assembly: its manifest.json has no version or no artifacts; %s", dir, remedy)
	}
	return m, nil
}

func (a *Assembly) load(dir, path, region string, depth int) error {
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	assets, err := loadAssets(dir, m)
	if err != nil {
		return err
	}
	account := a.inventAccount(m, region)
	for _, id := range sortedKeys(m.Artifacts) {
		switch art := m.Artifacts[id]; art.Type {
		case "aws:cloudformation:stack":
			s := newStack(a, dir, id, art, region, account)
			s.assets = assets
			if art.DisplayName == "" {
				s.path = path + id
			}
			file := art.Properties.TemplateFile
			if !filepath.IsLocal(file) {
				return damaged(dir, "stack %s names the template %q outside it", s.path, file)
			}
			if err := a.addStack(s, filepath.Join(dir, file), 0); err != nil {
				return err
			}
		case "cdk:cloud-assembly":
			sub := art.Properties.DirectoryName
			if !filepath.IsLocal(sub) || depth > maxDepth {
				return damaged(dir, "artifact %s names the directory %q outside it, or is more than %d deep", id, sub, maxDepth)
			}
			if err := a.load(filepath.Join(dir, sub), path+cmp.Or(art.DisplayName, id)+"/", region, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func newStack(a *Assembly, dir, id string, art artifact, region, account string) *stack {
	ownAccount, ownRegion := environment(art.Environment)
	display, _, _ := strings.Cut(art.DisplayName, " ")
	return &stack{
		assembly: a, id: id, name: cmp.Or(art.Properties.StackName, id), path: strings.TrimSuffix(display, "/"), dir: dir,
		account: cmp.Or(ownAccount, account), region: cmp.Or(region, ownRegion, DefaultRegion),
	}
}

// inventAccount returns the account of a manifest's stacks that name none. One account and Region
// can't hold two stacks of one name, so a stage that repeats a name belongs to another account.
func (a *Assembly) inventAccount(m manifest, region string) string {
	number, _ := strconv.Atoi(DefaultAccount)
	for ; ; number++ {
		account := strconv.Itoa(number)
		isTaken := false
		for id, art := range m.Artifacts {
			s := newStack(a, "", id, art, region, account)
			isTaken = isTaken || s.account == account && slices.ContainsFunc(a.stacks, func(other *stack) bool {
				return other.name == s.name && other.account == account && other.region == s.region
			})
		}
		if !isTaken {
			return account
		}
	}
}

// addStack reads a stack's template and those of its nested stacks.
func (a *Assembly) addStack(s *stack, file string, depth int) error {
	if len(a.stacks) >= maxStacks || depth > maxDepth {
		return fmt.Errorf("cloud assembly %s has more than %d stacks, or nests them more than %d deep",
			a.dir, maxStacks, maxDepth)
	}
	if err := readJSON(file, &s.template); err != nil {
		return fmt.Errorf("template of stack %s in cloud assembly %s: %w; %s", s.path, s.dir, err, remedy)
	}
	s.file = file
	a.stacks = append(a.stacks, s)
	for _, id := range sortedKeys(s.template.Resources) {
		r := s.template.Resources[id]
		if r == nil {
			delete(s.template.Resources, id)
			continue
		}
		if r.Type != "AWS::CloudFormation::Stack" {
			continue
		}
		nestedFile, err := s.nestedTemplate(r)
		if err != nil {
			return err
		}
		if nestedFile == "" {
			a.missing = append(a.missing, fmt.Sprintf("nested stack %s/%s was not read, for the assembly does not hold its "+
				"template", s.path, id))
			continue
		}
		nested := &stack{
			assembly: a, id: s.id, name: physicalName(s.name, id, 128), path: s.path + "/" + id, dir: s.dir, assets: s.assets,
			account: s.account, region: s.region, parent: s, parentID: id,
		}
		if s.nested == nil {
			s.nested = map[string]*stack{}
		}
		s.nested[id] = nested
		if err := a.addStack(nested, nestedFile, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// nestedTemplate returns the file of a nested stack's template: the one in the CDK's metadata, or
// without metadata the asset that TemplateURL names; empty if the assembly has neither.
func (s *stack) nestedTemplate(r *resource) (string, error) {
	if file, ok := r.Metadata["aws:asset:path"].(string); ok {
		if !filepath.IsLocal(file) {
			return "", damaged(s.dir, "stack %s names the template %q outside it", s.path, file)
		}
		return filepath.Join(s.dir, file), nil
	}
	url, err := s.resolveText(r.Properties["TemplateURL"])
	if err != nil {
		return "", nil
	}
	for _, key := range sortedKeys(s.assets) {
		if strings.HasSuffix(url, "/"+key) {
			return s.assets[key].path, nil
		}
	}
	return "", nil
}

// environment reads "aws://account/region", where "unknown-account" and "unknown-region" are none.
func environment(uri string) (account, region string) {
	account, region, _ = strings.Cut(strings.TrimPrefix(uri, "aws://"), "/")
	if strings.HasPrefix(account, "unknown-") {
		account = ""
	}
	if strings.HasPrefix(region, "unknown-") {
		region = ""
	}
	return account, region
}

func readJSON(file string, v any) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() || info.Size() > maxFile {
		return fmt.Errorf("%s is no file of at most %d MiB", file, maxFile>>20)
	}
	dec := json.NewDecoder(f)
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%s is not the JSON that was expected: %w", file, err)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
