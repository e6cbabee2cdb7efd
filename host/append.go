package host

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host/payload"
	"github.com/zeebo/blake3"
)

// Append appends one event to an entity's stream and returns its receipt. A nil error
// means that the event is on disk, unless the store was opened with another
// [Durability]. Append encodes value as package payload describes, and stores [Raw]
// unchanged.
//
// An *[ExpectError], *[ConditionError], *[KeyError], *[KindError], *[NameError],
// *[LimitError], *[PositionError], *[MetaError], or a payload or event error means
// that the append was refused and nothing was written. A
// *[WriteError] means that the write failed and was undone. A *[FailedError] means that
// the store is now read-only; the next open decides whether this event exists. The error
// of ctx means that the event was not written or, if it is also [ErrUnknown], that it may
// have been written.
func (s *Store) Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...AppendOption) (Receipt, error) {
	r := answeredRequests.Get().(*request)
	defer r.reuse()
	r.kind, r.entries, r.answered = requestAppend, r.one[:], true // nothing has it yet
	if err := s.entry(&r.one[0], at, kind, value, options, &r.buffer); err != nil {
		return Receipt{}, err
	}
	if err := s.send(ctx, r); err != nil {
		return Receipt{}, err
	}
	return Receipt(r.receipts[0]), nil
}

// AppendBatch appends all events or none, and returns their receipts in the same order.
// It writes a single item as Append does. Its errors are those of Append; an error about
// one item is an *[ItemError]. Without items it writes nothing and returns nil.
// A batch is safe to repeat only if every item has a key: see [WithKey].
func (s *Store) AppendBatch(ctx context.Context, items []Item) ([]Receipt, error) {
	entries, err := s.batch(items)
	if err != nil {
		return nil, err
	}
	return s.sendBatch(ctx, &request{kind: requestBatch, entries: entries})
}

// batch returns the entries of a batch.
func (s *Store) batch(items []Item) ([]commit.Entry, error) {
	if len(items) > commit.MaxBatch {
		return nil, &LimitError{What: "events in a batch", Got: uint64(len(items)), Max: commit.MaxBatch}
	}
	entries, bytes, err := s.entries(items, commit.MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	if bytes > commit.MaxBatchBytes {
		return nil, &LimitError{What: "payload and metadata bytes in a batch", Got: bytes, Max: commit.MaxBatchBytes}
	}
	return entries, nil
}

// AppendEach appends events one by one, each on its own, as fast as a batch. It stops at
// the first one that fails: the error is then an *[EachError], and the receipts are those
// of the items before it.
func (s *Store) AppendEach(ctx context.Context, items []Item) ([]Receipt, error) {
	return s.appendEach(ctx, items, nil)
}

// appendEach appends items one by one, as the acting store unless that is nil.
func (s *Store) appendEach(ctx context.Context, items []Item, as *ActingStore) ([]Receipt, error) {
	var receipts []Receipt
	for done := 0; done < len(items); {
		n := min(len(items)-done, eachAtOnce)
		entries, _, bad := s.entries(items[done:done+n], eachBytes)
		r := &request{kind: requestEach, entries: entries}
		var b gate.Batch
		var denied error
		if as != nil {
			b, denied = as.admitEach(ctx, r, items[done:done+n])
		}
		got, err := s.sendBatch(ctx, r)
		receipts = append(receipts, got...)
		done += len(got)
		var each *EachError
		switch {
		case errors.As(err, &each):
			return receipts, &EachError{Done: done, Err: each.Err}
		case err != nil:
			return receipts, &EachError{Done: done, Err: err}
		case denied != nil:
			return receipts, &EachError{Done: done, Err: as.keepDenial(ctx, &b, denied)}
		case bad != nil:
			var item *ItemError // counts from the start of this chunk
			errors.As(bad, &item)
			return receipts, &EachError{Done: done, Err: item.Err}
		}
	}
	return receipts, nil
}

// eachAtOnce bounds the items of AppendEach that share a sync, and eachBytes the bytes of
// their payloads and metadata.
const (
	eachAtOnce = 1000
	eachBytes  = 2 << 20
)

// Sync returns when all earlier appends are on disk. With [OnDisk] they already are.
func (s *Store) Sync(ctx context.Context) error { return s.send(ctx, &request{kind: requestSync}) }

func (s *Store) sendBatch(ctx context.Context, r *request) ([]Receipt, error) {
	if len(r.entries) == 0 {
		return nil, nil
	}
	err := s.send(ctx, r)
	if errors.Is(err, ErrUnknown) { // the writer still has it
		return nil, err
	}
	return receiptsOf(r.receipts), err
}

// send has a request served and waits for the answer. If ctx ends while the request is
// queued, it is withdrawn; later its outcome is unknown.
func (s *Store) send(ctx context.Context, r *request) error {
	r.answered = false
	if s.options.Policy != nil && !r.admitted && r.kind != requestSync {
		return ErrNoPermit
	}
	if s.options.Cipher != nil {
		if err := s.seal(ctx, r); err != nil {
			return err
		}
	}
	if served, err := s.enter(ctx, r); served || err != nil {
		return err
	}
	select {
	case <-r.done:
		r.answered = true
		return r.err
	case <-ctx.Done():
	}
	if r.abandon() {
		return context.Cause(ctx)
	}
	select {
	case <-r.done: // answered meanwhile
		r.answered = true
		return r.err
	default:
		return errors.Join(ErrUnknown, context.Cause(ctx))
	}
}

// enter serves a request or queues it. Close waits until all calls of enter have returned.
func (s *Store) enter(ctx context.Context, r *request) (served bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, context.Cause(ctx)
	}
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return false, ErrClosed
	}
	s.inside.Add(1)
	s.entering.Unlock()
	defer s.inside.Done()
	done := r.done
	r.done = nil
	if s.writer.direct(r) {
		r.done, r.answered = done, true
		return true, r.err
	}
	if r.done = done; done == nil {
		r.done = make(chan struct{}, 1)
	}
	select {
	case s.requests <- r:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-s.closed:
		return false, ErrClosed
	}
}

// entry fills e from the arguments of an append. It encodes, checks and copies the
// payload, so the caller may reuse its bytes; a copy goes into buffer unless that is nil.
func (s *Store) entry(e *commit.Entry, at event.Coordinate, kind event.Kind, value any, options []AppendOption, buffer *[]byte) error {
	*e = commit.Entry{Coordinate: at, Kind: kind}
	if raw, ok := value.(Raw); ok {
		if err := checkRaw(raw); err != nil {
			return err
		}
		if buffer == nil {
			buffer = new([]byte)
		}
		*buffer = append((*buffer)[:0], raw...)
		e.Payload = *buffer
	} else {
		var err error
		if e.Payload, err = payload.Marshal(value); err != nil {
			return err
		}
	}
	e.Hash = blake3.Sum256(e.Payload)
	for _, o := range options {
		switch o.what {
		case optExpect:
			e.Expected = o.expected
		case optKey:
			e.ID, e.Key = o.id, true
		case optCorrelation:
			if err := commit.CheckID(o.id); err != nil {
				return fmt.Errorf("correlation: %w", err)
			}
			e.Correlation = o.id
		case optCausation:
			if err := commit.CheckID(o.id); err != nil {
				return fmt.Errorf("causation: %w", err)
			}
			e.Causation, e.Cause = o.id, 0
		case optCause:
			if o.number < 0 || o.number > commit.MaxBatch {
				return commit.ErrCause
			}
			e.Causation, e.Cause = event.ID{}, int(o.number)+1
		case optFlags:
			e.Flags = uint8(o.number)
		case optTime:
			e.TimeUS, e.Timed = o.number, true
		case optReservedKind:
			e.ReservedKind = true
		case optMeta:
			e.Meta = o.meta
		case optUnless:
			if err := commit.CheckRegions(o.condition.Regions); err != nil {
				return err
			}
			if e.Conditions == nil {
				e.Conditions = o.condition.alone[:]
				break
			}
			e.Conditions = append(e.Conditions, &o.condition.Condition)
		}
	}
	if !e.Key {
		e.ID = s.ids.next(s.options.Now().UnixMilli(), s.options.Random())
	}
	return nil
}

// entries is entry for several items. It stops after the item with which payloads and
// metadata exceed most bytes: items may share one payload, and every entry copies it. With an
// *[ItemError] it returns the entries before that item.
func (s *Store) entries(items []Item, most uint64) (entries []commit.Entry, bytes uint64, err error) {
	entries = make([]commit.Entry, len(items))
	for i := range items {
		it := &items[i]
		if err := s.entry(&entries[i], it.At, it.Kind, it.Payload, it.Options, nil); err != nil {
			return entries[:i], bytes, &ItemError{Item: i, Err: err}
		}
		if bytes += entries[i].Bytes(); bytes > most {
			return entries[:i+1], bytes, nil
		}
	}
	return entries, bytes, nil
}

func checkRaw(raw Raw) error {
	if len(raw) > commit.MaxPayload {
		return &LimitError{What: "payload bytes", Got: uint64(len(raw)), Max: commit.MaxPayload}
	}
	return payload.Check(raw)
}

// ids makes event ids for many goroutines.
type ids struct {
	mu   sync.Mutex
	made event.IDs
}

// next makes an id at ms since the Unix epoch. A negative time counts as 0; the append
// will be refused for it anyway.
func (g *ids) next(ms int64, random uint64) event.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made.Next(uint64(max(ms, 0)), random)
}
