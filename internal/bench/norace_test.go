//go:build !race

package bench_test

const raceFactor = 1
