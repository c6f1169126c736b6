package check

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// An element is one element of the page, with what it has come to look like.
type element struct {
	name       string
	attributes map[string]string
	parent     *element
	texts      []string // its own and its descendants'
	hidden     bool
}

func (e *element) content() string { return strings.Join(e.texts, "") }

// A run is a piece of visible text and the element it stands in.
type run struct {
	text string
	in   *element
}

type page struct {
	elements []*element
	runs     []run
	dark     map[string]map[string]string // class to declarations under dark mode; nil without dark mode
}

// text returns what a person sees.
func (p *page) text() string {
	var b strings.Builder
	for _, r := range p.runs {
		b.WriteString(r.text)
		if !inline(r.in.name) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func inline(name string) bool {
	return slices.Contains([]string{"a", "b", "bdi", "code", "em", "i", "span", "strong", "u", "wbr"}, name)
}

// read parses HTML as leniently as the standard library can.
func read(source string) (*page, error) {
	p := &page{}
	d := xml.NewDecoder(strings.NewReader(source))
	d.Strict = false
	d.AutoClose = append(slices.Clone(xml.HTMLAutoClose), "wbr", "WBR")
	d.Entity = xml.HTMLEntity
	var current *element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			current = p.open(t, current)
		case xml.EndElement:
			if current != nil {
				current = current.parent
			}
		case xml.CharData:
			p.write(string(t), current)
		}
	}
}

func (p *page) open(t xml.StartElement, parent *element) *element {
	e := &element{name: strings.ToLower(t.Name.Local), attributes: map[string]string{}, parent: parent}
	for _, a := range t.Attr {
		e.attributes[strings.ToLower(a.Name.Local)] = a.Value
	}
	e.hidden = parent != nil && parent.hidden || e.name == "head" ||
		declarations(e.attributes["style"])["display"] == "none"
	p.elements = append(p.elements, e)
	return e
}

func (p *page) write(text string, in *element) {
	if in == nil {
		return
	}
	if in.name == "style" {
		p.styles(text)
		return
	}
	if in.hidden {
		return
	}
	for e := in; e != nil; e = e.parent {
		e.texts = append(e.texts, text)
	}
	if strings.TrimSpace(text) != "" {
		p.runs = append(p.runs, run{text, in})
	}
}
