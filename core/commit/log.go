package commit

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// Log is the end of a store's log while a writer has it open: the records
// appended since, what the next append continues, and the group that is staged.
// It is for one goroutine; what Committed returned may be read by others.
type Log struct {
	past  Past
	draft *artifact.Draft
	ids   idSet
	heads []head // by the number of the entity's name in draft

	next    uint64 // sequence of the next event
	segment uint64
	offset  uint64 // where the committed frames end
	first   int    // number in draft of the segment's first event

	frames  []byte // staged
	undo    []undone
	name    []byte // scratch
	body    segment.Body
	settled mark // behind the last committed append
}

// head is an entity's Head, once it is known.
type head struct {
	Head
	known, some bool
}

type undone struct {
	number uint32
	head   head
}

// mark is a place to go back to.
type mark struct {
	draft  artifact.Savepoint
	next   uint64
	frames int
	undo   int
}

// NewLog is a log that goes on from past. next is the first sequence to give out. A
// segment must be started before the first append.
func NewLog(past Past, next uint64) *Log {
	l := &Log{past: past, draft: artifact.NewDraft(), next: next}
	l.ids = idSet{draft: l.draft}
	l.settled = l.mark()
	return l
}

// Start begins a segment whose first frame will lie at offset. Nothing may be
// staged.
func (l *Log) Start(id, offset uint64) {
	l.segment, l.offset = id, offset
	l.first = l.draft.Len()
}

// Next is the sequence of the next event.
func (l *Log) Next() uint64 { return l.next }

// First is the sequence of the first staged event, or of the next when none is.
func (l *Log) First() uint64 { return l.settled.next }

// Offset is where the staged frames are to be written.
func (l *Log) Offset() uint64 { return l.offset }

// Frames is the bytes of the staged group. They hold until the next call.
func (l *Log) Frames() []byte { return l.frames }

// Footer adds the footer of the segment to dst. Nothing may be staged.
func (l *Log) Footer(dst []byte) []byte { return AppendFooter(dst, l.Committed(l.first), l.offset) }

// Committed is the committed records from number first on. They may be read
// while the log goes on.
func (l *Log) Committed(first int) artifact.Run { return l.draft.Run(first, l.settled.draft) }

// Commit makes the staged group count. Its bytes must be in the file.
func (l *Log) Commit() {
	l.offset += uint64(len(l.frames))
	l.emptied()
	l.undo = l.undo[:0]
	l.settled = l.mark()
}

// keepFrames is how much memory for frames a log keeps from one group to the next.
const keepFrames = 8 << 20

// emptied makes room for the next group.
func (l *Log) emptied() {
	if l.frames = l.frames[:0]; cap(l.frames) > keepFrames {
		l.frames = nil
	}
}

// Rollback forgets the staged group and every number it was given.
func (l *Log) Rollback() {
	l.goBack(l.settled)
	l.emptied()
}

func (l *Log) mark() mark {
	return mark{draft: l.draft.Savepoint(), next: l.next, frames: len(l.frames), undo: len(l.undo)}
}

func (l *Log) goBack(m mark) {
	for i := len(l.undo) - 1; i >= m.undo; i-- {
		l.heads[l.undo[i].number] = l.undo[i].head
	}
	l.undo = l.undo[:m.undo]
	l.ids.truncate(m.draft.Records())
	l.draft.Rollback(m.draft)
	// Names that are gone may come back under other numbers.
	l.heads = l.heads[:min(len(l.heads), l.draft.Names())]
	l.next, l.frames = m.next, l.frames[:m.frames]
}

// head returns the end of the chain of the entity that has a number in draft.
func (l *Log) head(number uint32, entity string) (*head, error) {
	for int(number) >= len(l.heads) {
		l.heads = append(l.heads, head{})
	}
	h := &l.heads[number]
	if !h.known {
		past, ok, err := l.past.Latest(entity)
		if err != nil {
			return nil, err
		}
		*h = head{past, true, ok}
	}
	return h, nil
}

// find returns the event with an id, here or in the past.
func (l *Log) find(id event.ID) (Known, bool, error) {
	i, ok := l.ids.get(id)
	if !ok {
		return l.past.ByID(id)
	}
	r := l.draft.At(i).Decode()
	return Known{
		Receipt:    Receipt{ID: r.ID, Sequence: r.Sequence, Clock: r.Clock, Position: r.Position},
		Coordinate: event.At(string(l.draft.Name(r.Entity)), string(l.draft.Name(r.Scope))),
		Kind:       r.Kind,
		Hash:       r.EventHash,
	}, true, nil
}
