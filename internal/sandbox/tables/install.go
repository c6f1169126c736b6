package tables

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
)

// engineFiles are the launcher and npm's manifest and lock.
//
//go:embed engine/engine.js engine/package.json engine/package-lock.json
var engineFiles embed.FS

var errNoNode = errors.New("the template has a DynamoDB table, whose engine needs Node, and node is not on PATH; " +
	npm.Remedy)

// Install returns the directory of the table engine. It installs the engine the first time.
func Install(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	files, err := fs.Sub(engineFiles, "engine")
	if err != nil {
		return "", err
	}
	engine := npm.Package{Name: "dynalite", What: "the table engine (dynalite)", Files: files,
		Beside: []string{"engine.js"}}
	dir, err := engine.Install(ctx, cacheDir, progress)
	if err != nil {
		return "", fmt.Errorf("the template has a DynamoDB table: %w", err)
	}
	return dir, nil
}
