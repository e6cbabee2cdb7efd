package host

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
	"github.com/zeebo/blake3"
)

// Append appends one event to an entity's stream and returns where it went. A
// nil error means that it is on disk, unless the store was opened with another
// [Durability]. value is encoded as package payload describes; [Raw] is stored
// as it is.
//
// An *[ExpectError], *[KeyError], *[KindError], *[NameError], *[LimitError], a payload
// or event error: the append is refused and nothing was written. A *[WriteError]: it could not be
// written and was taken back. A *[FailedError]: the store takes no more writes;
// whether this event is there is decided by the next open. The error of ctx: not
// written, or, where it is [ErrUnknown] too, perhaps written.
func (s *Store) Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...AppendOption) (Receipt, error) {
	r := newRequest(requestAppend)
	r.entries = r.one[:]
	if err := s.entry(&r.one[0], at, kind, value, options); err != nil {
		return Receipt{}, err
	}
	if err := s.send(ctx, r); err != nil {
		return Receipt{}, err
	}
	return Receipt(r.receipts[0]), nil
}

// AppendBatch appends events that exist together or not at all, and returns their
// receipts in the same order. One item is written as Append writes it. Errors are those of Append; one that is about one
// item is an *[ItemError]. No items are no error and write nothing.
func (s *Store) AppendBatch(ctx context.Context, items []Item) ([]Receipt, error) {
	if len(items) > commit.MaxBatch {
		return nil, &LimitError{What: "events in a batch", Got: uint64(len(items)), Max: commit.MaxBatch}
	}
	entries, bytes, err := s.entries(items, commit.MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	if bytes > commit.MaxBatchBytes {
		return nil, &LimitError{What: "payload bytes in a batch", Got: bytes, Max: commit.MaxBatchBytes}
	}
	return s.sendBatch(ctx, requestBatch, entries)
}

// AppendEach appends events one after the other, each for itself, as fast as a
// batch. It stops at the first that is refused: the error is then an *[EachError],
// and the receipts are those of the items in front.
func (s *Store) AppendEach(ctx context.Context, items []Item) ([]Receipt, error) {
	var receipts []Receipt
	for done := 0; done < len(items); {
		n := min(len(items)-done, eachAtOnce)
		entries, _, bad := s.entries(items[done:done+n], eachBytes)
		got, err := s.sendBatch(ctx, requestEach, entries)
		receipts = append(receipts, got...)
		done += len(got)
		var each *EachError
		switch {
		case errors.As(err, &each):
			return receipts, &EachError{Done: done, Err: each.Err}
		case err != nil:
			return receipts, &EachError{Done: done, Err: err}
		case bad != nil:
			var item *ItemError // which counts from the middle of items
			errors.As(bad, &item)
			return receipts, &EachError{Done: done, Err: item.Err}
		}
	}
	return receipts, nil
}

// eachAtOnce is how many items of AppendEach share a sync, and eachBytes how many
// bytes of payloads.
const (
	eachAtOnce = 1000
	eachBytes  = 2 << 20
)

// Sync returns when everything that was appended before is on disk. With
// [OnDisk] it is already.
func (s *Store) Sync(ctx context.Context) error { return s.send(ctx, newRequest(requestSync)) }

func (s *Store) sendBatch(ctx context.Context, kind requestKind, entries []commit.Entry) ([]Receipt, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	r := newRequest(kind)
	r.entries = entries
	err := s.send(ctx, r)
	if errors.Is(err, ErrUnknown) { // the writer has it still
		return nil, err
	}
	return receiptsOf(r.receipts), err
}

// send hands a request to the writer and waits for the answer. When ctx ends
// first, the request is taken back, or its outcome is not known.
func (s *Store) send(ctx context.Context, r *request) error {
	if err := s.enter(ctx, r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	if r.abandon() {
		return context.Cause(ctx)
	}
	select {
	case <-r.done: // it was answered meanwhile
		return r.err
	default:
		return errors.Join(ErrUnknown, context.Cause(ctx))
	}
}

// enter queues a request. Close waits until nobody is in here.
func (s *Store) enter(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return ErrClosed
	}
	s.inside.Add(1)
	s.entering.Unlock()
	defer s.inside.Done()
	select {
	case s.requests <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closed:
		return ErrClosed
	}
}

// entry makes e of the arguments of an append. The payload is encoded, checked
// and copied, so that the caller may reuse its bytes whatever becomes of the
// append.
func (s *Store) entry(e *commit.Entry, at event.Coordinate, kind event.Kind, value any, options []AppendOption) error {
	var err error
	*e = commit.Entry{Coordinate: at, Kind: kind}
	if e.Payload, err = encodePayload(value); err != nil {
		return err
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
		}
	}
	if !e.Key {
		e.ID = s.ids.next(s.options.Now().UnixMilli(), s.options.Random())
	}
	return nil
}

// entries is entry for several items, of which it stops behind the one with which
// the payloads come to more than most bytes: items may share one payload, of
// which every entry has a copy. With an *[ItemError] it returns those in front of
// the item.
func (s *Store) entries(items []Item, most uint64) (entries []commit.Entry, bytes uint64, err error) {
	entries = make([]commit.Entry, len(items))
	for i := range items {
		it := &items[i]
		if err := s.entry(&entries[i], it.At, it.Kind, it.Payload, it.Options); err != nil {
			return entries[:i], bytes, &ItemError{Item: i, Err: err}
		}
		if bytes += uint64(len(entries[i].Payload)); bytes > most {
			return entries[:i+1], bytes, nil
		}
	}
	return entries, bytes, nil
}

func encodePayload(value any) ([]byte, error) {
	raw, ok := value.(Raw)
	if !ok {
		return payload.Marshal(value)
	}
	if len(raw) > commit.MaxPayload {
		return nil, &LimitError{What: "payload bytes", Got: uint64(len(raw)), Max: commit.MaxPayload}
	}
	if err := payload.Check(raw); err != nil {
		return nil, err
	}
	return append([]byte(nil), raw...), nil
}

// ids makes event ids for many goroutines.
type ids struct {
	mu   sync.Mutex
	made event.IDs
}

// next makes an id at ms since the Unix epoch; a time before is 0, since the
// append will be refused for it anyway.
func (g *ids) next(ms int64, random uint64) event.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made.Next(uint64(max(ms, 0)), random)
}
