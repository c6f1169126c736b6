package synth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// refusal is the beginning of each line that the app prints for the reader of cdk.json.
const refusal = "emailotp: error: "

// maxLines bounds the lines of a failure that is not recognised.
const maxLines = 20

var (
	escapes = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
	// noise are the lines that say only that, or how, something above failed.
	noise = regexp.MustCompile(`^(exit status \d+|Bundling asset .*|.*: Subprocess exited with error \d+|Runtime process exited abnormally.*|\s+at .*|go: downloading .*|Node\.js v[\d.]+)$`)
)

// explain reduces what a failed run printed to its message.
func explain(words string, err error) error {
	var refused, rest []string
	inTrace := false
	for line := range strings.Lines(escapes.ReplaceAllString(words, "")) {
		line = strings.TrimRight(line, " \t\r\n")
		if sentence, ok := strings.CutPrefix(line, refusal); ok {
			refused = append(refused, sentence)
			continue
		}
		if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:") {
			inTrace = true // a Go trace goes on to the end of the app's output
		}
		if strings.HasSuffix(line, "exited with error 1") || strings.HasPrefix(line, "exit status") {
			inTrace = false
		}
		if inTrace || strings.TrimSpace(line) == "" || noise.MatchString(line) {
			continue
		}
		rest = append(rest, strings.TrimPrefix(line, "panic: "))
	}
	lines := refused
	if len(lines) == 0 {
		lines = slices.Compact(rest)
	}
	if len(lines) > maxLines {
		lines = append(lines[:maxLines:maxLines], fmt.Sprintf("(and %d lines more)", len(lines)-maxLines))
	}
	if len(lines) == 0 {
		lines = []string{fmt.Sprintf("cdk synth failed without a word (%v); run `npx cdk synth` in the app's directory to "+
			"see more", err)}
	}
	return &Error{Lines: lines}
}
