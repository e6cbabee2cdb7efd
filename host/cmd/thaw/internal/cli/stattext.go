package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/host"
)

// rowsAtMost bounds the rows of one kind in the table for people; --json has all.
const rowsAtMost = 20

// table prints rows of a name and a value, which is escaped.
type table struct{ w *tabwriter.Writer }

func (t table) row(name, format string, args ...any) {
	fmt.Fprintf(t.w, "%s\t%s\n", name, escape.Text(fmt.Sprintf(format, args...)))
}

// rows prints a row for each item, with the name only on the first.
func rows[T any](t table, name string, items []T, text func(T) string) {
	for i, item := range items {
		if i == rowsAtMost {
			t.row("", "and %d more; --json lists them", len(items)-i)
			return
		}
		t.row(name, "%s", text(item))
		name = ""
	}
}

func (a *app) statTable(dir string, r *host.Report, l *host.Lineage, kinds []host.KindSummary) error {
	t := table{tabwriter.NewWriter(&a.out, 0, 8, 2, ' ', 0)}
	statRows(t, dir, r)
	lineageRows(t, l)
	rows(t, "kinds", kinds, func(k host.KindSummary) string {
		return a.names.text(k.Kind) + ": " + counted(k.Events, "event")
	})
	if r.Unclosed {
		for i, line := range unclosedText(r) {
			t.row([]string{"not closed", ""}[min(i, 1)], "%s", line)
		}
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	return a.out.line()
}

// unclosedText explains that a store was not closed properly, which events are intact, and
// what the next open does.
func unclosedText(r *host.Report) []string {
	there := "all complete appends are intact: " + counted(r.Events, "event")
	if len(r.Damages) > 0 {
		there = "the store is also damaged; readable: " + counted(r.Events, "event")
	}
	var off []string
	for _, u := range r.Unfinished {
		off = append(off, fmt.Sprintf("a batch in %s with only %s written", u.File, counted(u.Items, "event")))
	}
	if n := r.Torn; n != nil {
		off = append(off, counted(n.Length, "byte")+" of an incomplete append")
	}
	next := "the next open for writing repairs this"
	if len(off) > 0 {
		there += "; unfinished: " + strings.Join(off, ", and ")
		next += " and removes the unfinished part"
	}
	if len(r.Damages) > 0 {
		next += "; damage is not repaired"
	} else {
		next += "; no other action is needed"
	}
	return []string{"the store was not closed properly, unless a writer has it open now", there, next}
}

// statRows prints the rows of a report.
func statRows(t table, dir string, r *host.Report) {
	t.row("store", "%s", dir)
	t.row("opened from", "%s, in %v", wayText(r.OpenedFrom), r.Took.Round(time.Microsecond))
	t.row("events", "%d", r.Events)
	if r.Hidden > 0 || len(r.HiddenRanges) > 0 {
		t.row("hidden", "%s, by cancelled fences: %s", counted(r.Hidden, "event"), rangesText(r.HiddenRanges))
	}
	t.row("next sequence", "%d", r.NextSequence)
	t.row("segments", "%d", r.Segments)
	t.row("tail", "%s read from segments", counted(r.TailEvents, "event"))
	t.row("index", "%s, %s of memory", r.IndexOrigin, counted(uint64(max(r.IndexBytes, 0)), "byte"))
	if r.Parts > 0 {
		t.row("part files", "%d", r.Parts)
	}
	rows(t, "refused", r.Rejected, func(f *damage.Refusal) string {
		return strings.Replace(refusalText(f), " was refused", "", 1)
	})
	rows(t, "damage", r.Damages, damageText)
	rows(t, "unfinished", r.Unfinished, func(u host.Unfinished) string {
		return fmt.Sprintf("%s at byte %d: a batch with only %s written; it does not count",
			u.File, u.Offset, counted(u.Items, "event"))
	})
	if n := r.Torn; n != nil {
		what := ""
		if n.Named {
			what = " of event " + n.ID.String()
		}
		t.row("torn", "%s at byte %d: %s%s, from an unclean stop", n.File, n.Offset, counted(n.Length, "byte"), what)
	}
	rows(t, "gaps", r.Gaps, func(g host.Gap) string {
		if g.End == damage.UnknownEnd {
			return fmt.Sprintf("segment ids are missing before %s; events from sequence %d on may be missing", g.File, g.First)
		}
		return fmt.Sprintf("sequences %d to %d belong to no event (before %s)", g.First, g.End-1, g.File)
	})
	rows(t, "unsealed", r.Unsealed, func(u host.Unsealed) string {
		return fmt.Sprintf("%s ends without a footer at byte %d, before sequence %d", u.File, u.Offset, u.Next)
	})
	if r.DuplicateIDs {
		t.row("duplicate ids", "an event id occurs twice; a lookup by id finds the first")
	}
}

func rangesText(ranges host.Ranges) string {
	var b strings.Builder
	for i, r := range ranges {
		if i == rowsAtMost {
			fmt.Fprintf(&b, " and %d more", len(ranges)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "sequences %d to %d", r.Start, r.End-1)
	}
	return b.String()
}
