package webbundle

import (
	"crypto/sha256"
	"encoding/base32"
	"path"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
)

// brandFiles returns the files of a look, and the names that index.html has for them.
func brandFiles(look brand.Look) (files []File, names map[string]string) {
	names = map[string]string{"Icon": "assets/icon.svg", "BrandStyle": "", "Logo": "", "DarkLogo": ""}
	add := func(as, base, extension string, body []byte) {
		if len(body) == 0 {
			return
		}
		sum := sha256.Sum256(body)
		name := "assets/" + base + "-" + base32.StdEncoding.EncodeToString(sum[:5]) + extension
		files = append(files, File{Name: name, ContentType: contentTypes[path.Ext(name)], Body: body, Immutable: true})
		names[as] = name
	}
	add("BrandStyle", "brand", ".css", []byte(look.Style))
	add("Logo", "logo", look.Logo.Extension, look.Logo.Body)
	add("DarkLogo", "dark-logo", look.DarkLogo.Extension, look.DarkLogo.Body)
	if names["Logo"] != "" {
		names["Icon"] = names["Logo"]
	}
	return files, names
}
