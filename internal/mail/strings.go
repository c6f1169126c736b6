package mail

// Strings are the texts of one language. In each, the words in braces are replaced by values:
// {product} by the product's name, {support} by the support address, {minutes} by the whole minutes
// that the code is still valid, {time} and {zone} by the time of the request and its time zone,
// {code} by the code, {fallback} by the longer code beside it. An empty string falls back to the
// built-in one, at last to English.
//
// They are plain text: markup in them is shown as it is written.
type Strings struct {
	// Subject is the subject. {product}
	Subject string `json:"subject,omitempty"`
	// SubjectWithCode is the subject under Config.CodeInSubject. {product} {code}
	SubjectWithCode string `json:"subjectWithCode,omitempty"`
	// Heading is the title of the mail. {product}
	Heading string `json:"heading,omitempty"`
	// Intro is the instruction before the code. {product}
	Intro string `json:"intro,omitempty"`
	// Expires is the sentence about the code's validity, by the plural category that the minutes
	// have in the language (CLDR's: "zero", "one", "two", "few", "many", "other"). "other" replaces
	// a missing one. {minutes}
	Expires map[string]string `json:"expires,omitempty"`
	// ExpiresSoon is Expires for less than a minute.
	ExpiresSoon string `json:"expiresSoon,omitempty"`
	// LongCode is the reason why the code is longer than usual. {product}
	LongCode string `json:"longCode,omitempty"`
	// FallbackCode is what stands in place of LongCode in a mail that has a longer code beside the
	// usual one. {fallback} {product}
	FallbackCode string `json:"fallbackCode,omitempty"`
	// Requested is the sentence about the time of the request. {time} {zone}
	Requested string `json:"requested,omitempty"`
	// Secret is the advice never to tell the code. {product}
	Secret string `json:"secret,omitempty"`
	// NotYouTitle is the heading of the advice for a user who did not request the code. {product}
	NotYouTitle string `json:"notYouTitle,omitempty"`
	// NotYou is that advice without a password, NotYouPassword the one after a proven password.
	// {product}
	NotYou         string `json:"notYou,omitempty"`
	NotYouPassword string `json:"notYouPassword,omitempty"`
	// Support names the support address; left out without one. {support} {product}
	Support string `json:"support,omitempty"`
	// Footer is the reason for this mail. {product}
	Footer string `json:"footer,omitempty"`
	// Cognito are the texts of the mails that Cognito itself sends.
	Cognito CognitoStrings `json:"cognito,omitzero"`
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
		{"fallbackCode", func(s *Strings) *string { return &s.FallbackCode }, []string{"fallback", "product"}},
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
