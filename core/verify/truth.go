package verify

import (
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// truth is what the segments alone say. What it holds of an event besides its place
// is there only while the segment is looked at.
type truth struct {
	places  places
	numbers artifact.Numbers // what replay numbers the events
	report  *replay.Report
	next    uint64 // the sequence after every event
	losses  []loss // in log order
	lost    map[event.ID]bool
	// now are the events of the segment that is looked at. In place of the sequence
	// stands the event's number.
	now *artifact.Draft
}

// loss is a place in the log where something is missing or damaged.
type loss struct {
	segment, offset, end uint64
	damage               *damage.Damage
}

func (t *truth) len() int { return t.places.n }

func (t *truth) entity(r artifact.Raw) []byte { return t.now.Name(r.Entity()) }

func (t *truth) scope(r artifact.Raw) []byte { return t.now.Name(r.Scope()) }

// covering is the damage whose bytes hold offset off of a segment, or nil.
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

// replay reads every segment from its first byte, as an open without any
// snapshot does, and carries over what that reports.
func (r *run) replay() error {
	r.duplicates.seed = r.o.Seed
	events := gathered{each: r.duplicates.file}
	log := replay.NewLog(0, 0)
	scan := replay.NewScan(log, replay.Place{}, r.stop)
	err := scan.Drive(replay.Segments{
		Files: r.dir, Listing: r.dir.listing, Mark: r.mark(),
		After: func(s directory.SegmentEntry) {
			events.take(log)
			r.progress(size(s.Entry))
		},
	})
	if err != nil {
		return err
	}
	events.take(log)
	r.duplicates.filed()
	t := &r.truth
	t.places, t.numbers = events.places, log.Draft().Numbers()
	t.report, t.next, t.now = scan.Report(), log.Next(), log.Draft() // for its names and memory
	t.lost = map[event.ID]bool{}
	for _, d := range t.report.Damages {
		r.findings.damage(d)
		id, _ := segment.ParseName(d.File)
		end := d.Offset + d.Length
		if replay.IsCutOff(d) { // from there on
			end = ^uint64(0)
		}
		t.losses = append(t.losses, loss{id, d.Offset, end, d})
		for _, e := range d.Events {
			t.lost[e.ID] = true
		}
	}
	t.sortLosses()
	r.replayNotes()
	return nil
}

// mark is what synced.thaw promises, nil without one that holds up.
func (r *run) mark() *synced.Mark {
	e, ok := r.dir.listing.Others[synced.FileName]
	if !ok {
		return nil
	}
	m, err := directory.ReadMark(r.dir, e)
	if err != nil {
		r.findings.note(Note{Topic: Unusual, File: e.Name, Detail: err.Error()})
		return nil
	}
	return &m
}

// whole is a segment without the end that was never known to be on disk and is
// wrong.
func (t *truth) whole(name string, src source.Source) source.Source {
	if torn := t.report.Torn; torn != nil && torn.Unproven && torn.File == name {
		return source.Cut(src, torn.Offset)
	}
	return src
}

func (r *run) replayNotes() {
	report := r.truth.report
	for _, u := range report.Unfinished {
		r.findings.note(Note{Topic: UnfinishedBatch, File: u.File, Offset: u.Offset})
	}
	for _, g := range report.Gaps {
		r.findings.note(Note{Topic: SequenceGap, File: g.File, First: g.First, End: g.End})
	}
	if t := report.Torn; t != nil {
		r.findings.note(Note{
			Topic: TornTail, File: t.File, Offset: t.Offset,
			Event: damage.Touched{ID: t.ID}, Named: t.Named,
		})
	}
}
