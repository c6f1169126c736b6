// Package web holds the sources of the sign-in page: TypeScript, style, strings in every language,
// and npm's manifest and lock of what they are built from. Package webbundle makes files for
// browsers of them. Below it, example is an app that signs in by redirect.
package web

import (
	"embed"
	"io/fs"
)

//go:embed index.html icon.svg package.json package-lock.json src
//go:embed example/index.html example/package.json example/src
var files embed.FS

// Sources returns the files of this directory.
func Sources() fs.FS { return files }
