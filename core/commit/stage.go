package commit

import (
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// Append stages one event. nowUS is the time of the group in µs since the Unix
// epoch. On error nothing is staged.
func (l *Log) Append(e *Entry, nowUS int64) (Receipt, error) {
	if err := e.check(); err != nil {
		return Receipt{}, err
	}
	if e.Cause != 0 {
		return Receipt{}, ErrCause
	}
	if e.Key {
		r, ok, err := l.repeated(e)
		if ok || err != nil {
			return r, err
		}
	}
	us, err := e.time(nowUS)
	if err != nil {
		return Receipt{}, err
	}
	before := l.mark()
	r, err := l.stage(e, us)
	if err != nil {
		l.goBack(before)
	}
	return r, err
}

// AppendBatch stages events that exist together or not at all. On error, an
// [ItemError] unless it is about all of them, nothing is staged. The receipts
// are added to dst.
func (l *Log) AppendBatch(dst []Receipt, entries []Entry, nowUS int64) ([]Receipt, error) {
	if len(entries) == 0 {
		return dst, nil
	}
	if err := checkBatch(entries); err != nil {
		return dst, err
	}
	if receipts, ok, err := l.repeatedBatch(dst, entries); ok || err != nil {
		return receipts, err
	}
	us, err := entries[0].time(nowUS)
	if err != nil {
		return dst, err
	}
	before, first := l.mark(), len(dst)
	marked := len(entries) > 1 // one frame is whole or not there without markers
	if marked {
		l.marker(event.SystemBatchBegin, uint32(len(entries)), before.next, us)
	}
	for i := range entries {
		e := &entries[i]
		if e.Cause > 0 {
			caused := *e
			caused.Causation = dst[first+e.Cause-1].ID
			e = &caused
		}
		r, err := l.stage(e, us)
		if err != nil {
			l.goBack(before)
			return dst[:first], &ItemError{i, err}
		}
		dst = append(dst, r)
	}
	if marked {
		l.marker(event.SystemBatchCommit, 0, before.next, us)
	}
	return dst, nil
}

func checkBatch(entries []Entry) error {
	if len(entries) > MaxBatch {
		return &LimitError{"events in a batch", uint64(len(entries)), MaxBatch}
	}
	bytes := uint64(0) // items may share one payload, so an int can be too small
	for i := range entries {
		e := &entries[i]
		err := e.check()
		switch {
		case err != nil:
		case e.Cause < 0 || e.Cause > i:
			err = ErrCause
		case e.Timed != entries[0].Timed || e.Timed && e.TimeUS != entries[0].TimeUS:
			err = ErrBatchTime
		}
		if err != nil {
			return &ItemError{i, err}
		}
		bytes += uint64(len(e.Payload))
	}
	if bytes > MaxBatchBytes {
		return &LimitError{"payload bytes in a batch", bytes, MaxBatchBytes}
	}
	return nil
}

func (e *Entry) time(nowUS int64) (int64, error) {
	if e.Timed {
		nowUS = e.TimeUS
	}
	if !validTime(nowUS) {
		return 0, ErrTime
	}
	return nowUS, nil
}

// repeated returns the receipt of the event that has the entry's key.
func (l *Log) repeated(e *Entry) (Receipt, bool, error) {
	k, ok, err := l.find(e.ID)
	switch {
	case err != nil || !ok:
		return Receipt{}, false, err
	case k.Cancelled:
		return Receipt{}, false, &KeyError{ID: e.ID, Sequence: k.Sequence, Cancelled: true}
	}
	if differs := e.differs(&k); differs != nil {
		return Receipt{}, false, &KeyError{ID: e.ID, Sequence: k.Sequence, Differs: differs}
	}
	k.Repeated = true
	return k.Receipt, true, nil
}

// differs lists what keeps e from being a repetition of the event k. When it happened,
// why, and in which conversation is not compared: a repeated append may know better,
// and a record has no flags.
func (e *Entry) differs(k *Known) (what []string) {
	for _, part := range []struct {
		name string
		same bool
	}{
		{"entity", e.Entity == k.Entity},
		{"scope", e.Scope == k.Scope},
		{"kind", e.Kind == k.Kind},
		{"payload", e.Hash == k.Hash},
	} {
		if !part.same {
			what = append(what, part.name)
		}
	}
	return what
}

// repeatedBatch is repeated for a batch, which must be there as a whole.
func (l *Log) repeatedBatch(dst []Receipt, entries []Entry) ([]Receipt, bool, error) {
	first, there := len(dst), -1
	for i := range entries {
		e := &entries[i]
		if !e.Key {
			continue
		}
		r, ok, err := l.repeated(e)
		if err != nil {
			return dst[:first], false, &ItemError{i, err}
		}
		if ok {
			dst, there = append(dst, r), i
		}
	}
	switch {
	case there < 0:
		return dst[:first], false, nil
	case len(dst)-first < len(entries):
		return dst[:first], false, &ItemError{there, &KeyError{ID: entries[there].ID, Sequence: dst[len(dst)-1].Sequence, Partial: true}}
	}
	ids := make(map[event.ID]bool, len(entries))
	for i := range entries {
		if ids[entries[i].ID] { // such a batch was never appended
			return dst[:first], false, &ItemError{i, &KeyError{ID: entries[i].ID, Twice: true}}
		}
		ids[entries[i].ID] = true
	}
	return dst, true, nil
}

// stage numbers and encodes one event. After an error the caller goes back.
func (l *Log) stage(e *Entry, us int64) (Receipt, error) {
	if e.Key {
		if _, twice := l.ids.get(e.ID); twice { // within one batch
			return Receipt{}, &KeyError{ID: e.ID, Twice: true}
		}
	}
	rec := event.Record{}
	var err error
	l.name = append(l.name[:0], e.Entity...)
	if rec.Entity, err = l.draft.Intern(l.name); err != nil {
		return Receipt{}, err
	}
	l.name = append(l.name[:0], e.Scope...)
	if rec.Scope, err = l.draft.Intern(l.name); err != nil {
		return Receipt{}, err
	}
	h, err := l.head(rec.Entity, e.Entity)
	if err != nil {
		return Receipt{}, err
	}
	if !e.Expected.Met(h.State) {
		return Receipt{}, &ExpectError{e.Entity, e.Expected, h.State}
	}
	if err := l.facts(&rec.Facts, e, h, us); err != nil {
		return Receipt{}, err
	}
	l.encode(&rec, e, us)
	if err := l.draft.Add(&rec); err != nil {
		return Receipt{}, err
	}
	l.undo = append(l.undo, undone{rec.Entity, *h})
	*h = head{Head{rec.Clock, rec.WallMS, rec.EventHash, State{true, rec.Clock}}, true, true}
	l.next++
	return Receipt{ID: rec.ID, Sequence: rec.Sequence, Clock: rec.Clock, Position: rec.Position}, nil
}

// facts fills in everything but the position.
func (l *Log) facts(f *event.Facts, e *Entry, h *head, us int64) error {
	if l.next >= artifact.MaxAllocator-1 {
		return &LimitError{"sequence", l.next, artifact.MaxAllocator - 2}
	}
	*f = event.Facts{
		Sequence: l.next, ID: e.ID, Correlation: e.Correlation, Causation: e.Causation, Kind: e.Kind,
		WallMS: uint64(us / 1000), PrevHash: h.Hash, EventHash: e.Hash,
	}
	if f.Correlation.IsZero() {
		f.Correlation = f.ID
	}
	if h.some {
		if h.Clock == math.MaxUint32 {
			return &LimitError{"clock of " + e.Entity, uint64(h.Clock) + 1, math.MaxUint32}
		}
		f.Clock = h.Clock + 1
		if h.WallMS < MaxWallMS { // anything later is no time and must not spread
			f.WallMS = max(f.WallMS, h.WallMS)
		}
	}
	return nil
}

// encode adds the event's frame and notes its position.
func (l *Log) encode(rec *event.Record, e *Entry, us int64) {
	l.body = segment.Body{
		ID:          rec.ID,
		Correlation: rec.Correlation,
		Causation:   rec.Causation,
		Caused:      !rec.Causation.IsZero(),
		TimestampUS: us,
		WallMS:      rec.WallMS,
		Clock:       rec.Clock,
		PayloadSize: uint32(len(e.Payload)),
		Kind:        rec.Kind,
		Flags:       e.Flags,
		ContentHash: rec.EventHash,
		Payload:     e.Payload,
		Chained:     true,
		PrevHash:    rec.PrevHash,
		EventHash:   rec.EventHash,
		Entity:      l.draft.Name(rec.Entity),
		Scope:       l.draft.Name(rec.Scope),
	}
	at := len(l.frames)
	l.frames = segment.AppendFrame(l.frames, &l.body)
	l.body.Payload = nil
	rec.Position = event.Position{
		Segment: l.segment,
		Offset:  l.offset + uint64(at),
		Length:  uint32(len(l.frames) - at),
	}
}

// marker adds the frame of a batch's BEGIN, whose count is the number of events,
// or COMMIT. id is the sequence of the batch's first event, as batpak has it.
func (l *Log) marker(kind event.Kind, count uint32, id uint64, us int64) {
	var batch event.ID
	for i := range 8 {
		batch[event.IDSize-1-i] = byte(id >> (8 * i))
	}
	l.frames = segment.AppendFrame(l.frames, &segment.Body{
		ID:          batch,
		Correlation: batch,
		TimestampUS: us,
		WallMS:      uint64(us / 1000),
		PayloadSize: count,
		Kind:        kind,
		Entity:      []byte(segment.MarkerEntity),
		Scope:       []byte(segment.MarkerScope),
	})
}
