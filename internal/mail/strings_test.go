package mail_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

func catalog(t *testing.T, tag string) mail.Strings {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("catalog", tag+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var s mail.Strings
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	return s
}

func TestEveryLanguageHasEveryString(t *testing.T) {
	files, err := filepath.Glob("catalog/*.json")
	if err != nil || len(files) != len(locale.Shipped()) {
		t.Errorf("%d catalogues for %d languages (%v)", len(files), len(locale.Shipped()), err)
	}
	for _, tag := range locale.Shipped() {
		s := reflect.ValueOf(catalog(t, tag))
		for i := range s.NumField() {
			// Those of Cognito's mails have catalogues of their own.
			if name := s.Type().Field(i).Name; s.Field(i).IsZero() != (name == "Cognito") {
				t.Errorf("%s lacks %s", tag, s.Type().Field(i).Name)
			}
		}
	}
}

func TestEveryLanguageHasItsPlurals(t *testing.T) {
	for _, tag := range locale.Shipped() {
		s := catalog(t, tag)
		for _, p := range append(locale.Plurals(tag), locale.Other) {
			if s.Expires[string(p)] == "" {
				t.Errorf("%s lacks the plural %q", tag, p)
			}
		}
	}
}

// The number and every other value has to be in the translation wherever it is in English.
func TestTranslationsHaveTheSameValues(t *testing.T) {
	english := reflect.ValueOf(catalog(t, "en"))
	for _, tag := range locale.Shipped() {
		s := reflect.ValueOf(catalog(t, tag))
		for i := range s.NumField() {
			if s.Field(i).Kind() != reflect.String {
				continue
			}
			if got, want := placeholders(s.Field(i).String()),
				placeholders(english.Field(i).String()); !slices.Equal(got, want) {
				t.Errorf("%s: %s has the values %q, in English %q", tag, s.Type().Field(i).Name, got, want)
			}
		}
		for p, wording := range catalog(t, tag).Expires {
			if !strings.Contains(wording, "{minutes}") && tag != "ar" {
				t.Errorf("%s: expires.%s lacks {minutes}", tag, p)
			}
		}
	}
}

func placeholders(s string) (all []string) {
	for _, name := range []string{"{product}", "{support}", "{minutes}", "{time}", "{zone}", "{code}"} {
		if strings.Contains(s, name) {
			all = append(all, name)
		}
	}
	return all
}

func TestPunctuationIsTheLanguagesOwn(t *testing.T) {
	forEach := func(tag string, check func(key, s string)) {
		data, err := json.Marshal(catalog(t, tag))
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for key, v := range all {
			if s, ok := v.(string); ok {
				check(key, s)
			}
		}
	}
	for _, tag := range []string{"ja", "zh-Hans"} {
		forEach(tag, func(key, s string) {
			if i := strings.IndexAny(s, ",;:?!()"); i >= 0 {
				t.Errorf("%s: %s has the half-width %q", tag, key, s[i])
			}
		})
	}
	forEach("fr", func(key, s string) {
		for i, r := range s {
			before := []rune(s[:i])
			if strings.ContainsRune("?!;", r) && before[len(before)-1] != '\u202f' {
				t.Errorf("fr: %s has no narrow no-break space before %q", key, r)
			}
			if r == ':' && before[len(before)-1] != '\u00a0' {
				t.Errorf("fr: %s has no no-break space before the colon", key)
			}
		}
	})
	forEach("ar", func(key, s string) {
		if strings.ContainsAny(s, "?,;") {
			t.Errorf("ar: %s has Latin punctuation: %s", key, s)
		}
	})
	for _, tag := range locale.Shipped() {
		forEach(tag, func(key, s string) {
			if strings.Contains(s, "  ") || strings.Contains(s, "'") || strings.Contains(s, "!") || strings.TrimSpace(s) != s {
				t.Errorf("%s: %s has a double space, a straight apostrophe, an exclamation mark or a space at an end: %q",
					tag, key, s)
			}
		})
	}
}
