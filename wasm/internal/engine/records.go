package engine

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
)

// records answers in abi.FormatRecords, as far as the index has the answer. ok is false if the
// question must be answered with rows.
func (t *task) records(limit int) (ok bool, err error) {
	q, s, r := &t.request, t.store.snapshot, &t.engine.records
	if r.task != nil { // another task's, which is paused
		r = new(records)
	}
	r.task = t
	defer r.forget()
	if q.Op == abi.OpStream {
		ok, err = s.StreamRaw(q.Region.Entity, query.StreamPage{
			From: uint32(q.From), Limit: limit, To: uint32(q.To), Reverse: q.Reverse,
		}, r)
	} else {
		ok, err = s.QueryRaw(q.Region, query.Page{From: q.From, Limit: limit, To: q.To, Reverse: q.Reverse}, r)
	}
	if err != nil {
		err = t.after(err)
	}
	return ok, err
}

// records implements query.RawEvents.
type records struct {
	task   *task
	cursor *query.Cursor
	// sent has the number of each name that the task sent, by its number in the cursor's
	// part: a table of open addressing, whose size is a power of two.
	sent  []sentName
	names uint32 // in it
	// renumber is set when the host must forget names before the next one.
	renumber bool
}

type sentName struct{ of, number uint32 }

const (
	fewSent  = 64
	keptSent = 1024
)

// mostNames is a variable for tests.
var mostNames uint32 = abi.MaxNames

// forget drops all references, and a large table.
func (r *records) forget() {
	r.task, r.cursor, r.names, r.renumber = nil, nil, 0, false
	if len(r.sent) > keptSent {
		r.sent = nil
	}
}

// Part implements query.RawEvents.
func (r *records) Part(c *query.Cursor) {
	r.cursor = c
	r.reset()
}

func (r *records) reset() {
	if r.sent == nil {
		r.sent = make([]sentName, fewSent)
	}
	clear(r.sent)
	r.renumber = r.renumber || r.names > 0
	r.names = 0
}

// Event implements query.RawEvents.
func (r *records) Event(raw artifact.Raw) (more bool, err error) {
	if r.names+2 > mostNames {
		r.reset()
	}
	t := r.task
	before := len(t.answer)
	if r.renumber {
		t.answer = abi.AppendReset(t.answer)
	}
	entity, err := r.name(raw.Entity())
	scope := uint32(0)
	if err == nil {
		scope, err = r.name(raw.Scope())
	}
	if err != nil { // the query starts this part again, or uses what replaces it
		t.answer = t.answer[:before]
		return false, err
	}
	r.renumber = false
	t.answer = abi.AppendRecord(t.answer, raw, entity, scope)
	t.row()
	return true, nil
}

// name returns the number by which the host knows a name, and sends it the first time.
func (r *records) name(of uint32) (uint32, error) {
	at := r.slot(of)
	if s := &r.sent[at]; s.of == of {
		return s.number, nil
	}
	name, err := r.cursor.NameOfMany(of)
	if err != nil {
		return 0, err
	}
	if 2*int(r.names) >= len(r.sent) {
		r.grow()
		at = r.slot(of)
	}
	r.names++
	r.sent[at] = sentName{of: of, number: r.names}
	r.task.answer = abi.AppendNewName(r.task.answer, name)
	return r.names, nil
}

// slot returns where a name is, or belongs. No name of an event has number 0.
func (r *records) slot(of uint32) uint32 {
	mask := uint32(len(r.sent) - 1)
	at := of * 0x9E3779B1 >> 7 & mask
	for r.sent[at].of != of && r.sent[at].of != 0 {
		at = (at + 1) & mask
	}
	return at
}

func (r *records) grow() {
	old := r.sent
	r.sent = make([]sentName, 2*len(old))
	for _, s := range old {
		if s.of != 0 {
			r.sent[r.slot(s.of)] = s
		}
	}
}
