package host

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
)

// ActingStore is a store as an actor uses it: its appends are judged by the store's policy
// and written if every gate permits them. It reads as the [Store] does. All methods are
// safe for concurrent use, and it needs no Close.
//
// An append is encoded once, and then judged: the gates see what is written. A refusal is a
// *[gate.Denial], and nothing of the append was written. A repetition under [WithKey] gets
// the first receipts also if the policy would refuse it now, and leaves no record.
type ActingStore struct {
	reader
	store  *Store
	actor  gate.Actor
	bypass *gate.Bypass
}

// reader keeps the field of the embedded interface unexported.
type reader = FollowReader

var _ FollowReader = (*ActingStore)(nil)

// As returns the store as an actor uses it. Without a policy its appends are those of the
// store.
func (s *Store) As(actor gate.Actor) *ActingStore {
	return &ActingStore{reader: s, store: s, actor: actor}
}

// Bypass returns a store whose appends are not judged. The reason, the justification and the
// actor's id go into the metadata of every event, see [gate.MetaBypass], and into a record
// if Options.Records asks for it. An append fails with [gate.ErrBypass] if the reason or the
// justification is empty.
func (s *Store) Bypass(b gate.Bypass, actor gate.Actor) *ActingStore {
	return &ActingStore{reader: s, store: s, actor: actor, bypass: &b}
}

// Append is [Store.Append] of what the policy permits.
func (a *ActingStore) Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...AppendOption) (Receipt, error) {
	if a.recordKind() != 0 {
		receipts, err := a.AppendBatch(ctx, []Item{{At: at, Kind: kind, Payload: value, Options: options}})
		if err != nil {
			return Receipt{}, unitem(err)
		}
		return receipts[0], nil
	}
	r := answeredRequests.Get().(*request)
	defer r.reuse()
	r.kind, r.entries, r.answered = requestAppend, r.one[:], true // nothing has it yet
	if err := a.store.entry(&r.one[0], at, kind, value, options, &r.buffer); err != nil {
		return Receipt{}, err
	}
	r.value[0] = shown(value)
	b := gate.Batch{Entries: r.entries, Values: r.value[:]}
	if err := a.admit(ctx, &b); err != nil {
		return Receipt{}, a.keepDenial(ctx, &b, err)
	}
	r.admitted = true
	if err := a.store.send(ctx, r); err != nil {
		return Receipt{}, err
	}
	return Receipt(r.receipts[0]), nil
}

// AppendBatch is [Store.AppendBatch] of what the policy permits. One refusal refuses all
// items.
func (a *ActingStore) AppendBatch(ctx context.Context, items []Item) ([]Receipt, error) {
	entries, err := a.store.batch(items)
	if err != nil {
		return nil, err
	}
	b := gate.Batch{Entries: entries, Values: shownItems(items)}
	if err := a.admit(ctx, &b); err != nil {
		return nil, a.keepDenial(ctx, &b, err)
	}
	return a.write(ctx, &b)
}

// AppendEach is [Store.AppendEach] of what the policy permits. Each item is judged on its
// own; it stops at the first that is refused, with an *[EachError].
func (a *ActingStore) AppendEach(ctx context.Context, items []Item) ([]Receipt, error) {
	return a.store.appendEach(ctx, items, a)
}

// Fence begins a fence whose events are judged one by one, as they are added: an event that
// is refused does not become part of it. Its gates do not know how many events follow. A
// gate must not use the fence.
func (a *ActingStore) Fence() *Fence { return &Fence{store: a.store, as: a} }

// commit writes the events of a fence.
func (a *ActingStore) commit(ctx context.Context, entries []commit.Entry) ([]Receipt, error) {
	return a.write(ctx, &gate.Batch{Actor: a.actor, NowUS: a.store.options.Now().UnixMicro(), Entries: entries})
}

// write writes admitted entries as one batch, with their record.
func (a *ActingStore) write(ctx context.Context, b *gate.Batch) ([]Receipt, error) {
	n := len(b.Entries)
	if n == 0 {
		return nil, nil
	}
	r := &request{kind: requestBatch, entries: b.Entries, admitted: true}
	if a.recordKind() != 0 {
		record, err := a.record(b)
		if err != nil {
			return nil, err
		}
		r.entries = append(r.entries[:n:n], record)
	}
	receipts, err := a.store.sendBatch(ctx, r)
	if len(receipts) > n {
		receipts = receipts[:n]
	}
	var item *ItemError
	if errors.As(err, &item) && item.Item == n {
		return nil, &RecordError{Err: item.Err}
	}
	return receipts, err
}

// admitEach judges the entries of a request of AppendEach, each on its own, and adds their
// records. It leaves out those from the first refusal on, and returns that and what was
// refused.
func (a *ActingStore) admitEach(ctx context.Context, r *request, items []Item) (b gate.Batch, err error) {
	entries := r.entries
	r.entries, r.admitted, r.recorded = make([]commit.Entry, 0, 2*len(entries)), true, a.recordKind() != 0
	for i := range entries {
		b = gate.Batch{Entries: entries[i : i+1], Values: []any{shown(items[i].Payload)}}
		if err := a.admit(ctx, &b); err != nil {
			return b, err
		}
		r.entries = append(r.entries, entries[i])
		if r.recorded {
			record, err := a.record(&b)
			if err != nil {
				r.entries = r.entries[:len(r.entries)-1]
				return b, err
			}
			r.entries = append(r.entries, record)
		}
	}
	return b, nil
}

// unitem returns the error of the only item of an append.
func unitem(err error) error {
	var item *ItemError
	if errors.As(err, &item) {
		return item.Err
	}
	return err
}
