package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteMarkdown writes the report. Tables are padded, so that the source is readable.
func (r *Report) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# %s\n\n", r.Title)
	for _, f := range r.Facts {
		fmt.Fprintf(b, "- %s: %s\n", f.Name, f.Value)
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		fmt.Fprintf(b, "\n## %s\n\n", t.Title)
		if t.Note != "" {
			fmt.Fprintf(b, "%s\n\n", t.Note)
		}
		r.writeTable(b, t)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "\n%s\n", n)
	}
	return b.Flush()
}

// columns returns the table's own engines, or those of the report with a number in it.
func (r *Report) columns(t *Table) (engines []string) {
	if t.Engines != nil {
		return t.Engines
	}
	for _, e := range r.Engines {
		if slices.ContainsFunc(t.Rows, func(row Row) bool { _, found := row.Values[e]; return found }) {
			engines = append(engines, e)
		}
	}
	return engines
}

func (r *Report) writeTable(w io.Writer, t *Table) {
	engines := r.columns(t)
	peers := slices.DeleteFunc(slices.Clone(engines), func(e string) bool { return e == r.Subject || slices.Contains(r.Aside, e) })
	against := len(peers) > 0 && slices.Contains(engines, r.Subject)
	header := append([]string{""}, engines...)
	if against {
		header = append(header, r.Subject+" to best peer")
	}
	lines := [][]string{header}
	for i := range t.Rows {
		row := &t.Rows[i]
		line := []string{row.Name}
		for _, e := range engines {
			cell := "–"
			if v, found := row.Values[e]; found {
				cell = row.Unit.Format(v)
			}
			line = append(line, cell)
		}
		if against {
			line = append(line, row.comparison(r.Subject, peers))
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(header))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	for i, line := range lines {
		for j, cell := range line {
			space := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			if j == 0 {
				fmt.Fprintf(w, "| %s%s ", cell, space)
			} else {
				fmt.Fprintf(w, "| %s%s ", space, cell)
			}
		}
		fmt.Fprintln(w, "|")
		if i > 0 {
			continue
		}
		for j, width := range widths {
			if j == 0 {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width+2))
			} else {
				fmt.Fprintf(w, "|%s:", strings.Repeat("-", width+1))
			}
		}
		fmt.Fprintln(w, "|")
	}
}

// comparison returns the last cell: the subject's ratio to the best of its peers, and the
// name of that one.
func (r *Row) comparison(subject string, peers []string) string {
	ratio := r.ratio(subject, peers)
	if ratio == 0 {
		return "–"
	}
	peer, _ := r.best(peers)
	text := brief(ratio) + " ×"
	if ratio >= 1.05 {
		text += map[bool]string{true: " smaller", false: " faster"}[r.Unit == Bytes]
	}
	return text + " (" + peer + ")"
}

// brief formats a ratio with two digits, one if it is small: more would not be reliable.
func brief(v float64) string {
	switch {
	case v < 0.095:
		return strconv.FormatFloat(v, 'g', 1, 64)
	case v < 9.95:
		return fmt.Sprintf("%.1f", v)
	default:
		return Grouped(int64(v + 0.5))
	}
}
