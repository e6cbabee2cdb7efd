package report

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
)

// Theme is the colours of a chart.
type Theme struct {
	text, muted, grid string
	subject           string
	peers             []string // in the order of the engines, repeated if too few
}

// The themes for pages with a light and with a dark background. Neither paints the
// background.
var (
	Light = Theme{"#1f2328", "#59636e", "#d1d9e0", "#0969da", []string{"#8c959f", "#bf8700", "#1a7f37", "#8250df", "#bc4c00"}}
	Dark  = Theme{"#f0f6fc", "#9198a1", "#3d444d", "#4493f8", []string{"#848d97", "#d29922", "#3fb950", "#ab7df8", "#db6d28"}}
)

const (
	chartWidth = 860.0
	plotLeft   = 210.0
	plotRight  = chartWidth - 90 // space for the numbers after the bars
	barHeight  = 11.0
	barGap     = 2.0
	rowGap     = 12.0
	panelHead  = 40.0
	legendHead = 30.0
)

// WriteChart writes the rows with a chart name as bars on log scales: one panel for each
// table and unit, in order.
func (r *Report) WriteChart(w io.Writer, theme Theme) error {
	c := chart{report: r, theme: theme, y: legendHead}
	for i := range r.Tables {
		c.table(&r.Tables[i])
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="system-ui, sans-serif" font-size="12">`+"\n",
		chartWidth, c.y+8, chartWidth, c.y+8)
	fmt.Fprintf(b, "<title>%s</title>\n", html.EscapeString(r.Title))
	c.legend(b)
	b.Write(c.body)
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

type chart struct {
	report *Report
	theme  Theme
	y      float64 // top of the next panel
	body   []byte
}

func (c *chart) colour(engine string) string {
	peer := 0
	for _, e := range c.report.Engines {
		switch {
		case e == engine && e == c.report.Subject:
			return c.theme.subject
		case e == engine:
			return c.theme.peers[peer%len(c.theme.peers)]
		case e != c.report.Subject:
			peer++
		}
	}
	return c.theme.muted
}

func (c *chart) legend(w io.Writer) {
	x := plotLeft
	for _, e := range c.report.Engines {
		fmt.Fprintf(w, `<rect x="%.1f" y="8" width="11" height="11" fill="%s"/>`+"\n", x, c.colour(e))
		fmt.Fprintf(w, `<text x="%.1f" y="18" fill="%s">%s</text>`+"\n", x+16, c.theme.text, html.EscapeString(e))
		x += 40 + 7*float64(len(e))
	}
}

func (c *chart) table(t *Table) {
	var units []Unit
	rows := map[Unit][]*Row{}
	for i := range t.Rows {
		row := &t.Rows[i]
		if row.Chart == "" || len(row.Values) == 0 {
			continue
		}
		if rows[row.Unit] == nil {
			units = append(units, row.Unit)
		}
		rows[row.Unit] = append(rows[row.Unit], row)
	}
	for _, u := range units {
		c.panel(t.Title, u, rows[u])
	}
}

func (c *chart) printf(format string, args ...any) {
	c.body = fmt.Appendf(c.body, format+"\n", args...)
}

// panel draws rows of one unit over one scale.
func (c *chart) panel(title string, u Unit, rows []*Row) {
	low, high := math.Inf(1), 0.0
	for _, row := range rows {
		for _, v := range row.Values {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if high == 0 {
		return
	}
	// Whole powers of ten at both ends. The bars start at the lower one, which is as
	// arbitrary as any start of a log scale.
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if from == to {
		to++
	}
	x := func(v float64) float64 {
		return plotLeft + (math.Log10(max(v, low))-from)/(to-from)*(plotRight-plotLeft)
	}
	better := "less is better"
	if u.moreIsBetter() {
		better = "more is better"
	}
	c.printf(`<text x="8" y="%.1f" fill="%s" font-weight="600">%s</text>`, c.y+18, c.theme.text, html.EscapeString(title))
	c.printf(`<text x="%.1f" y="%.1f" fill="%s" text-anchor="end">log scale, %s</text>`, chartWidth-8, c.y+18, c.theme.muted, better)
	top := c.y + panelHead
	bottom := top
	for _, row := range rows {
		bottom += float64(c.bars(row))*(barHeight+barGap) + rowGap
	}
	for p := from; p <= to; p++ {
		at := x(math.Pow(10, p))
		if p == from {
			at = plotLeft
		}
		c.printf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`, at, top, at, bottom, c.theme.grid)
		c.printf(`<text x="%.1f" y="%.1f" fill="%s" text-anchor="middle" font-size="10">%s</text>`, at, top-5, c.theme.muted, tick(u, p))
	}
	y := top + rowGap/2
	for _, row := range rows {
		n := float64(c.bars(row))
		c.printf(`<text x="%.1f" y="%.1f" fill="%s" text-anchor="end">%s</text>`,
			plotLeft-10, y+n*(barHeight+barGap)/2+4, c.theme.text, html.EscapeString(row.Chart))
		for _, e := range c.report.Engines {
			v, found := row.Values[e]
			if !found {
				continue
			}
			c.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" fill="%s"><title>%s: %s</title></rect>`,
				plotLeft, y, max(x(v)-plotLeft, 1), barHeight, c.colour(e), html.EscapeString(e), u.Format(v))
			c.printf(`<text x="%.1f" y="%.1f" fill="%s" font-size="10">%s</text>`, max(x(v), plotLeft+1)+4, y+9, c.theme.muted, u.Format(v))
			y += barHeight + barGap
		}
		y += rowGap
	}
	c.y = bottom + 12
}

func (c *chart) bars(row *Row) (n int) {
	for _, e := range c.report.Engines {
		if _, found := row.Values[e]; found {
			n++
		}
	}
	return n
}

// tick formats a power of ten, shorter than Format does.
func tick(u Unit, power float64) string {
	v := math.Round(math.Pow(10, power))
	if u == Nanoseconds {
		for _, s := range []struct {
			ns   float64
			name string
		}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
			if v >= s.ns {
				return fmt.Sprintf("%.0f %s", v/s.ns, s.name)
			}
		}
	}
	return u.Format(v)
}
