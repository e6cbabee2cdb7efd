package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// ErrSequence is returned when a sequence would not rise, or would pass 2^63.
var ErrSequence = errors.New("replay: sequences do not rise")

// txn is one transaction on a log: it happens as a whole or not at all. At most
// one may be open at a time.
type txn struct {
	log         *Log
	draft       artifact.Savepoint
	least, next uint64
}

// begin opens a transaction.
func (l *Log) begin() txn {
	return txn{log: l, draft: l.draft.Savepoint(), least: l.least, next: l.next}
}

// insertAt adds an event with a known sequence, which must be above every used
// one. It may lie below the floor: a sequence given out after the artifact was
// written shows that the floor is too high.
func (t txn) insertAt(sequence uint64, f event.Facts, entity, scope []byte) (uint64, error) {
	if err := t.allows(sequence); err != nil {
		return 0, err
	}
	r := event.Record{Facts: f}
	var err error
	if r.Entity, err = t.log.draft.Intern(entity); err != nil {
		return 0, err
	}
	if r.Scope, err = t.log.draft.Intern(scope); err != nil {
		return 0, err
	}
	r.Sequence = sequence
	if err := t.log.draft.Add(&r); err != nil {
		return 0, err
	}
	t.took(sequence)
	return sequence, nil
}

func (t txn) allows(sequence uint64) error {
	if sequence < t.log.least || sequence >= artifact.MaxAllocator {
		return ErrSequence
	}
	return nil
}

// took marks a sequence as used.
func (t txn) took(sequence uint64) { t.log.least, t.log.next = sequence+1, sequence+1 }

// commit makes everything inserted visible.
func (t txn) commit() { t.log.committed = t.log.draft.Len() }

// abort removes everything inserted and frees the sequences.
func (t txn) abort() {
	t.log.draft.Rollback(t.draft)
	t.log.least, t.log.next = t.least, t.next
}

// first returns the number of the transaction's first record.
func (t txn) first() int { return t.draft.Records() }
