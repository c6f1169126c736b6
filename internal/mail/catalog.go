package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

//go:embed catalog/*.json
var catalogs embed.FS

// builtin returns the strings that the package has for tag, and whether it has any.
func builtin(tag string) (Strings, bool, error) {
	var s Strings
	if !slices.Contains(locale.Shipped(), tag) {
		return s, false, nil
	}
	data, err := catalogs.ReadFile("catalog/" + tag + ".json")
	if err != nil {
		return s, false, fmt.Errorf("built-in language %s: %w", tag, err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, false, fmt.Errorf("built-in language %s: %w", tag, err)
	}
	return s, true, nil
}

// resolve returns the strings for tag with every gap filled: the importer's, then the built-in ones
// of the language, then the same for the tag's ancestors ("de" for "de-CH"), then English. It also
// returns the keys whose text is English for want of another.
func resolve(languages map[string]Strings, tag string) (s Strings, missing []string, err error) {
	for ancestor := tag; ancestor != "" && ancestor != locale.Default; ancestor = parent(ancestor) {
		if err := s.add(languages, ancestor); err != nil {
			return s, nil, err
		}
	}
	var english Strings
	if err := english.add(languages, locale.Default); err != nil {
		return s, nil, err
	}
	missing = s.merge(english)
	if tag == locale.Default {
		missing = nil
	}
	return s, missing, nil
}

// add merges the importer's strings for tag and then the built-in ones.
func (s *Strings) add(languages map[string]Strings, tag string) error {
	s.merge(languages[tag])
	own, ok, err := builtin(tag)
	if ok {
		s.merge(own)
	}
	return err
}

// parent drops the last subtag of tag.
func parent(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return ""
	}
	return tag[:i]
}

// tags returns the languages that there are strings for, the default one first.
func (c *Config) tags() []string {
	all := locale.Shipped()
	for tag := range c.Languages {
		if !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	slices.Sort(all)
	first := c.DefaultLocale
	if first == "" {
		first = locale.Default
	}
	i := slices.Index(all, first)
	if i < 0 {
		return all
	}
	return append([]string{first}, slices.Delete(all, i, i+1)...)
}
