package storetest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// longLine is the length in bytes from which payloads are printed with a line for each
// field, so that a difference shows the field.
const longLine = 60

// difference returns the difference of two lists of events as text, "" if there is none.
// Coordinates are compared only if the wanted events have some.
func difference(want, got []line) string {
	var placed, long bool
	for _, l := range want {
		placed = placed || l.at != ""
	}
	for _, l := range append(append([]line(nil), want...), got...) {
		long = long || len(l.payload) > longLine
	}
	a, b := render(want, placed, long), render(got, placed, long)
	out, same := diff(a, b)
	if same {
		return ""
	}
	return "(-wanted +got)\n" + out
}

func render(events []line, placed, long bool) []string {
	var out []string
	for _, e := range events {
		text := e.name
		if placed {
			text += " of " + e.at
		}
		if !long {
			out = append(out, text+" "+e.payload)
			continue
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(e.payload), "", "  "); err != nil {
			indented.Reset()
			indented.WriteString(e.payload)
		}
		out = append(out, strings.Split(text+" "+indented.String(), "\n")...)
	}
	return out
}

// diff returns the lines of a and b, those of only one marked, by their longest common
// subsequence.
func diff(a, b []string) (text string, same bool) {
	common := make([][]int, len(a)+1) // of the lines from i and from j on
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	write := func(mark, l string) { out.WriteString(mark + l + "\n") }
	same = true
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			write("    ", a[i])
			i, j = i+1, j+1
			continue
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			write("  - ", a[i])
			i++
		default:
			write("  + ", b[j])
			j++
		}
		same = false
	}
	return out.String(), same
}
