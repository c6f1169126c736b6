package webbundle_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// catalog reads a language's strings as one map of dotted keys; plural forms are named by category.
func catalog(t *testing.T, tag string) map[string]string {
	t.Helper()
	data, err := fs.ReadFile(web.Sources(), "src/strings/"+tag+".json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	flat := map[string]string{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for key, value := range tree {
			switch v := value.(type) {
			case string:
				flat[prefix+key] = v
			case map[string]any:
				walk(prefix+key+".", v)
			default:
				t.Errorf("%s: %s%s is neither a text nor an object", tag, prefix, key)
			}
		}
	}
	walk("", tree)
	return flat
}

var (
	placeholder = regexp.MustCompile(`\{\w+\}`)
	plural      = regexp.MustCompile(`^(wrongCode|rememberDevice)\.(\w+)$`)
)

// placeholders lists what a text is filled with, sorted.
func placeholders(text string) string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

func TestThePageHasTheLanguagesOfTheMails(t *testing.T) {
	files, err := fs.Glob(web.Sources(), "src/strings/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(path.Base(f), ".json"))
	}
	want := slices.Sorted(slices.Values(locale.Shipped()))
	if slices.Sort(have); !slices.Equal(have, want) {
		t.Errorf("catalogues %v, want those of the mails, %v", have, want)
	}
	source, err := fs.ReadFile(web.Sources(), "src/words.ts")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range want {
		if entry := regexp.MustCompile(`(?m)^  '?` + tag + `'?: \{ name: '.+', load: `); !entry.Match(source) {
			t.Errorf("words.ts has no entry for %s, so that no user can choose it", tag)
		}
		rtl := regexp.MustCompile(`(?m)^const rtl = new Set\(\[.*'` + tag + `'.*\]\)`).Match(source)
		if want := locale.DirectionOf(tag) == locale.RTL; rtl != want {
			t.Errorf("words.ts has %s right to left: %t, want %t", tag, rtl, want)
		}
	}
}

func TestEveryCatalogueHasEverySentence(t *testing.T) {
	english := catalog(t, locale.Default)
	for _, tag := range locale.Shipped() {
		words := catalog(t, tag)
		categories := map[string]bool{"other": true}
		for _, c := range locale.Plurals(tag) {
			categories[string(c)] = true
		}
		for c := range categories {
			for _, counted := range []string{"wrongCode.", "rememberDevice."} {
				if words[counted+c] == "" {
					t.Errorf("%s: %s lacks the form %q", tag, counted, c)
				}
			}
		}
		for key, text := range words {
			if text == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is empty or has space around it", tag, key)
			}
			if m := plural.FindStringSubmatch(key); m != nil {
				// The languages of Europe have "many" for millions.
				if !categories[m[2]] && m[2] != "many" {
					t.Errorf("%s: %s is a form that the language doesn't have", tag, key)
				}
				continue
			}
			if want, ok := english[key]; !ok {
				t.Errorf("%s: %s is not a key of English", tag, key)
			} else if got := placeholders(text); got != placeholders(want) {
				t.Errorf("%s: %s has the placeholders %q, want %q", tag, key, got, placeholders(want))
			}
		}
		for key := range maps.Keys(english) {
			if _, ok := words[key]; !ok && !plural.MatchString(key) {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
	}
}

func TestEveryTextButNamesIsTranslated(t *testing.T) {
	english := catalog(t, locale.Default)
	for _, tag := range locale.Shipped()[1:] {
		var same []string
		for key, text := range catalog(t, tag) {
			// "Password" is an Italian word, too.
			if text == english[key] && !slices.Contains([]string{"it password"}, fmt.Sprint(tag, " ", key)) {
				same = append(same, key)
			}
		}
		if len(same) > 0 {
			t.Errorf("%s has these in English: %v", tag, slices.Sorted(slices.Values(same)))
		}
	}
}

func TestThePageHasASentenceForEveryRefusal(t *testing.T) {
	english := catalog(t, locale.Default)
	for _, id := range contract.RefusalIDs() {
		key := "problems." + id
		if id == contract.RefusalSignInAgain {
			key = "notices.password-changed"
		}
		if english[key] == "" {
			t.Errorf("the page has no words for the refusal %q", id)
		}
	}
}
