//go:build race

package trigger_test

func init() { underRace = true }
