// Package assembly reads the directory that cdk synth writes and turns the
// EmailOTP in it into a plan that can be run: templates with every Ref,
// Fn::GetAtt and condition resolved as CloudFormation would, in an account that
// doesn't exist.
package assembly

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultRegion stands in where a stack is not bound to a region.
const DefaultRegion = "eu-west-1"

// DefaultAccount stands in where a stack is not bound to an account.
const DefaultAccount = "123456789012"

// maxStacks and maxFile keep a damaged or hostile directory from being read for ever.
const (
	maxStacks = 500
	maxFile   = 64 << 20
)

// Assembly is a loaded cloud assembly. It is not safe for concurrent use.
type Assembly struct {
	dir    string
	stacks []*stack
	steps  int // what is left of the budget of the running resolution
}

// remedy ends every sentence about a directory that can't be used.
const remedy = "run `cdk synth` in the app's directory and give the directory that it writes (cdk.out)"

// Load reads the assembly in dir: its manifest, stages within it and nested
// stacks. A region that isn't empty takes the place of every stack's own.
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

func (a *Assembly) load(dir, path, region string, depth int) error {
	var m manifest
	file := filepath.Join(dir, "manifest.json")
	if err := readJSON(file, &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is not a cloud assembly: it has no manifest.json; %s: %w", dir, remedy, err)
		}
		return fmt.Errorf("cloud assembly %s is damaged: %w; %s", dir, err, remedy)
	}
	if major, _, ok := strings.Cut(m.Version, "."); !ok || m.Artifacts == nil || major == "" || strings.Trim(major, "0123456789") != "" {
		return fmt.Errorf("%s is not a cloud assembly: its manifest.json has no version or no artifacts; %s", dir, remedy)
	}
	assets, err := loadAssets(dir, m)
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(m.Artifacts) {
		art := m.Artifacts[id]
		switch art.Type {
		case "aws:cloudformation:stack":
			if err := a.addStack(dir, path, id, region, art, assets); err != nil {
				return err
			}
		case "cdk:cloud-assembly":
			if depth > 10 {
				return fmt.Errorf("cloud assembly %s holds assemblies within assemblies more than 10 deep; %s", dir, remedy)
			}
			sub := art.Properties.DirectoryName
			if !filepath.IsLocal(sub) {
				return fmt.Errorf("cloud assembly %s is damaged: artifact %s names the directory %q outside it; %s", dir, id, sub, remedy)
			}
			if err := a.load(filepath.Join(dir, sub), path+cmp.Or(art.DisplayName, id)+"/", region, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Assembly) addStack(dir, path, id, region string, art artifact, assets map[string]asset) error {
	if len(a.stacks) >= maxStacks {
		return fmt.Errorf("cloud assembly %s has more than %d stacks", a.dir, maxStacks)
	}
	account, own := environment(art.Environment)
	s := &stack{
		assembly: a, id: id, name: cmp.Or(art.Properties.StackName, id), path: path + id, dir: dir, assets: assets,
		account: cmp.Or(account, DefaultAccount), region: cmp.Or(region, own, DefaultRegion),
	}
	if art.DisplayName != "" {
		s.path = strings.TrimSuffix(strings.Split(art.DisplayName, " ")[0], "/")
	}
	return a.addTemplate(s, art.Properties.TemplateFile, 0)
}

func (a *Assembly) addTemplate(s *stack, file string, depth int) error {
	if !filepath.IsLocal(file) {
		return fmt.Errorf("cloud assembly %s is damaged: stack %s names the template %q outside it; %s", s.dir, s.path, file, remedy)
	}
	if err := readJSON(filepath.Join(s.dir, file), &s.template); err != nil {
		return fmt.Errorf("template of stack %s in cloud assembly %s: %w; %s", s.path, s.dir, err, remedy)
	}
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
		nestedFile, ok := r.Metadata["aws:asset:path"].(string)
		if !ok {
			continue // a template that isn't in the assembly
		}
		if depth > 10 || len(a.stacks) >= maxStacks {
			return fmt.Errorf("cloud assembly %s nests its stacks too deeply or has more than %d; %s", a.dir, maxStacks, remedy)
		}
		nested := &stack{
			assembly: a, id: s.id, name: physicalName(s.name, id, 128), path: s.path + "/" + id, dir: s.dir, assets: s.assets,
			account: s.account, region: s.region, parent: s, parentID: id,
		}
		if s.nested == nil {
			s.nested = map[string]*stack{}
		}
		s.nested[id] = nested
		if err := a.addTemplate(nested, nestedFile, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// environment reads "aws://account/region", where "unknown-account" and
// "unknown-region" stand for nothing.
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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
