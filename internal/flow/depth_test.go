//go:build !race

package flow_test

// How many rows the exhaustive tests try: over the full alphabet, and over its classes.
const fullDepth, classDepth = 4, 8
