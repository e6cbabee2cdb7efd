package commit

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// Log holds the records that a writer committed and did not forget, the state that the
// next append continues, and the staged group. It is for one goroutine; others may read
// the runs that Committed returns.
type Log struct {
	history History
	draft   *artifact.Draft
	ids     idSet
	links   links
	heads   []head // by the number of the entity's name in draft
	recent  recent // of entities that are not in draft

	next    uint64 // sequence of the next event
	segment uint64
	offset  uint64 // of the end of the committed frames
	first   int    // number in draft of the segment's first event

	frames    []byte // staged
	undo      []replacedHead
	name      []byte // scratch
	body      segment.Body
	committed savepoint // after the last committed append

	forgetting *forgetting // nil unless a Forget goes on
	step       int         // see forgetStep

	searched searched
	maxSteps int      // see defaultSteps
	identity event.ID // of the store's first event, zero if it is not known
}

// head is an entity's Head, read from the history on first use.
type head struct {
	Head
	known, some bool
}

// replacedHead is the head that a staged event replaced.
type replacedHead struct {
	number uint32
	head   head
}

// savepoint is a state that the log can be rolled back to.
type savepoint struct {
	draft  artifact.Savepoint
	next   uint64
	frames int
	undo   int
}

// NewLog returns a log that continues the store described by history. next is the first
// sequence to assign. Call Start before the first append.
func NewLog(history History, next uint64) *Log {
	l := &Log{history: history, draft: artifact.NewDraft(), next: next, maxSteps: defaultSteps, step: forgetStep}
	l.ids, l.links = idSet{draft: l.draft}, links{draft: l.draft}
	l.committed = l.savepoint()
	return l
}

// Start begins a segment whose first frame will lie at offset. Nothing may be staged.
func (l *Log) Start(id, offset uint64) {
	l.segment, l.offset = id, offset
	l.first = l.draft.Len()
}

// Next returns the sequence of the next event.
func (l *Log) Next() uint64 { return l.next }

// First returns the sequence of the first staged event, or Next if none is staged.
func (l *Log) First() uint64 { return l.committed.next }

// Offset returns the file offset at which to write the staged frames.
func (l *Log) Offset() uint64 { return l.offset }

// Frames returns the bytes of the staged group, valid until the next call.
func (l *Log) Frames() []byte { return l.frames }

// Footer appends the footer of the segment to dst. Nothing may be staged.
func (l *Log) Footer(dst []byte) []byte { return AppendFooter(dst, l.Committed(l.first), l.offset) }

// WriteFooter hands out the same in pieces, as the function WriteFooter does.
func (l *Log) WriteFooter(write func(b []byte) error) error {
	return WriteFooter(l.Committed(l.first), l.offset, write)
}

// Committed returns the committed records from number first on. They may be read while
// the log is used.
func (l *Log) Committed(first int) artifact.Run { return l.draft.Run(first, l.committed.draft) }

// Commit commits the staged group, whose bytes must be in the file.
func (l *Log) Commit() {
	l.offset += uint64(len(l.frames))
	l.clearFrames()
	l.undo = l.undo[:0]
	l.committed = l.savepoint()
}

// keepFrames bounds the frame buffer that a log keeps from one group to the next.
const keepFrames = 8 << 20

func (l *Log) clearFrames() {
	if l.frames = l.frames[:0]; cap(l.frames) > keepFrames {
		l.frames = nil
	}
}

// Rollback drops the staged group and returns its sequences.
func (l *Log) Rollback() {
	l.rollbackTo(l.committed)
	l.clearFrames()
}

func (l *Log) savepoint() savepoint {
	return savepoint{draft: l.draft.Savepoint(), next: l.next, frames: len(l.frames), undo: len(l.undo)}
}

func (l *Log) rollbackTo(s savepoint) {
	for i := len(l.undo) - 1; i >= s.undo; i-- {
		l.heads[l.undo[i].number] = l.undo[i].head
	}
	l.undo = l.undo[:s.undo]
	l.ids.truncate(s.draft.Records())
	l.links.truncate(s.draft.Records())
	l.searched.truncate(s.next)
	l.draft.Rollback(s.draft)
	// A name that was rolled back may get another number next time.
	l.heads = l.heads[:min(len(l.heads), l.draft.Names())]
	l.next, l.frames = s.next, l.frames[:s.frames]
}

// head returns the head of the entity with this number in draft.
func (l *Log) head(number uint32, entity string) (*head, error) {
	for int(number) >= len(l.heads) {
		l.heads = append(l.heads, head{})
	}
	h := &l.heads[number]
	if !h.known {
		if known, ok := l.recent.find(l.draft.Name(number)); ok {
			*h = known
			return h, nil
		}
		last, ok, err := l.history.Latest(entity)
		if err != nil {
			return nil, err
		}
		*h = head{Head: last, known: true, some: ok}
	}
	return h, nil
}

// byID returns the first event with an id, in the draft or the history.
func (l *Log) byID(id event.ID) (Known, bool, error) {
	i, ok := l.ids.get(id)
	if !ok {
		return l.history.ByID(id)
	}
	return l.known(i), true, nil
}

// known returns the event of a record in the draft.
func (l *Log) known(record int) Known {
	r := l.draft.At(record).Decode()
	return Known{
		Receipt:    Receipt{ID: r.ID, Sequence: r.Sequence, Clock: r.Clock, Position: r.Position},
		Coordinate: event.At(string(l.draft.Name(r.Entity)), string(l.draft.Name(r.Scope))),
		Kind:       r.Kind,
		Hash:       r.EventHash,
	}
}
