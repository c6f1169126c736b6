package template

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/shims"
)

// Asset is a file or directory that a template refers to by its key in S3, or code in the template.
type Asset struct {
	Path   string // absolute, or relative to the working directory
	Hash   string
	Inline string // the code, in place of the others
}

type assetManifest struct {
	Files map[string]struct {
		Source struct {
			Path string `json:"path"`
		} `json:"source"`
		Destinations map[string]struct {
			ObjectKey string `json:"objectKey"`
		} `json:"destinations"`
	} `json:"files"`
}

// loadAssets returns the assets of one assembly directory by object key.
func loadAssets(dir string, m manifest) (map[string]Asset, error) {
	assets := map[string]Asset{}
	for _, id := range SortedKeys(m.Artifacts) {
		art := m.Artifacts[id]
		if art.Type != "cdk:asset-manifest" {
			continue
		}
		if !filepath.IsLocal(art.Properties.File) {
			return nil, damaged(dir, "artifact %s names the file %q outside it", id, art.Properties.File)
		}
		var files assetManifest
		if err := ReadJSON(filepath.Join(dir, art.Properties.File), &files); err != nil {
			return nil, fmt.Errorf("asset list of cloud assembly %s: %w; %s", dir, err, Remedy)
		}
		for hash, file := range files.Files {
			for _, to := range file.Destinations {
				assets[to.ObjectKey] = Asset{Path: inDir(dir, file.Source.Path), Hash: hash}
			}
		}
	}
	return assets, nil
}

func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// CodeOf returns the code of a function: the files under the key by which cdk deploy uploads them,
// those of the metadata that the CDK writes for local tools, or what the template has itself.
func (s *Stack) CodeOf(id string) (Asset, error) {
	r := s.Template.Resources[id]
	code, err := s.ResolveMap(r.Properties["Code"])
	if _, isImage := code["ImageUri"]; isImage || r.Properties["PackageType"] == "Image" {
		return Asset{}, errors.New("it is a container image, which can't run here")
	}
	if inline, ok := code["ZipFile"]; ok && err == nil {
		return s.inlineCode(r, inline)
	}
	key, _ := code["S3Key"].(string)
	found, ok := s.assets[key]
	if !ok {
		path, _ := r.Metadata["aws:asset:path"].(string)
		if path == "" {
			return Asset{}, fmt.Errorf("its code (S3 key %q) is not among the assembly's assets; %s", key, Remedy)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "asset."), ".zip")
		found = Asset{Path: inDir(s.dir, path), Hash: name}
	}
	if _, err := os.Stat(found.Path); err != nil {
		return Asset{}, fmt.Errorf("its asset is missing from the assembly, which is stale or incomplete; %s: %w", Remedy,
			err)
	}
	return found, nil
}

// inlineCode returns code in a template, which Lambda accepts for some runtimes alone.
func (s *Stack) inlineCode(r *Resource, code any) (Asset, error) {
	runtime, _ := s.ResolveText(r.Properties["Runtime"])
	if shims.InlineFile(runtime) == "" {
		return Asset{}, fmt.Errorf("its code is in the template, where Lambda accepts code of nodejs and python alone; "+
			"its runtime is %q", runtime)
	}
	source, err := Text(code)
	if err == nil && source == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return Asset{}, fmt.Errorf("its code in the template: %w", err)
	}
	return Asset{Inline: source}, nil
}
