//go:build race

package flow_test

// The race detector makes the exhaustive tests ten times slower and has nothing to find in them.
const fullDepth, classDepth = 2, 4
