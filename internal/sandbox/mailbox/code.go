package mailbox

import (
	"html"
	"regexp"
	"strings"
)

var (
	// boundCode is the last line of a mail from which browsers fill in codes.
	boundCode = regexp.MustCompile(`(?m)^@\S+ #(\d{6,20})\s*$`)
	// codeLine is a line that holds digits alone, in groups or not.
	codeLine = regexp.MustCompile(`(?m)^[ \t]*(\d[\d \t-]{4,30}\d)[ \t]*$`)
	// codeRun is a number within a sentence.
	codeRun = regexp.MustCompile(`\b\d{2,20}(?: \d{2,5}){0,6}\b`)
	isDate  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

var (
	unseen = regexp.MustCompile(`(?s)<head.*?</head>|<div style="display:none.*?</div>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
	blank  = regexp.MustCompile(`\s*\n\s*`)
)

// textOf returns what a reader sees of HTML, a line for each element.
func textOf(markup string) string {
	text := tags.ReplaceAllString(unseen.ReplaceAllString(markup, ""), "\n")
	return strings.TrimSpace(blank.ReplaceAllString(html.UnescapeString(text), "\n"))
}

// FindCode guesses which number in a mail's text is the code: 6 to 20 digits,
// preferably alone in a line. It returns them as they stand there, or "".
func FindCode(text string) string {
	if len(text) > 64<<10 {
		text = text[:64<<10]
	}
	for _, m := range codeLine.FindAllStringSubmatch(text, -1) {
		if n := digits(m[1]); n >= 6 && n <= 20 && !isDate.MatchString(m[1]) {
			return m[1]
		}
	}
	if m := boundCode.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	for _, run := range codeRun.FindAllString(text, -1) {
		if n := digits(run); n >= 6 && n <= 20 {
			return run
		}
	}
	return ""
}

func digits(s string) int {
	return len(s) - len(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s))
}
