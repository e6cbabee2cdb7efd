package engine

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	corestore "github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

func hash(payload []byte) event.Hash { return blake3.Sum256(payload) }

// perform answers the question. It runs in the task's coroutine.
func (t *task) perform() error {
	q, s := &t.request, t.store.snapshot
	if q.Flags&abi.FlagGoOn != 0 {
		s = s.GoingOn()
	}
	limit := int(min(q.Limit, math.MaxInt))
	if q.Format == abi.FormatRecords {
		if ok, err := t.records(limit); ok || err != nil {
			return err
		}
		q.Format = abi.FormatRows
	}
	switch q.Op {
	case abi.OpOpen:
		return t.open()
	case abi.OpQuery:
		return t.events(s, s.Query(q.Region, query.Page{From: q.From, Limit: limit, To: q.To, Reverse: q.Reverse}))
	case abi.OpStream:
		return t.events(s, s.Stream(q.Region.Entity, query.StreamPage{
			From: uint32(q.From), Limit: limit, To: uint32(q.To), Reverse: q.Reverse,
		}))
	case abi.OpAncestors:
		return t.events(s, s.Ancestors(q.ID, limit))
	case abi.OpEffects:
		return t.events(s, s.Effects(q.ID, limit))
	case abi.OpCorrelated:
		return t.events(s, s.Correlated(q.ID))
	case abi.OpCount:
		return t.amount(s.Count(q.Region, q.From))
	case abi.OpState:
		return t.state()
	case abi.OpGet:
		return t.one(s.ReadID(q.ID))
	case abi.OpRead:
		row, _, _, err := abi.DecodeRow(q.Row)
		if err != nil {
			return err
		}
		return t.one(s.Read(row.Event))
	case abi.OpReadEach:
		return t.fulls(s, rowEvents(q.Row))
	case abi.OpPosition:
		return t.position()
	case abi.OpEntities, abi.OpScopes, abi.OpKinds, abi.OpGraph:
		return t.overview(limit)
	case abi.OpMarks:
		return t.marks(q.Limit)
	case abi.OpTimeline:
		return t.timeline(q.Limit)
	case abi.OpFrame:
		return t.frame()
	case abi.OpExtract:
		return t.extract(s.Query(q.Region, query.Page{From: q.From, To: q.To}))
	case abi.OpReport:
		report := s.Report()
		t.answer = lines.AppendReport(t.answer, &report, int64(q.From))
		t.count = 1
		return nil
	}
	return t.verify()
}

func (t *task) open() error {
	q := &t.request
	t.store.files.cache.setSize(min(q.Limit, abi.MaxCache))
	s, err := corestore.Open(&t.store.files, corestore.Options{
		Seed: q.From, Hash: hash, Stop: t.again,
		Strict:      q.Flags&abi.FlagStrict != 0,
		ShowHidden:  q.Flags&abi.FlagShowHidden != 0,
		CheckFrames: q.Flags&abi.FlagCheckFrames != 0,
		CheckIndex:  q.Flags&abi.FlagCheckIndex != 0,
	})
	t.store.snapshot, t.store.unopened = s, err != nil
	t.store.checksFrames = q.Flags&abi.FlagCheckFrames != 0
	return err
}

// rowEvents returns the events of rows.
func rowEvents(rows []byte) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for len(rows) > 0 {
			row, _, rest, err := abi.DecodeRow(rows)
			if !yield(row.Event, err) || err != nil {
				return
			}
			rows = rest
		}
	}
}

// events answers with one row per event, read from the index or from its frame.
func (t *task) events(s *corestore.Snapshot, all iter.Seq2[event.Event, error]) error {
	format := t.request.Format
	read := format == abi.FormatPlain && t.store.checksFrames && t.request.Flags&abi.FlagGoOn == 0
	if format != abi.FormatRows && !read {
		return t.fulls(s, all)
	}
	for e, err := range all {
		if err != nil {
			return t.after(err)
		}
		if format == abi.FormatRows {
			t.answer = abi.AppendRow(t.answer, &e)
		} else {
			t.full(&event.Full{Event: e})
		}
		t.row()
	}
	return nil
}

// fulls answers with one row per event, read from its frame. With abi.FlagGoOn an event that
// cannot be read is a row too.
func (t *task) fulls(s *corestore.Snapshot, all iter.Seq2[event.Event, error]) error {
	for full, err := range s.ReadEach(all) {
		switch {
		case err == nil, errors.Is(err, corestore.ErrRedacted): // its flags say so
			t.full(&full)
		case t.request.Flags&abi.FlagGoOn != 0 && full.Event != (event.Event{}):
			t.answer = lines.AppendFailedEvent(t.answer, int32(codeOf(err)), err, &full.Event)
		default:
			return t.after(err)
		}
		t.row()
	}
	return nil
}

// after returns err once the host has received the rows before it.
func (t *task) after(err error) error {
	if t.count > 0 {
		t.pause(abi.Rows)
	}
	return err
}

// full appends an event with the fields of its frame.
func (t *task) full(e *event.Full) {
	switch t.request.Format {
	case abi.FormatPlain:
		t.answer = lines.AppendEvent(t.answer, lines.Plain, e)
	case abi.FormatPayloads:
		t.answer = lines.AppendEvent(t.answer, lines.Payloads, e)
	case abi.FormatFull:
		t.answer = lines.AppendEvent(t.answer, lines.Full, e)
	default:
		t.answer = abi.AppendFullRow(t.answer, e)
	}
}

func (t *task) one(e event.Full, err error) error {
	if err != nil && !errors.Is(err, corestore.ErrRedacted) { // its flags say so
		return err
	}
	t.full(&e)
	t.count = 1
	return nil
}

func (t *task) amount(n uint64, err error) error {
	if err != nil {
		return err
	}
	t.count = 1
	if abi.Text(t.request.Format) {
		t.answer = append(strconv.AppendUint(t.answer, n, 10), '\n')
	} else {
		t.answer = binary.LittleEndian.AppendUint64(t.answer, n)
	}
	return nil
}

// state answers with the expectation that an append to an entity can use.
func (t *task) state() error {
	state, err := t.store.snapshot.State(t.request.Region.Entity)
	if err != nil {
		return err
	}
	t.count = 1
	switch {
	case !abi.Text(t.request.Format):
		some := uint32(0)
		if state.Some {
			some = 1
		}
		t.answer = binary.LittleEndian.AppendUint32(t.answer, some)
		t.answer = binary.LittleEndian.AppendUint32(t.answer, state.Clock)
	default:
		t.answer = lines.AppendState(t.answer, state)
	}
	return nil
}

// position answers with the store's identity and the sequence after its last event.
func (t *task) position() error {
	s := t.store.snapshot
	id, err := s.Identity()
	if err != nil {
		return err
	}
	t.count = 1
	if abi.Text(t.request.Format) {
		t.answer = lines.AppendPosition(t.answer, id, s.End())
	} else {
		t.answer = binary.LittleEndian.AppendUint64(append(t.answer, id[:]...), s.End())
	}
	return nil
}

func (t *task) verify() error {
	r, err := verify.Run(&t.store.files, verify.Options{
		Hash: hash, Seed: t.request.From, Stop: t.again,
		Progress: func(done, total uint64) { t.ticks = -1; _ = t.progress(done, total) }, // skip none
	})
	if err != nil {
		return err
	}
	t.count = 1
	t.answer = lines.AppendFindings(t.answer, r)
	return nil
}
