package mail

import (
	"fmt"
	"math"
	"strconv"
)

// MinContrast is the contrast that WCAG 2.2 demands of text at level AA (success criterion 1.4.3).
const MinContrast = 4.5

// The backgrounds that the accent colour stands on in the built-in layout.
const (
	background     = "#ffffff"
	darkBackground = "#1b1e23"
)

// rgb is a colour, each part from 0 to 255.
type rgb [3]uint8

// parseColor reads #rgb or #rrggbb.
func parseColor(s string) (rgb, error) {
	digits := s
	if len(s) == 4 && s[0] == '#' {
		digits = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(digits) != 7 || digits[0] != '#' {
		return rgb{}, fmt.Errorf("%q is no colour; write it as #rrggbb, like %s", s, DefaultAccentColor)
	}
	n, err := strconv.ParseUint(digits[1:], 16, 24)
	if err != nil {
		return rgb{}, fmt.Errorf("%q is no colour; write it as #rrggbb, like %s", s, DefaultAccentColor)
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// Contrast returns the contrast ratio of two colours, written #rgb or #rrggbb: from 1 (equal) to 21
// (black on white), as WCAG 2.2 defines it.
func Contrast(a, b string) (float64, error) {
	first, err := parseColor(a)
	if err != nil {
		return 0, err
	}
	second, err := parseColor(b)
	if err != nil {
		return 0, err
	}
	return contrast(first, second), nil
}

func contrast(a, b rgb) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

// darkContrast is the accent colour's contrast on the dark background. It is above the minimum,
// since thin light letters on black are harder to read than the ratio suggests.
const darkContrast = 6

// mixed mixes c with white, of which 1 is white alone.
func mixed(c rgb, white float64) (lighter rgb) {
	for i, v := range c {
		lighter[i] = uint8(math.Round(float64(v) + (255-float64(v))*white))
	}
	return lighter
}

// lightened mixes c with white until it has [darkContrast] on the dark background. No one colour
// has [MinContrast] on white and on near-black.
func lightened(c rgb) rgb {
	on, _ := parseColor(darkBackground)
	for mix := 0.0; mix < 1; mix += 0.02 {
		lighter := mixed(c, mix)
		if contrast(lighter, on) >= darkContrast {
			return lighter
		}
	}
	return rgb{255, 255, 255}
}

// Dark returns the accent colour for dark backgrounds, derived from a valid one.
func Dark(color string) string {
	c, _ := parseColor(color)
	return lightened(c).String()
}

// Button returns the background for white letters in dark mode: the accent colour, lighter as far
// as white on it keeps [MinContrast], so that a dark one stands out from the page.
func Button(color string) string {
	c, _ := parseColor(color)
	card, _ := parseColor(darkBackground)
	const enough = 3 // WCAG 2.2, success criterion 1.4.11, of a button's edge
	best := c
	for mix := 0.02; contrast(best, card) < enough; mix += 0.02 {
		next := mixed(c, mix)
		if contrast(next, rgb{255, 255, 255}) < MinContrast {
			break
		}
		best = next
	}
	return best.String()
}
