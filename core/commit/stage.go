package commit

import (
	"errors"
	"math"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// Append stages one event. nowUS is the time of the group in µs since the Unix epoch.
// After an error nothing is staged.
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
	before := l.savepoint()
	r, err := l.stage(e, us)
	if err != nil {
		l.rollbackTo(before)
	}
	return r, err
}

// AppendBatch stages events as one atomic batch and appends their receipts to dst.
// After an error nothing is staged; an error about one item is an [ItemError].
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
	before, first := l.savepoint(), len(dst)
	marked := len(entries) > 1 // a single frame is atomic without markers
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
			l.rollbackTo(before)
			var broken *ConditionError
			if errors.As(err, &broken) {
				broken.InBatch = broken.Sequence >= before.next
			}
			return dst[:first], &ItemError{Item: i, Err: err}
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
		return &LimitError{What: "events in a batch", Got: uint64(len(entries)), Max: MaxBatch}
	}
	bytes := uint64(0) // items may share one payload, so the sum may overflow an int
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
			return &ItemError{Item: i, Err: err}
		}
		bytes += e.Bytes()
	}
	if bytes > MaxBatchBytes {
		return &LimitError{What: "payload and metadata bytes in a batch", Got: bytes, Max: MaxBatchBytes}
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

// repeated returns the receipt of the event that e repeats; ok is false if no event has
// e's key.
func (l *Log) repeated(e *Entry) (r Receipt, ok bool, err error) {
	k, ok, err := l.byID(e.ID)
	switch {
	case err != nil || !ok:
		return Receipt{}, false, err
	case k.Cancelled:
		return Receipt{}, false, &KeyError{ID: e.ID, Sequence: k.Sequence, Cancelled: true}
	}
	differs := e.differs(&k)
	removed := k.Kind == event.Tombstone && e.Kind != event.Tombstone // its kind is gone, the digest is not
	if removed {
		differs = slices.DeleteFunc(differs, func(what string) bool { return what == "kind" })
	}
	if len(differs) > 0 {
		return Receipt{}, false, &KeyError{ID: e.ID, Sequence: k.Sequence, Differs: differs, Removed: removed}
	}
	k.Repeated = true
	return k.Receipt, true, nil
}

// differs lists the parts of e that differ from the event k. Time, causation,
// correlation and metadata are not compared, since a retry may state others; nor are
// flags, which a record does not have.
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

// repeatedBatch is repeated for a batch, which must exist as a whole or not at all.
func (l *Log) repeatedBatch(dst []Receipt, entries []Entry) ([]Receipt, bool, error) {
	first, there := len(dst), -1
	for len(entries) > 1 && entries[len(entries)-1].Attached {
		entries = entries[:len(entries)-1]
	}
	for i := range entries {
		e := &entries[i]
		if !e.Key {
			continue
		}
		r, ok, err := l.repeated(e)
		if err != nil {
			return dst[:first], false, &ItemError{Item: i, Err: err}
		}
		if ok {
			dst, there = append(dst, r), i
		}
	}
	switch {
	case there < 0:
		return dst[:first], false, nil
	case len(dst)-first < len(entries):
		return dst[:first], false, &ItemError{
			Item: there,
			Err:  &KeyError{ID: entries[there].ID, Sequence: dst[len(dst)-1].Sequence, Partial: true},
		}
	}
	ids := make(map[event.ID]bool, len(entries))
	for i := range entries {
		if ids[entries[i].ID] { // such a batch was never appended
			return dst[:first], false, &ItemError{Item: i, Err: &KeyError{ID: entries[i].ID, Twice: true}}
		}
		ids[entries[i].ID] = true
	}
	return dst, true, nil
}

// stage numbers and encodes one event. After an error the caller must roll back.
func (l *Log) stage(e *Entry, us int64) (Receipt, error) {
	if e.Repetition {
		return Receipt{}, ErrNotRepetition
	}
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
	if !e.Expected.met(h.State) {
		return Receipt{}, &ExpectError{Entity: e.Entity, Expected: e.Expected, Actual: h.State}
	}
	for _, c := range e.Conditions {
		if err := l.holds(c); err != nil {
			return Receipt{}, err
		}
	}
	if err := l.facts(&rec.Facts, e, h, us); err != nil {
		return Receipt{}, err
	}
	l.encode(&rec, e, us)
	if err := l.draft.Add(&rec); err != nil {
		return Receipt{}, err
	}
	l.undo = append(l.undo, replacedHead{number: rec.Entity, head: *h})
	*h = head{
		Head: Head{
			Clock: rec.Clock, WallMS: rec.WallMS, Hash: rec.EventHash,
			State: State{Some: true, Clock: rec.Clock},
		},
		known: true, some: true,
	}
	l.next++
	return Receipt{ID: rec.ID, Sequence: rec.Sequence, Clock: rec.Clock, Position: rec.Position}, nil
}

// facts fills in f, the position aside.
func (l *Log) facts(f *event.Facts, e *Entry, h *head, us int64) error {
	if l.next >= artifact.MaxAllocator-1 {
		return &LimitError{What: "sequence", Got: l.next, Max: artifact.MaxAllocator - 2}
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
			return &LimitError{What: "clock of " + e.Entity, Got: uint64(h.Clock) + 1, Max: math.MaxUint32}
		}
		f.Clock = h.Clock + 1
		if h.WallMS < MaxWallMS { // do not propagate an invalid time
			f.WallMS = max(f.WallMS, h.WallMS)
		}
	}
	return nil
}

// encode appends the event's frame and sets its position.
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
		Meta:        e.Meta,
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

// marker appends the frame of a batch's BEGIN or COMMIT marker. count is the number of
// events in a BEGIN, 0 in a COMMIT. As in batpak, id is the sequence of the batch's
// first event.
func (l *Log) marker(kind event.Kind, count uint32, id uint64, us int64) {
	l.frames = segment.AppendMarker(l.frames, kind, count, id, us)
}
