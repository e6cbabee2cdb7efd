package host

import (
	"bytes"
	"context"
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/gate"
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
// A refusal does not count if an event has the key of the first item: the append was judged
// when it was new. Its permit is a repetition, which only gets the first receipts.
//
// [Store.As] judges and appends in one step.
func (s *Store) Judge(ctx context.Context, actor gate.Actor, items []Item) (*gate.Permit, error) {
	return s.As(actor).judge(ctx, items, false)
}

// JudgeAll is Judge that asks every gate about every item, also after a refusal. Both keep a
// refusal as [Records] says.
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
	for i := b.From; i < len(b.Entries); i++ {
		if s.options.Records.forged(&b.Entries[i]) {
			return ErrRecordKind
		}
	}
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
	err := s.options.Policy.JudgeBatch(b)
	if err != nil {
		s.nameKind(err)
	}
	if err == nil || !first.Key {
		return err
	}
	known, lookup := s.keyKnown(ctx, first)
	if first.Repetition = known; known {
		return nil
	}
	return errors.Join(err, lookup)
}

// nameKind fills in the name of a denial's kind.
func (s *Store) nameKind(err error) {
	var denial *gate.Denial
	if errors.As(err, &denial) {
		denial.KindName = s.options.KindNames[denial.Kind]
	}
}

// keyKnown asks the writer, which knows of every append before this one, even of those on
// their way to the disk, whether an event has the key of e.
func (s *Store) keyKnown(ctx context.Context, e *commit.Entry) (bool, error) {
	r := &request{kind: requestAppend, admitted: true}
	r.one[0], r.entries = *e, r.one[:]
	r.one[0].Payload = bytes.Clone(e.Payload) // the caller reuses it if ctx ends
	r.one[0].Repetition = true
	err := s.send(ctx, r)
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
