package host

import (
	"bytes"
	"context"
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/core/store"
)

// ErrNoPermit: the store has a policy, and the append was not judged.
var ErrNoPermit = errors.New("thaw: the store has a policy, and the append was not judged; append through Store.As")

// Judge asks the store's policy about an append of all items or none, and returns a permit
// for [Store.AppendPermitted], or a *[gate.Denial]. It encodes the items as
// [Store.AppendBatch] does, with the same errors: what is judged is what will be written,
// and changing a value afterwards changes nothing. Without a policy it permits everything.
//
// Each gate gets each item, in order, up to the first refusal. Judge does not check what
// the items expect; that is done when they are written.
//
// If the key of the first item is that of an event, no gate is asked, since the append was
// judged when it was new: the permit is a repetition, which only gets the first receipts.
//
// [Store.As] judges and appends in one step.
func (s *Store) Judge(ctx context.Context, actor gate.Actor, items []Item) (*gate.Permit, error) {
	return s.As(actor).judge(ctx, items, false)
}

// JudgeAll is Judge that asks every gate about every item, also after a refusal.
func (s *Store) JudgeAll(ctx context.Context, actor gate.Actor, items []Item) (*gate.Permit, error) {
	return s.As(actor).judge(ctx, items, true)
}

// AppendPermitted appends the items of a permit, all or none, and returns their receipts.
// Its errors are those of [Store.AppendBatch], and [gate.ErrForeign] for a permit that this
// Store has not issued.
//
// It uses the permit up, whether it succeeds or not; a permit that was used is refused with
// [gate.ErrUsed]. After an error, such as an *[ExpectError] or the end of ctx, judge again:
// what the gates judged by may have changed.
func (s *Store) AppendPermitted(ctx context.Context, p *gate.Permit) ([]Receipt, error) {
	entries, err := s.issuer.Redeem(p)
	if err != nil {
		return nil, err
	}
	return s.As(p.Actor()).write(ctx, &gate.Batch{Actor: p.Actor(), NowUS: p.TimeUS(), Entries: entries})
}

// judge is Store.Judge.
func (a *ActingStore) judge(ctx context.Context, items []Item, all bool) (*gate.Permit, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	entries, err := a.store.batch(items)
	if err != nil {
		return nil, err
	}
	b := gate.Batch{Entries: entries, Values: shownItems(items), All: all}
	if err := a.admit(ctx, &b); err != nil {
		return nil, a.keepDenial(ctx, &b, err)
	}
	return a.store.issuer.Issue(b), nil
}

// admit returns nil if the policy permits the entries of b from b.From on, or if they may
// only repeat earlier ones. It fills in the actor and the time.
func (a *ActingStore) admit(ctx context.Context, b *gate.Batch) error {
	s := a.store
	b.Actor, b.NowUS = a.actor, s.options.Now().UnixMicro()
	if a.bypass != nil {
		if err := a.bypass.Check(); err != nil {
			return err
		}
		for i := b.From; i < len(b.Entries); i++ {
			b.Entries[i].Meta = a.bypass.Mark(b.Entries[i].Meta, a.actor)
		}
		return nil
	}
	if s.options.Policy == nil || len(b.Entries) == 0 {
		return nil
	}
	for i := b.From; i < len(b.Entries); i++ {
		b.Entries[i].Meta = gate.Unmark(b.Entries[i].Meta)
	}
	first := &b.Entries[0]
	if first.Repetition { // of a fence
		return nil
	}
	if first.Key && b.From == 0 {
		known, err := s.known(ctx, first.ID)
		if first.Repetition = known; known || err != nil {
			return err
		}
	}
	err := s.options.Policy.JudgeBatch(b)
	if err == nil || !first.Key || b.Open {
		return err
	}
	// The first attempt may have been on its way to the disk.
	repeats, lookup := s.repeats(ctx, b.Entries)
	if first.Repetition = repeats; repeats {
		return nil
	}
	return errors.Join(err, lookup)
}

// known reports whether a visible event has the id.
func (s *Store) known(ctx context.Context, id event.ID) (bool, error) {
	_, err := on(ctx, &s.queries, func(s *store.Snapshot) (event.Event, error) { return s.Get(id) })
	switch {
	case errors.Is(err, ErrNotFound) || errors.Is(err, ErrZeroID): // the append refuses it
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

// repeats asks the writer, which knows of every append before this one, whether entries
// repeat an earlier append or its key.
func (s *Store) repeats(ctx context.Context, entries []commit.Entry) (bool, error) {
	asked := make([]commit.Entry, len(entries))
	copy(asked, entries)
	for i := range asked {
		asked[i].Payload = bytes.Clone(asked[i].Payload) // the caller may reuse it if ctx ends
	}
	asked[0].Repetition = true
	_, err := s.sendBatch(ctx, &request{kind: requestBatch, entries: asked, admitted: true})
	switch {
	case errors.Is(err, commit.ErrNotRepetition):
		return false, nil
	case err == nil || errors.Is(err, ErrKey):
		return true, nil
	}
	return false, err
}

// shown returns the value that a gate sees. Bytes that are the caller's are not shown: the
// gate has the payload.
func shown(value any) any {
	if _, ok := value.(Raw); ok {
		return nil
	}
	return value
}

func shownItems(items []Item) []any {
	values := make([]any, len(items))
	for i := range items {
		values[i] = shown(items[i].Payload)
	}
	return values
}
