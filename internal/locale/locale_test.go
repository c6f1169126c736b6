package locale_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

func TestMatch(t *testing.T) {
	m, err := locale.NewMatcher(append([]string{"de"}, locale.Shipped()...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ wanted, want string }{
		{"de", "de"}, {"de_DE", "de"}, {"de-AT", "de"}, {"DE-ch", "de"}, {" de ", "de"},
		{"en", "en"}, {"en-GB", "en"}, {"en_US", "en"}, {"en-US-u-hc-h23", "en"},
		{"fr-CA", "fr"}, {"es-419", "es"}, {"es_MX", "es"},
		{"pt", "pt-BR"}, {"pt-BR", "pt-BR"}, {"pt_PT", "pt-BR"},
		{"it-CH", "it"}, {"nl-BE", "nl"}, {"pl-PL", "pl"}, {"tr-TR", "tr"}, {"ja-JP", "ja"},
		{"zh", "zh-Hans"}, {"zh-CN", "zh-Hans"}, {"zh_Hans_SG", "zh-Hans"},
		{"ar-EG", "ar"}, {"ar", "ar"}, {"arb", "ar"},
		// As POSIX and Java spell them.
		{"de-DE@posix", "de"}, {"de_DE@euro", "de"}, {"de.UTF-8", "de"}, {"zh_CN", "zh-Hans"}, {"zh_CN.UTF-8", "zh-Hans"},
		{"zh_CN.GB18030@stroke", "zh-Hans"}, {"fr_CA.ISO8859-1", "fr"}, {"pt_BR.utf8", "pt-BR"}, {"zh_CN_#Hans", "zh-Hans"},
		{"ar__#Arab", "ar"}, {"en_US_POSIX", "en"}, {"sr@latin", "de"}, {"C.UTF-8", "de"}, {"POSIX", "de"}, {"@euro", "de"},
		{".UTF-8", "de"}, {"_#Hans", "de"},
		// Simplified characters serve a reader of traditional ones better than another language
		// does.
		{"zh-TW", "zh-Hans"}, {"zh-Hant-HK", "zh-Hans"},
		// Languages that there are no texts for.
		{"sv", "de"}, {"xx", "de"}, {"und-FR", "de"},
		// Values that are no locale.
		{"", "de"}, {"und", "de"}, {"mul", "de"}, {"C", "de"}, {"root", "de"}, {"German", "de"}, {"🇩🇪", "de"},
		{"../../etc/passwd", "de"}, {"fr\r\nBcc: x@example.com", "de"}, {"<script>", "de"}, {"{{.Code}}", "de"},
		{"fr\x00", "de"}, {"\xff\xfe", "de"}, {strings.Repeat("fr-", 10_000), "de"}, {"fr-" + strings.Repeat("x", 100), "de"},
	} {
		if got := m.Match(test.wanted); got != test.want {
			t.Errorf("Match(%.40q) = %q, want %q", test.wanted, got, test.want)
		}
	}
}

func TestAScriptOfPOSIXOrJavaCounts(t *testing.T) {
	m, err := locale.NewMatcher("en", "sr-Cyrl", "sr-Latn", "uz-Latn", "uz-Cyrl", "zh-Hans", "zh-Hant")
	if err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]string{
		"sr_RS": "sr-Cyrl", "sr_RS@latin": "sr-Latn", "sr@Latin": "sr-Latn", "sr_RS.UTF-8@latin": "sr-Latn",
		"sr__#Latn": "sr-Latn",
		"uz_UZ":     "uz-Latn", "uz_UZ@cyrillic": "uz-Cyrl", "zh_HK": "zh-Hant", "zh_TW.Big5": "zh-Hant",
		"zh_HK_#Hans": "zh-Hans",
		"sr@euro":     "sr-Cyrl", "sr_RS@": "sr-Cyrl", "sr_RS_#": "sr-Cyrl",
	} {
		if got := m.Match(wanted); got != want {
			t.Errorf("Match(%q) = %q, want %q", wanted, got, want)
		}
	}
}

func TestEveryShippedLanguageMatchesItself(t *testing.T) {
	m, err := locale.NewMatcher(locale.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range locale.Shipped() {
		if got := m.Match(tag); got != tag {
			t.Errorf("Match(%q) = %q", tag, got)
		}
		if got, err := locale.Canonical(tag); err != nil || got != tag {
			t.Errorf("Canonical(%q) = %q, %v", tag, got, err)
		}
		if locale.Name(tag) == tag {
			t.Errorf("%s has no name", tag)
		}
	}
	if locale.Shipped()[0] != locale.Default {
		t.Errorf("the first language is %q", locale.Shipped()[0])
	}
}

func TestNewMatcherRefuses(t *testing.T) {
	for _, tags := range [][]string{nil, {"en", ""}, {"en", "und"}, {"not a tag"}} {
		if _, err := locale.NewMatcher(tags...); err == nil {
			t.Errorf("NewMatcher(%q) succeeds", tags)
		}
	}
}

func TestCanonical(t *testing.T) {
	for _, test := range []struct{ tag, want, err string }{
		{"de", "de", ""},
		{"PT_br", "pt-BR", ""},
		{"zh-hant", "zh-Hant", ""},
		{"sv-FI", "sv-FI", ""},
		{"iw", "he", ""},
		{"", "", "is no language tag"},
		{"und", "", "no language named"},
		{"german", "", "is no language tag"},
		{"de_DE.UTF-8", "", "is no language tag"},
		{"sr@latin", "", "is no language tag"},
		{"de-u-co-phonebk", "", "carries an extension"},
		{strings.Repeat("x", 1000), "", "longer than 64 bytes"},
	} {
		got, err := locale.Canonical(test.tag)
		if got != test.want || test.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("Canonical(%.40q) = %q, %v; want %q, %q", test.tag, got, err, test.want, test.err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("Canonical(%.40q): the error has %d bytes", test.tag, len(err.Error()))
		}
	}
}

func TestDirectionOf(t *testing.T) {
	for tag, want := range map[string]locale.Direction{
		"en": locale.LTR, "ja": locale.LTR, "zh-Hans": locale.LTR, "uz": locale.LTR, "garbage!": locale.LTR, "": locale.LTR,
		"ar": locale.RTL, "ar-EG": locale.RTL, "he": locale.RTL, "fa": locale.RTL, "ur": locale.RTL, "uz-Arab": locale.RTL,
		"dv": locale.RTL,
	} {
		if got := locale.DirectionOf(tag); got != want {
			t.Errorf("DirectionOf(%q) = %q, want %q", tag, got, want)
		}
	}
}

func TestTimeOfDay(t *testing.T) {
	morning := time.Date(2026, 11, 21, 7, 5, 59, 0, time.UTC)
	evening := time.Date(2026, 11, 21, 19, 5, 0, 0, time.UTC)
	midnight := time.Date(2026, 11, 21, 0, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		at          time.Time
		tag, wanted string
		want        string
	}{
		{morning, "en", "en", "7:05 AM"}, {evening, "en", "en-US", "7:05 PM"}, {midnight, "en", "", "12:30 AM"},
		{evening, "en", "en-GB", "19:05"}, {evening, "en", "en_IE", "19:05"}, {evening, "en", "en_GB.UTF-8", "19:05"},
		{morning, "de", "de", "07:05 Uhr"}, {evening, "de", "de_AT", "19:05 Uhr"},
		{evening, "fr", "fr", "19:05"}, {evening, "fr", "fr-CA", "19 h 05"},
		{evening, "es", "es-ES", "19:05"}, {evening, "es", "es-US", "7:05 p.\u00a0m."},
		{morning, "pt-BR", "pt", "07:05"}, {evening, "it", "it", "19:05"}, {evening, "nl", "nl", "19:05"},
		{evening, "pl", "pl", "19:05"}, {evening, "tr", "tr", "19:05"}, {morning, "ja", "ja", "07:05"},
		{evening, "zh-Hans", "zh", "19:05"},
		{morning, "ar", "ar", "7:05 ص"}, {evening, "ar", "ar-EG", "7:05 م"}, {evening, "ar", "ar-MA", "19:05"},
		{evening, "ko", "ko", "오후 7:05"},
		// The region of another language's locale does not count.
		{evening, "en", "de-AT", "7:05 PM"}, {evening, "en", "garbage\n", "7:05 PM"}, {evening, "xx", "xx", "19:05"},
	} {
		if got := locale.TimeOfDay(test.at, test.tag, test.wanted); got != test.want {
			t.Errorf("TimeOfDay(%s, %q, %q) = %q, want %q", test.at.Format("15:04"), test.tag, test.wanted, got, test.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	m, err := locale.NewMatcher(locale.Shipped()...)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"de_DE", "zh-Hant-TW-u-ca-roc", "x-private", "i-klingon", "art-lojban", "en-GB-oed",
		"\xff", strings.Repeat("a-", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := m.Match(s); !slices.Contains(locale.Shipped(), got) {
			t.Errorf("Match(%q) = %q, which isn't a language given", s, got)
		}
		if tag, err := locale.Canonical(s); err == nil {
			if again, err := locale.Canonical(tag); err != nil || again != tag {
				t.Errorf("Canonical(%q) = %q, whose own is %q, %v", s, tag, again, err)
			}
		}
		locale.DirectionOf(s)
		locale.PluralOf(s, 3)
		if out := locale.TimeOfDay(time.Unix(0, 0).UTC(), "en", s); !utf8.ValidString(out) || len(out) > 20 {
			t.Errorf("TimeOfDay in %q = %q", s, out)
		}
	})
}

func ExampleMatcher_Match() {
	m, err := locale.NewMatcher("en", "pt-BR", "zh-Hans")
	if err != nil {
		panic(err)
	}
	for _, wanted := range []string{"pt_PT", "zh-SG", "sv", "not a locale"} {
		fmt.Println(m.Match(wanted))
	}
	// Output:
	// pt-BR
	// zh-Hans
	// en
	// en
}
