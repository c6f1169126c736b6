//go:build race

package bench_test

// raceFactor allows for what the race detector adds to allocations.
const raceFactor = 2
