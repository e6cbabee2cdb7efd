package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/damage"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// namedAtMost bounds the events that a line for people names.
const namedAtMost = 5

// meanings explains the reasons for people.
var meanings = map[damage.Reason]string{
	damage.Unreadable:              "it could not be read",
	damage.Short:                   "it is shorter than its header",
	damage.Magic:                   "its first bytes are not those of the format",
	damage.Version:                 "its version is unknown to thaw",
	damage.Checksum:                "the checksum does not match the bytes",
	damage.NotRegular:              "it is a directory, link or device, not a file",
	damage.Overflow:                "its lengths add up to more than a file can hold",
	damage.Length:                  "its lengths do not add up to the file's",
	damage.WatermarkSegmentMissing: "the segment in which it ends is missing",
	damage.WatermarkPastEnd:        "it covers more of a segment than exists",
	damage.WatermarkPosition:       "it does not end between two events",
	damage.Body:                    "its body does not follow the format",
	damage.Strings:                 "its table of names is invalid",
	damage.StringCount:             "its number of names is wrong",
	damage.EntityIndex:             "a record's entity is not among the names",
	damage.ScopeIndex:              "a record's scope is not among the names",
	damage.Coordinate:              "a record has no valid entity and scope",
	damage.Order:                   "its records are not in order",
	damage.Allocator:               "its next sequence is not above every record's",
	damage.Kind:                    "a record has the kind of a batch marker",
	damage.Position:                "a record's position cannot hold an event",
	damage.Disagrees:               "it contradicts the segment",
	damage.Incomplete:              "it leaves out events that the segments hold",
	damage.Records:                 "it has more records than can be numbered",
	damage.Header:                  "its header does not follow the format",
	damage.SegmentID:               "its name belongs to another segment",
	damage.Effort:                  "too many bytes look like events but are not, so the rest was not read",
	damage.Frame:                   "bytes in the middle are not an event",
	damage.FrameBody:               "the checksum matches but the content is not an event",
	damage.FrameLength:             "only the length of the event is wrong",
	damage.Torn:                    "it is truncated before the end of the log",
	damage.Batch:                   "a batch is incomplete, so none of it is shown",
	damage.Lost:                    "an index lists events that no segment holds",
	damage.Shortened:               "it is shorter than it once was",
	damage.SegmentMissing:          "the file does not exist",
	damage.Footer:                  "the footer contradicts the segment",
	damage.PayloadHash:             "the payload does not match its hash",
	damage.Chain:                   "it does not continue the entity's previous event",
	damage.SequenceGap:             "sequences are missing",
	damage.Ranges:                  "a range is empty, unsorted or overlaps another",
	damage.Renumbered:              "batpak assigned sequences twice, so a range can mean two events",
	damage.Lineage:                 "its origin or a removal is impossible",
	damage.Stale:                   "it does not belong to the current index",
	damage.Segments:                "the segments have changed since it was written",
	damage.Lookups:                 "a lookup misses an event",
}

func reasonText(r damage.Reason) string {
	if m := meanings[r]; m != "" {
		return string(r) + " (" + m + ")"
	}
	return string(r)
}

// damageText returns one line for people, without the program's name.
func damageText(d *damage.Damage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is damaged at byte %d", d.File, d.Offset)
	if d.Length > 0 {
		fmt.Fprintf(&b, ", %s", counted(d.Length, "byte"))
	}
	fmt.Fprintf(&b, ": %s", reasonText(d.Reason))
	if c := jsonl.Cause(d.Err); c != "" {
		fmt.Fprintf(&b, ": %s", c)
	}
	for i, e := range d.Events {
		if i == namedAtMost {
			break
		}
		b.WriteString([]string{"; affects event ", ", "}[min(i, 1)])
		b.WriteString(touchedText(e))
	}
	if more := uint64(max(len(d.Events)-namedAtMost, 0)) + d.Unnamed; more > 0 {
		fmt.Fprintf(&b, "; and %s more", counted(more, "event"))
	}
	fate := "may be lost"
	if d.Reason == damage.Renumbered {
		fate = "may be hidden without being cancelled"
	}
	switch {
	case d.EndSequence == damage.UnknownEnd:
		fmt.Fprintf(&b, "; events from sequence %d on %s", d.FirstSequence, fate)
	case d.EndSequence == d.FirstSequence+1:
		fmt.Fprintf(&b, "; sequence %d %s", d.FirstSequence, fate)
	case d.EndSequence > d.FirstSequence:
		fmt.Fprintf(&b, "; sequences %d to %d %s", d.FirstSequence, d.EndSequence-1, fate)
	}
	return b.String()
}

func touchedText(t damage.Touched) string {
	if !t.Numbered {
		return t.ID.String()
	}
	return fmt.Sprintf("%s (seq %d)", t.ID, t.Sequence)
}

// refusalText returns one line for people: the refused file and the reason.
func refusalText(r *damage.Refusal) string {
	s := r.File + " was refused: " + reasonText(r.Reason)
	if isSegment(r.File) {
		s = "the footer of " + s
	}
	if r.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", r.Offset)
	}
	var unread *source.ReadError
	switch {
	case errors.As(r.Err, &unread):
		s += ": " + unread.Err.Error()
	case r.Err != nil:
		s += ": " + r.Err.Error()
	}
	return s
}

// counted returns a number and a noun.
func counted[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == "batch" {
		noun = "batche"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// isSegment reports whether a name is a segment's.
func isSegment(file string) bool {
	_, ok := segment.ParseName(file)
	return ok
}

// wereCounted returns a number, a noun and the matching verb.
func wereCounted[N int | uint64](n N, noun, one, many string) string {
	if n == 1 {
		return counted(n, noun) + " " + one
	}
	return counted(n, noun) + " " + many
}
