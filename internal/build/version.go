package build

import "runtime/debug"

// Imported returns the version of this module that a program was built with, such as "v1.4.0". It
// is empty where the program's go.mod has no version of it that others can get: in this module
// itself, and where a replace directive or a workspace takes its place.
//
// It changes only when an importer changes its go.mod, so a template may have it. A commit would
// change the template of every app that runs from a checkout at each commit.
func Imported(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == Module && dep.Replace == nil && dep.Version != "(devel)" {
			return dep.Version
		}
	}
	return ""
}
