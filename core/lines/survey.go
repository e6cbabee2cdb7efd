package lines

import (
	"github.com/thawlog/thaw/core/query"
)

// AppendMarks appends marks as one object and a newline: events, seqs (a list of sequences)
// and step.
func AppendMarks(dst []byte, m *query.Marks) []byte {
	dst = append(appendNumber(dst, `{"events":`, m.Events), `,"seqs":[`...)
	for i, sequence := range m.Sequences {
		dst = appendNumber(dst, comma(i), sequence)
	}
	return append(appendNumber(append(dst, ']'), `,"step":`, m.Step), '}', '\n')
}

// AppendTimeline appends a timeline as one object and a newline: buckets (those with events:
// at, end_seq, events, first_seq, kinds, an object of numbers of events by kind, and other, the
// number of those of other kinds, if any), events, first_ms and width_ms. Bucket at begins
// width_ms × at after first_ms.
func AppendTimeline(dst []byte, t *query.Timeline) []byte {
	dst = append(dst, `{"buckets":[`...)
	for i, b := range t.Buckets() {
		dst = appendNumber(append(dst, comma(i)...), `{"at":`, b.At)
		dst = appendNumber(dst, `,"end_seq":`, b.EndSequence)
		dst = appendNumber(dst, `,"events":`, b.Events)
		dst = appendNumber(dst, `,"first_seq":`, b.FirstSequence)
		dst = append(dst, `,"kinds":{`...)
		for i, k := range b.Kinds {
			dst = appendNumber(appendKind(append(dst, comma(i)...), k.Kind), ":", k.Events)
		}
		dst = append(dst, '}')
		if b.Other > 0 {
			dst = appendNumber(dst, `,"other":`, b.Other)
		}
		dst = append(dst, '}')
	}
	dst = appendNumber(dst, `],"events":`, t.Events())
	dst = appendNumber(dst, `,"first_ms":`, t.FirstMS())
	return append(appendNumber(dst, `,"width_ms":`, t.WidthMS()), '}', '\n')
}

// comma returns what separates item i of a list from the one before.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}
