package verify

import (
	"cmp"
	"errors"
	"slices"
	"sort"
	"strconv"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// truth is the log according to the frames alone. It holds the places of all events, and
// whole events only for the current segment.
type truth struct {
	places  places
	numbers artifact.Numbers // sequences of the events according to replay
	report  *replay.Report
	next    uint64 // the sequence after every event
	losses  []loss // in log order
	lost    map[event.ID]bool
	// thinned holds the files from which events are missing, as their headers say.
	thinned map[string]replay.Thinned
	removed []replay.Thinned // those with missing sequences, which rise
	// now holds the events of the current segment, each with its number in place of its
	// sequence.
	now *artifact.Draft
}

// loss is a range of the log that is missing or damaged.
type loss struct {
	segment, offset, end uint64
	damage               *damage.Damage
}

func (t *truth) len() int { return t.places.n }

// noted reports whether the sequences from first up to end are among those that a thinned
// segment lacks.
func (t *truth) noted(first, end uint64) bool {
	i := sort.Search(len(t.removed), func(i int) bool { return t.removed[i].End >= end })
	return i < len(t.removed) && t.removed[i].First <= first
}

func (t *truth) entity(r artifact.Raw) []byte { return t.now.Name(r.Entity()) }

func (t *truth) scope(r artifact.Raw) []byte { return t.now.Name(r.Scope()) }

// covering returns the damage that includes offset off of a segment, or nil.
func (t *truth) covering(id, off uint64) *damage.Damage {
	i, _ := slices.BinarySearchFunc(t.losses, off, func(l loss, off uint64) int {
		return cmp.Or(cmp.Compare(l.segment, id), cmp.Compare(l.end, off+1))
	})
	if i < len(t.losses) && t.losses[i].segment == id && t.losses[i].offset <= off {
		return t.losses[i].damage
	}
	return nil
}

func (t *truth) sortLosses() {
	slices.SortStableFunc(t.losses, func(a, b loss) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.end, b.end))
	})
}

// replay reads every segment from its first byte, as an open without an index does, and
// takes over its findings.
func (c *check) replay() error {
	c.duplicates.seed = c.o.Seed
	events := placeCollector{each: c.duplicates.add}
	log := replay.NewLog(0, 0)
	scan := replay.NewScan(log, replay.Place{}, c.stop)
	err := scan.Drive(replay.Segments{
		Files: c.dir, Listing: c.dir.listing, Mark: c.syncMark(),
		After: func(s directory.SegmentEntry) {
			events.take(log)
			c.progress(size(s.Entry))
		},
	})
	if err != nil {
		return err
	}
	events.take(log)
	c.duplicates.finish()
	t := &c.truth
	t.places, t.numbers = events.places, log.Draft().Numbers()
	t.report, t.next, t.now = scan.Report(), log.Next(), log.Draft() // reused for its names and memory
	t.lost = map[event.ID]bool{}
	for _, d := range t.report.Damages {
		c.findings.damage(d)
		id, _ := segment.ParseName(d.File)
		end := d.Offset + d.Length
		if replay.IsCutOff(d) { // the rest of the segment
			end = ^uint64(0)
		}
		t.losses = append(t.losses, loss{segment: id, offset: d.Offset, end: end, damage: d})
		for _, e := range d.Events {
			t.lost[e.ID] = true
		}
	}
	t.sortLosses()
	t.thinned = map[string]replay.Thinned{}
	for _, f := range t.report.Thinned {
		if t.thinned[f.File] = f; f.Missing > 0 {
			t.removed = append(t.removed, f)
		}
	}
	c.replayNotes()
	return nil
}

// syncMark returns the sync mark in synced.thaw, or nil if there is no valid one.
func (c *check) syncMark() *synced.Mark {
	e, ok := c.dir.listing.Others[synced.FileName]
	if !ok {
		return nil
	}
	m, err := directory.ReadMark(c.dir, e)
	if errors.Is(err, source.ErrGone) && e.Size == 0 {
		return nil // as if it were absent
	}
	if err != nil {
		c.findings.note(Note{Topic: Unusual, File: e.Name, Detail: err.Error()})
		return nil
	}
	return &m
}

// whole returns a segment without an invalid end that no sync mark covers.
func (t *truth) whole(name string, src source.Source) source.Source {
	if torn := t.report.Torn; torn != nil && torn.Unproven && torn.File == name {
		return source.Cut(src, torn.Offset)
	}
	return src
}

func (c *check) replayNotes() {
	report := c.truth.report
	for _, u := range report.Unfinished {
		c.findings.note(Note{Topic: UnfinishedBatch, File: u.File, Offset: u.Offset})
	}
	for _, g := range report.Gaps {
		c.findings.note(Note{Topic: SequenceGap, File: g.File, First: g.First, End: g.End})
	}
	for _, f := range report.Thinned {
		c.findings.note(c.thinnedNote(f))
	}
	if t := report.Torn; t != nil {
		c.findings.note(Note{
			Topic: TornTail, File: t.File, Offset: t.Offset,
			Event: damage.Touched{ID: t.ID}, Named: t.Named,
		})
	}
}

// thinnedNote says what is missing in a segment.
func (c *check) thinnedNote(f replay.Thinned) Note {
	n := Note{Topic: Compacted, File: f.File, First: f.First, End: f.End, Detail: "events were removed"}
	why := " of these sequences were removed"
	if f.Flags == segment.FlagExtract {
		n.Topic, n.Detail = Extract, "selected or salvaged events of another store"
		why = " of these sequences were not selected, or left out"
	}
	if f.Missing > 0 {
		n.Detail += "; " + strconv.FormatUint(f.Missing, 10) + why
	}
	if n.Topic == Compacted && !c.removalsUnknown {
		if known := c.removals.Within(f.First, f.End, lineage.Dropped); known < f.Missing {
			n.Detail += "; store.thaw has no record of " + strconv.FormatUint(f.Missing-known, 10) + " of them"
		}
	}
	return n
}
