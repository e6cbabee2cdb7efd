package main

import (
	"fmt"
	"html"
	"strings"
)

// series is one line of a chart.
type series struct {
	name   string
	points [][2]float64 // second and value
}

// panel is one set of axes.
type panel struct {
	title, unit string
	lines       []series
}

var colours = []string{"#1b6ca8", "#c8553d", "#3a7d44", "#8e5ea2", "#b8860b", "#444444", "#008080"}

// The size of a panel in pixels.
const (
	width, height = 760, 170
	left, top     = 70, 30
)

// chart draws panels one below the other as SVG. Each has its own range of values, all have
// the same time. kills are moments marked in all of them.
func chart(panels []panel, seconds float64, kills []float64) string {
	var b strings.Builder
	total := len(panels) * (height + 60)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", left+width+130, total)
	fmt.Fprintln(&b, `<rect width="100%" height="100%" fill="white"/>`)
	for i, p := range panels {
		p.draw(&b, float64(i*(height+60)+top), seconds, kills)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *panel) draw(b *strings.Builder, y, seconds float64, kills []float64) {
	most := 1.0
	for _, l := range p.lines {
		for _, at := range l.points {
			most = max(most, at[1])
		}
	}
	x := func(second float64) float64 { return left + width*second/max(seconds, 1) }
	fmt.Fprintf(b, `<text x="%d" y="%.0f" font-weight="bold">%s</text>`+"\n", left, y-8, html.EscapeString(p.title))
	for i := range 5 {
		value := most * float64(i) / 4
		at := y + height - height*float64(i)/4
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.4g %s</text>`+"\n",
			left, at, left+width, left-6, at+4, value, p.unit)
	}
	for i := range 7 {
		second := seconds * float64(i) / 6
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f s</text>`+"\n", x(second), y+height+16, second)
	}
	for _, second := range kills {
		fmt.Fprintf(b, `<path d="M%.1f %.1fv5" stroke="#c00"/>`, x(second), y+height)
	}
	for i, l := range p.lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(b, "\n"+`<path fill="none" stroke="%s" d="`, colour)
		for n, at := range l.points {
			fmt.Fprintf(b, "%c%.1f %.1f", "ML"[min(n, 1)], x(at[0]), y+height-height*at[1]/most)
		}
		fmt.Fprintf(b, `"/><text x="%d" y="%.1f" fill="%s">%s</text>`+"\n", left+width+8, y+12+14*float64(i), colour, html.EscapeString(l.name))
	}
}
