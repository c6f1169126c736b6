// Package template reads the directory that cdk synth writes and resolves its templates. Ref,
// Fn::GetAtt, conditions and the other intrinsic functions give what CloudFormation would, in an
// invented account.
package template

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

// defaultRegion is the Region of a stack that names none.
const defaultRegion = "eu-west-1"

// defaultAccount is the account of a stack that names none.
const defaultAccount = "123456789012"

// The bounds of a directory, so that a damaged or hostile one ends the reading.
const (
	maxStacks = 500
	maxDepth  = 10       // of stages within stages, and of stacks within stacks
	maxFile   = 64 << 20 // bytes
)

// Set is the stacks of a cloud assembly. It is not safe for concurrent use.
type Set struct {
	// Dir is the assembly's directory.
	Dir string
	// Stacks has every stack of every stage, a nested one after its parent.
	Stacks []*Stack
	// Missing are sentences about templates that the assembly does not hold.
	Missing []string

	steps  int  // what is left of the budget of the running resolution
	strict bool // a parameter's default does not count
}

// Remedy ends every sentence about a directory that can't be used.
const Remedy = "run `cdk synth` in the app's directory and give the directory that it writes (cdk.out)"

// damaged returns the error of a directory whose files contradict each other.
func damaged(dir, format string, args ...any) error {
	return fmt.Errorf("cloud assembly %s is damaged: %w; %s", dir, fmt.Errorf(format, args...), Remedy)
}

// Load reads the assembly in dir: its manifest, the stages in it and nested stacks. A region that
// is not empty replaces the Region of every stack.
func Load(dir, region string) (*Set, error) {
	a := &Set{Dir: dir}
	if err := a.load(dir, "", region, 0); err != nil {
		return nil, err
	}
	if len(a.Stacks) == 0 {
		return nil, fmt.Errorf("cloud assembly %s has no stack; %s", dir, Remedy)
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
	if err := ReadJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return m, fmt.Errorf("%s is not a cloud assembly: it has no manifest.json; %s: %w", dir, Remedy, err)
		}
		return m, damaged(dir, "%w", err)
	}
	major, _, ok := strings.Cut(m.Version, ".")
	if !ok || m.Artifacts == nil || major == "" || strings.Trim(major, "0123456789") != "" {
		return m, fmt.Errorf("%s is not a cloud assembly: its manifest.json has no version or no artifacts; %s", dir, Remedy)
	}
	return m, nil
}

func (a *Set) load(dir, path, region string, depth int) error {
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	assets, err := loadAssets(dir, m)
	if err != nil {
		return err
	}
	account := a.inventAccount(m, region)
	for _, id := range SortedKeys(m.Artifacts) {
		switch art := m.Artifacts[id]; art.Type {
		case "aws:cloudformation:stack":
			s := newStack(a, dir, id, art, region, account)
			s.assets = assets
			if art.DisplayName == "" {
				s.Path = path + id
			}
			file := art.Properties.TemplateFile
			if !filepath.IsLocal(file) {
				return damaged(dir, "stack %s names the template %q outside it", s.Path, file)
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

func newStack(a *Set, dir, id string, art artifact, region, account string) *Stack {
	ownAccount, ownRegion := environment(art.Environment)
	display, _, _ := strings.Cut(art.DisplayName, " ")
	return &Stack{
		set: a, ID: id, Name: cmp.Or(art.Properties.StackName, id), Path: strings.TrimSuffix(display, "/"), dir: dir,
		Account: cmp.Or(ownAccount, account), Region: cmp.Or(region, ownRegion, defaultRegion),
	}
}

// inventAccount returns the account of a manifest's stacks that name none. One account and Region
// can't hold two stacks of one name, so a stage that repeats a name belongs to another account.
func (a *Set) inventAccount(m manifest, region string) string {
	number, _ := strconv.Atoi(defaultAccount)
	for ; ; number++ {
		account := strconv.Itoa(number)
		isTaken := false
		for id, art := range m.Artifacts {
			s := newStack(a, "", id, art, region, account)
			isTaken = isTaken || s.Account == account && slices.ContainsFunc(a.Stacks, func(other *Stack) bool {
				return other.Name == s.Name && other.Account == account && other.Region == s.Region
			})
		}
		if !isTaken {
			return account
		}
	}
}

// addStack reads a stack's template and those of its nested stacks.
func (a *Set) addStack(s *Stack, file string, depth int) error {
	if len(a.Stacks) >= maxStacks || depth > maxDepth {
		return fmt.Errorf("cloud assembly %s has more than %d stacks, or nests them more than %d deep",
			a.Dir, maxStacks, maxDepth)
	}
	if err := ReadJSON(file, &s.Template); err != nil {
		return fmt.Errorf("template of stack %s in cloud assembly %s: %w; %s", s.Path, s.dir, err, Remedy)
	}
	s.File = file
	a.Stacks = append(a.Stacks, s)
	for _, id := range SortedKeys(s.Template.Resources) {
		r := s.Template.Resources[id]
		if r == nil {
			delete(s.Template.Resources, id)
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
			a.Missing = append(a.Missing, fmt.Sprintf("nested stack %s/%s was not read, for the assembly does not hold its "+
				"template", s.Path, id))
			continue
		}
		nested := &Stack{
			set: a, ID: s.ID, Name: PhysicalName(s.Name, id, 128), Path: s.Path + "/" + id, dir: s.dir, assets: s.assets,
			Account: s.Account, Region: s.Region, parent: s, parentID: id,
		}
		if s.nested == nil {
			s.nested = map[string]*Stack{}
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
func (s *Stack) nestedTemplate(r *Resource) (string, error) {
	if file, ok := r.Metadata["aws:asset:path"].(string); ok {
		if !filepath.IsLocal(file) {
			return "", damaged(s.dir, "stack %s names the template %q outside it", s.Path, file)
		}
		return filepath.Join(s.dir, file), nil
	}
	url, err := s.ResolveText(r.Properties["TemplateURL"])
	if err != nil {
		return "", nil
	}
	for _, key := range SortedKeys(s.assets) {
		if strings.HasSuffix(url, "/"+key) {
			return s.assets[key].Path, nil
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

// ReadJSON reads a file of at most 64 MiB and keeps numbers as they are written.
func ReadJSON(file string, v any) error {
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

// SortedKeys returns the keys in their order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
