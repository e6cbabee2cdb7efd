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

// namedAtMost is how many events a line for people names.
const namedAtMost = 5

// meanings says in words what the reasons mean.
var meanings = map[damage.Reason]string{
	damage.Unreadable:              "it could not be read",
	damage.Short:                   "it is shorter than its head",
	damage.Magic:                   "its first bytes are not those of the format",
	damage.Version:                 "its version is not one that thaw knows",
	damage.Checksum:                "the checksum does not fit the bytes",
	damage.NotRegular:              "a directory, link or device stands where a file should",
	damage.Overflow:                "its lengths add up to more than a file can hold",
	damage.Length:                  "its lengths do not add up to the file's",
	damage.WatermarkSegmentMissing: "the segment it ends in is not there",
	damage.WatermarkPastEnd:        "it covers more of a segment than there is",
	damage.WatermarkPosition:       "it does not end between two events",
	damage.Body:                    "its body is not what the format asks for",
	damage.Strings:                 "its table of names is wrong",
	damage.StringCount:             "it has another number of names than it says",
	damage.EntityIndex:             "a record's entity is not among the names",
	damage.ScopeIndex:              "a record's scope is not among the names",
	damage.Coordinate:              "a record has no valid entity and scope",
	damage.Order:                   "its records are not in order",
	damage.Allocator:               "its next sequence is not above every record's",
	damage.Kind:                    "a record has the kind of a batch marker",
	damage.Position:                "a record lies where no event can be",
	damage.Disagrees:               "it says other than the segment",
	damage.Incomplete:              "it leaves out events that the segments hold",
	damage.Records:                 "it has more records than can be numbered",
	damage.Header:                  "its header is not what the format asks for",
	damage.SegmentID:               "it is another segment than its name says",
	damage.Effort:                  "so much of it looks like events and is none that the rest was not looked at",
	damage.Frame:                   "bytes in the middle are no event",
	damage.FrameBody:               "the checksum holds and the content is no event",
	damage.FrameLength:             "only the length of the event is wrong",
	damage.Torn:                    "it is cut short before the end of the log",
	damage.Batch:                   "a batch is not whole, so none of it is shown",
	damage.Lost:                    "an index lists events that no segment holds any more",
	damage.Shortened:               "it is shorter than it was known to be",
	damage.SegmentMissing:          "there is no such file",
	damage.Footer:                  "the footer says other than the segment",
	damage.PayloadHash:             "the payload is not the one that was recorded",
	damage.Chain:                   "it does not continue the entity's event before",
	damage.SequenceGap:             "sequences are left out",
	damage.Ranges:                  "a range is empty, unsorted or overlaps another",
	damage.Renumbered:              "batpak gave sequences out again, so a range can name two events",
	damage.Stale:                   "it was not made for the index that is there",
	damage.Segments:                "the segments are not those it was made over",
	damage.Lookups:                 "a look-up does not lead to every event it should",
}

func reasonText(r damage.Reason) string {
	if m := meanings[r]; m != "" {
		return string(r) + " (" + m + ")"
	}
	return string(r)
}

// damageText is one line for people, without the program's name.
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
		b.WriteString([]string{"; touches event ", ", "}[min(i, 1)])
		b.WriteString(touchedText(e))
	}
	if more := uint64(max(len(d.Events)-namedAtMost, 0)) + d.Unnamed; more > 0 {
		fmt.Fprintf(&b, "; and %s more", counted(more, "event"))
	}
	fate := "may be lost"
	if d.Reason == damage.Renumbered {
		fate = "may be hidden and not cancelled"
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

// refusalText is one line for people: which file was not taken, and why.
func refusalText(r *damage.Refusal) string {
	s := r.File + " was not taken: " + reasonText(r.Reason)
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

// counted is a number and a noun.
func counted[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == "batch" {
		noun = "batche"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// isSegment reports whether a name is that of a segment.
func isSegment(file string) bool {
	_, ok := segment.ParseName(file)
	return ok
}

// wereCounted is a number, a noun and the verb that goes with them.
func wereCounted[N int | uint64](n N, noun, one, many string) string {
	if n == 1 {
		return counted(n, noun) + " " + one
	}
	return counted(n, noun) + " " + many
}
