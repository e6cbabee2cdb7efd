package host

import (
	"bytes"
	"context"
	"errors"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host/payload"
)

// Records says which judgements a store keeps as events. A kind of 0 keeps none.
//
// The record of a permit or of a bypass is the last event of the append's batch: it exists
// if and only if the append does. The append's first event is its cause, so
// [Reader].Effects and Graph of that event show it. Find finds it from any event of the
// batch. It counts towards the limits of a batch. A refusal is recorded by an append of its
// own, in the conversation and with the cause of what was refused.
//
// A record has the metadata of the append's first event. Records are not judged. Nobody else
// can append what looks like one: an event of one of their kinds to their entity is refused with
// [ErrRecordKind].
type Records struct {
	// At is where records go.
	At event.Coordinate
	// Permitted is the kind of records with a gate.PermitRecord.
	Permitted event.Kind
	// Denied is the kind of records with a gate.DenialRecord.
	Denied event.Kind
	// Bypassed is the kind of records with a gate.BypassRecord.
	Bypassed event.Kind
}

// ErrRecordKind: the event has the entity and the kind of a record of a judgement, which only the
// store appends.
var ErrRecordKind = errors.New("thaw: only the store appends records of judgements: the event has their entity and kind")

// forged reports whether an event of an append would be taken for a record.
func (r *Records) forged(e *commit.Entry) bool {
	return r != nil && e.Kind != 0 && e.Entity == r.At.Entity &&
		(e.Kind == r.Permitted || e.Kind == r.Denied || e.Kind == r.Bypassed)
}

// errRecords: Options.Records keeps what nothing makes.
var errRecords = errors.New("thaw: Options.Records needs Options.Policy")

// RecordError reports that the record of a judgement could not be written, and so neither
// what was judged; or that Options.Records is wrong.
type RecordError struct{ Err error }

// Error returns the cause with what failed.
func (e *RecordError) Error() string { return "thaw: record of a judgement: " + escape.Cause(e.Err) }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// checkRecords returns why records could not be written, or nil.
func (o *Options) checkRecords() error {
	r := o.Records
	if r == nil {
		return nil
	}
	if o.Policy == nil {
		return &RecordError{Err: errRecords}
	}
	if err := r.At.Check(); err != nil {
		return &RecordError{Err: err}
	}
	for _, k := range []event.Kind{r.Permitted, r.Denied, r.Bypassed} {
		if k == 0 {
			continue
		}
		if err := commit.CheckKind(k); err != nil {
			return &RecordError{Err: err}
		}
	}
	return nil
}

// Find returns the record of the permit or the bypass with which an event was appended, or
// [ErrNotFound]. It reads at most one event, wherever the event is.
func (r *Records) Find(ctx context.Context, from Reader, e event.Event) (event.Full, error) {
	kinds := event.AnyOf(r.Permitted, r.Bypassed)
	region := Region{Entity: r.At.Entity, Kinds: kinds}
	for record, err := range from.ReadEach(ctx, from.Query(ctx, region, Page{From: e.Sequence + 1, Limit: 1})) {
		if err != nil {
			return event.Full{}, err
		}
		var about struct {
			Items uint64 `msgpack:"items"`
		}
		if err := payload.Unmarshal(record.Payload, &about); err != nil {
			return event.Full{}, &RecordError{Err: err}
		}
		if record.Sequence-e.Sequence <= about.Items {
			record.Payload = bytes.Clone(record.Payload) // valid after the loop
			return record, nil
		}
	}
	return event.Full{}, ErrNotFound
}

// recordKind returns the kind of the record of what a appends, 0 for none.
func (a *ActingStore) recordKind() event.Kind {
	r := a.store.options.Records
	switch {
	case r == nil:
		return 0
	case a.bypass != nil:
		return r.Bypassed
	}
	return r.Permitted
}

// record returns the record of an admitted batch.
func (a *ActingStore) record(b *gate.Batch) (commit.Entry, error) {
	var value any
	if a.bypass != nil {
		value = gate.NewBypassRecord(*a.bypass, b)
	} else {
		value = gate.NewPermitRecord(a.store.options.Policy, b)
	}
	e, err := a.recordEntry(a.recordKind(), value, &b.Entries[0])
	e.Cause, e.Attached = 1, true
	if e.Correlation.IsZero() {
		e.Correlation = b.Entries[0].ID
	}
	e.TimeUS, e.Timed = b.Entries[0].TimeUS, b.Entries[0].Timed // as all of a batch
	return e, err
}

// recordEntry returns a record in the conversation of an append's first event.
func (a *ActingStore) recordEntry(kind event.Kind, value any, first *commit.Entry) (commit.Entry, error) {
	encoded, err := payload.Marshal(value)
	if err != nil {
		return commit.Entry{}, &RecordError{Err: err}
	}
	o := &a.store.options
	return commit.Entry{
		Coordinate: o.Records.At, Kind: kind, Payload: encoded, Hash: blake3.Sum256(encoded),
		ID: a.store.ids.next(o.Now().UnixMilli(), o.Random()), Correlation: first.Correlation, Meta: first.Meta,
	}, nil
}

// keepDenial writes the record of a refusal, and returns why an append failed: err, with the
// error of the record if there is one.
func (a *ActingStore) keepDenial(ctx context.Context, b *gate.Batch, err error) error {
	r := a.store.options.Records
	var denial *gate.Denial
	if r == nil || r.Denied == 0 || !errors.As(err, &denial) {
		return err
	}
	e, failed := a.recordEntry(r.Denied, gate.NewDenialRecord(denial, b.NowUS), &b.Entries[0])
	if failed == nil {
		e.Causation = b.Entries[0].Causation
		_, failed = a.store.sendBatch(ctx, &request{kind: requestBatch, entries: []commit.Entry{e}, admitted: true})
	}
	if failed != nil {
		return errors.Join(err, &RecordError{Err: unitem(failed)})
	}
	return err
}
