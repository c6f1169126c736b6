package locale

// Name returns what speakers of the language tag call it: its tag, if the language isn't one of
// [Shipped].
func Name(tag string) string {
	switch tag {
	case "en":
		return "English"
	case "de":
		return "Deutsch"
	case "fr":
		return "Français"
	case "es":
		return "Español"
	case "pt-BR":
		return "Português (Brasil)"
	case "it":
		return "Italiano"
	case "nl":
		return "Nederlands"
	case "pl":
		return "Polski"
	case "tr":
		return "Türkçe"
	case "ja":
		return "日本語"
	case "zh-Hans":
		return "简体中文"
	case "ar":
		return "العربية"
	}
	return tag
}
