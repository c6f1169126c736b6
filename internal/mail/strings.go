package mail

// Strings are the texts of one language. In each, the words in braces stand for values: {product} for
// the product's name, {support} for the support address, {minutes} for the whole minutes that the code
// is still valid, {time} and {zone} for when it was asked for and in which time zone, {code} for the code.
// An empty string falls back to the built-in one, at last to English.
//
// They are plain text: whatever looks like HTML is shown as it is written.
type Strings struct {
	// Subject is the subject. {product}
	Subject string `json:"subject,omitempty"`
	// SubjectWithCode is the subject under Config.CodeInSubject. {product} {code}
	SubjectWithCode string `json:"subjectWithCode,omitempty"`
	// Heading is the title of the mail. {product}
	Heading string `json:"heading,omitempty"`
	// Intro says what to do with the code, which follows it. {product}
	Intro string `json:"intro,omitempty"`
	// Expires says how long the code is valid, by the plural category that the minutes have in the language
	// (CLDR's: "zero", "one", "two", "few", "many", "other"); one that is missing is served by "other".
	// {minutes}
	Expires map[string]string `json:"expires,omitempty"`
	// ExpiresSoon is Expires for less than a minute.
	ExpiresSoon string `json:"expiresSoon,omitempty"`
	// LongCode says why the code is longer than usual.
	LongCode string `json:"longCode,omitempty"`
	// Requested says when the code was asked for. {time} {zone}
	Requested string `json:"requested,omitempty"`
	// Secret says that nobody will ask for the code. {product}
	Secret string `json:"secret,omitempty"`
	// NotYouTitle heads the advice for people who did not ask for the code.
	NotYouTitle string `json:"notYouTitle,omitempty"`
	// NotYou is that advice without a password, NotYouPassword the one after a proven password. {product}
	NotYou         string `json:"notYou,omitempty"`
	NotYouPassword string `json:"notYouPassword,omitempty"`
	// Support says where to turn to; left out without a support address. {support} {product}
	Support string `json:"support,omitempty"`
	// Footer says why this mail came. {product}
	Footer string `json:"footer,omitempty"`
}

// A text is one string of [Strings]: its name in JSON, where it lies, and the values it may hold.
type text struct {
	key    string
	of     func(*Strings) *string
	values []string
}

// texts lists the strings but for Expires, which is several.
func texts() []text {
	product := []string{"product"}
	return []text{
		{"subject", func(s *Strings) *string { return &s.Subject }, product},
		{"subjectWithCode", func(s *Strings) *string { return &s.SubjectWithCode }, []string{"code", "product"}},
		{"heading", func(s *Strings) *string { return &s.Heading }, product},
		{"intro", func(s *Strings) *string { return &s.Intro }, product},
		{"expiresSoon", func(s *Strings) *string { return &s.ExpiresSoon }, nil},
		{"longCode", func(s *Strings) *string { return &s.LongCode }, product},
		{"requested", func(s *Strings) *string { return &s.Requested }, []string{"time", "zone"}},
		{"secret", func(s *Strings) *string { return &s.Secret }, product},
		{"notYouTitle", func(s *Strings) *string { return &s.NotYouTitle }, product},
		{"notYou", func(s *Strings) *string { return &s.NotYou }, product},
		{"notYouPassword", func(s *Strings) *string { return &s.NotYouPassword }, product},
		{"support", func(s *Strings) *string { return &s.Support }, []string{"product", "support"}},
		{"footer", func(s *Strings) *string { return &s.Footer }, product},
	}
}

// merge fills what s leaves empty from fallback, and returns the keys that it filled.
func (s *Strings) merge(fallback Strings) (filled []string) {
	for _, t := range texts() {
		if to, from := t.of(s), *t.of(&fallback); *to == "" && from != "" {
			*to = from
			filled = append(filled, t.key)
		}
	}
	if len(s.Expires) == 0 && len(fallback.Expires) > 0 {
		s.Expires = fallback.Expires
		filled = append(filled, "expires")
	}
	return filled
}
