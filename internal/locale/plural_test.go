package locale_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

func TestPluralsOfMinutes(t *testing.T) {
	for tag, want := range map[string]string{ // by minutes, from 0 on
		"en":            "other one other other other other other other other",
		"de":            "other one other other other other other other other",
		"fr":            "one one other other other other other other other",
		"es":            "other one other other other other other other other",
		"pt-BR":         "one one other other other other other other other",
		"pt-PT":         "other one other other other other other other other",
		"it":            "other one other other other other other other other",
		"nl":            "other one other other other other other other other",
		"pl":            "many one few few few many many many many many many many many",
		"tr":            "other one other other other other other other other",
		"ja":            "other other other other other other other other other",
		"zh-Hans":       "other other other other other other other other other",
		"ar":            "zero one two few few few few few few few few many",
		"ar-EG":         "zero one two few few few few few few few few many",
		"ru":            "many one few few few many many many many many many many",
		"sr-Latn":       "other one few few few other other other other",
		"cs":            "other one few few few other other other other",
		"sl":            "other one two few few other other other other",
		"lt":            "other one few few few few few few few few other other",
		"lv":            "zero one other other other other other other other other zero zero",
		"ro":            "few one few few few few few few few",
		"he":            "other one two other other other other other other",
		"is":            "other one other other other other other other other",
		"ga":            "other one two few few few few many many many many other",
		"gd":            "other one two few few few few few few few few one two few",
		"cy":            "zero one two few other other many other other",
		"mt":            "few one few few few few few few few few few many",
		"fil":           "one one one one other one other one one other",
		"ko":            "other other other other other other other other other",
		"no such thing": "other one other other other other other other other",
		"":              "other one other other other other other other other",
	} {
		var got []string
		for n := range strings.Fields(want) {
			got = append(got, string(locale.PluralOf(tag, n)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", tag, strings.Join(got, " "), want)
		}
	}
	for n, want := range map[int]locale.Plural{12: locale.Many, 22: locale.Few, 100: locale.Many, 101: locale.Many} {
		if got := locale.PluralOf("pl", n); got != want {
			t.Errorf("%d in Polish is %s, want %s", n, got, want)
		}
	}
	if got := locale.PluralOf("ar", 100); got != locale.Other {
		t.Errorf("100 in Arabic is %s", got)
	}
}

func TestPluralsNamesEveryCategoryOfALanguage(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "one other", "fr": "one other", "pt": "one other", "pl": "one few many", "ja": "other", "zh-Hant": "other",
		"ar": "zero one two few many other", "ru": "one few many", "hr": "one few other", "cs": "one few other",
		"sl": "one two few other", "lt": "one few other", "lv": "zero one other", "ro": "one few other",
		"ga": "one two few many other", "gd": "one two few other", "cy": "zero one two few many other",
		"mt": "one few many other", "mk": "one other", "fil": "one other", "garbage!": "one other",
	} {
		if got := fmt.Sprint(locale.Plurals(tag)); got != "["+want+"]" {
			t.Errorf("%s has %s, want %s", tag, got, want)
		}
	}
}
