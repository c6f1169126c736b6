package assembly

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// asset is a file or directory that a template refers to by its key in S3.
type asset struct {
	path string // absolute, or relative to the working directory
	hash string
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
func loadAssets(dir string, m manifest) (map[string]asset, error) {
	assets := map[string]asset{}
	for _, id := range sortedKeys(m.Artifacts) {
		art := m.Artifacts[id]
		if art.Type != "cdk:asset-manifest" {
			continue
		}
		if !filepath.IsLocal(art.Properties.File) {
			return nil, damaged(dir, "artifact %s names the file %q outside it", id, art.Properties.File)
		}
		var files assetManifest
		if err := readJSON(filepath.Join(dir, art.Properties.File), &files); err != nil {
			return nil, fmt.Errorf("asset list of cloud assembly %s: %w; %s", dir, err, remedy)
		}
		for hash, file := range files.Files {
			for _, to := range file.Destinations {
				assets[to.ObjectKey] = asset{path: inDir(dir, file.Source.Path), hash: hash}
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

// codeOf returns the files of a function: by the key under which cdk deploy uploads them, or by the
// metadata that the CDK writes for local tools.
func (s *stack) codeOf(id string) (asset, error) {
	r := s.template.Resources[id]
	code, err := s.resolveMap(r.Properties["Code"])
	for property, what := range map[string]string{
		"ZipFile": "has its code in the template", "ImageUri": "is a container image",
	} {
		if _, ok := code[property]; ok && err == nil {
			return asset{}, fmt.Errorf("function %s %s; the sandbox runs provided.al2023 binaries from assets only", id, what)
		}
	}
	key, _ := code["S3Key"].(string)
	found, ok := s.assets[key]
	if !ok {
		path, _ := r.Metadata["aws:asset:path"].(string)
		if path == "" {
			return asset{}, fmt.Errorf("function %s: its code (S3 key %q) is not among the assembly's assets; %s",
				id, key, remedy)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "asset."), ".zip")
		found = asset{path: inDir(s.dir, path), hash: name}
	}
	if _, err := os.Stat(found.path); err != nil {
		return asset{}, fmt.Errorf("function %s: its asset is missing from the assembly, which is stale or incomplete; "+
			"%s: %w", id, remedy, err)
	}
	return found, nil
}
