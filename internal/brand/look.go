package brand

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// A Look is what the page's files need of a brand. The zero value is the look that ships.
type Look struct {
	// Style is a style sheet that overrides the page's variables; empty for none.
	Style string
	// Logo and DarkLogo are the logos; empty ones have no extension.
	Logo, DarkLogo Image
}

// An Image is a checked picture.
type Image struct {
	// Extension is ".png", ".jpg", ".webp" or ".svg", by the content.
	Extension string
	Body      []byte
}

// Look reads the logos from the directory dir and derives the colours. Its errors begin with the
// field's name.
func (b Brand) Look(dir string) (Look, error) {
	var l Look
	var errs [2]error
	l.Logo, errs[0] = readLogo(dir, "Logo", b.Logo)
	l.DarkLogo, errs[1] = readLogo(dir, "DarkLogo", b.DarkLogo)
	if err := errors.Join(errs[:]...); err != nil {
		return Look{}, err
	}
	var style strings.Builder
	if b.AccentColor != "" {
		dark, button := mail.Dark(b.AccentColor), mail.Button(b.AccentColor)
		fmt.Fprintf(&style, "--accent:light-dark(%s,%s);--ring:light-dark(%[1]s,%[2]s);--button:light-dark(%[1]s,%[3]s);",
			b.AccentColor, dark, button)
		style.WriteString("--button-strong:color-mix(in srgb,var(--button) 82%,#000);" +
			"--glow:color-mix(in srgb,var(--accent) 16%,var(--page));--note-back:color-mix(in srgb,var(--accent) " +
			"9%,var(--card));")
	}
	if b.CornerRadius != nil {
		fmt.Fprintf(&style, "--round:%dpx;", *b.CornerRadius)
	}
	if len(b.FontFamilies) > 0 {
		fmt.Fprintf(&style, "--font:\"%s\",system-ui,sans-serif;", strings.Join(b.FontFamilies, `","`))
	}
	if style.Len() > 0 {
		l.Style = ":root{" + style.String() + "}\n"
	}
	return l, nil
}

func readLogo(dir, field, name string) (Image, error) {
	if name == "" {
		return Image{}, nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	info, err := os.Stat(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return Image{}, fmt.Errorf("%s must name a file (received: %q: %w)", field, name, err)
	}
	if !info.Mode().IsRegular() || info.Size() > MaxLogoBytes {
		return Image{}, fmt.Errorf("%s must be a file of at most %d bytes (received: %q of %d bytes)", field, MaxLogoBytes,
			name, info.Size())
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", field, err)
	}
	extension, err := imageType(body)
	if err != nil {
		return Image{}, fmt.Errorf("%s %q %w", field, name, err)
	}
	return Image{Extension: extension, Body: body}, nil
}

// imageType returns the extension of a picture by its content.
func imageType(body []byte) (string, error) {
	switch {
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return ".png", nil
	case bytes.HasPrefix(body, []byte("\xff\xd8\xff")):
		return ".jpg", nil
	case len(body) > 12 && bytes.HasPrefix(body, []byte("RIFF")) && string(body[8:12]) == "WEBP":
		return ".webp", nil
	}
	return ".svg", checkSVG(body)
}

// checkSVG refuses what a logo has no use for. A picture in an img element runs no script, and the
// page's policy allows none; a file that is opened by itself must not either.
func checkSVG(body []byte) error {
	errNoImage := errors.New("must be a PNG, JPEG, WebP or SVG picture")
	d := xml.NewDecoder(bytes.NewReader(body))
	for depth := 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0 && d.InputOffset() > 0 && bytes.Contains(body, []byte("<svg")):
			return nil
		case err != nil:
			return errNoImage
		}
		switch t := token.(type) {
		case xml.EndElement:
			depth--
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				return errors.New("must have no entities; save it as a plain SVG")
			}
			if !bytes.HasPrefix(bytes.ToLower(t), []byte("doctype svg")) {
				return errNoImage
			}
		case xml.StartElement:
			name := strings.ToLower(t.Name.Local)
			if depth == 0 && name != "svg" {
				return errNoImage
			}
			depth++
			if name == "script" || name == "foreignobject" {
				return fmt.Errorf("must have no <%s>; save it as a plain SVG", t.Name.Local)
			}
			for _, a := range t.Attr {
				key, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
				if strings.HasPrefix(key, "on") || key == "href" && !strings.HasPrefix(value, "#") {
					return fmt.Errorf("must have no attribute %s=%q; save it as a plain SVG", a.Name.Local, a.Value)
				}
			}
		}
	}
}
