package commit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// TestForgetKeepsHeads: a log that forgets the older of an entity's events goes on
// from the newest, although the past holds no more than what was forgotten.
func TestForgetKeepsHeads(t *testing.T) {
	past := newModel(0)
	log := commit.NewLog(past, 0)
	log.Start(1, 57)
	add := func(n byte, entity string) commit.Receipt {
		e := valid(n)
		e.Entity = entity
		r, err := log.Append(&e, 1000*int64(n))
		require.NoError(t, err)
		log.Commit()
		return r
	}
	head := func(n byte, clock uint32) commit.Head {
		return commit.Head{Clock: clock, WallMS: uint64(n), Hash: valid(n).Hash, State: commit.State{Some: true, Clock: clock}}
	}
	add(1, "a")
	add(2, "b")
	add(3, "a")
	require.ErrorIs(t, log.Forget(1), commit.ErrUnsealed)
	log.Start(2, 57)
	past.heads["a"], past.heads["b"] = head(1, 0), head(2, 0)
	require.NoError(t, log.Forget(2))
	require.EqualValues(t, 2, add(4, "a").Clock)
	require.EqualValues(t, 1, add(5, "b").Clock, "the past answers for what is forgotten")
	require.EqualValues(t, 0, add(6, "c").Clock)
	last := log.Committed(0)
	require.Equal(t, valid(3).Hash, last.At(1).Decode().PrevHash)
	require.Equal(t, valid(2).Hash, last.At(2).Decode().PrevHash)
	require.Equal(t, event.Hash{}, last.At(3).Decode().PrevHash)
}

// TestRollbackAfterForget: the footer has the names of its events in the order in which
// they came, whatever was forgotten and rolled back before.
func TestRollbackAfterForget(t *testing.T) {
	add := func(log *commit.Log, n byte, entity string) {
		e := valid(n)
		e.Entity = entity
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
	}
	var footers []string
	for _, rollback := range []bool{false, true} {
		log := commit.NewLog(commit.Nothing{}, 0)
		log.Start(1, 57)
		add(log, 1, "b")
		log.Commit()
		log.Start(2, 57)
		add(log, 2, "c")
		log.Commit()
		require.NoError(t, log.Forget(1))
		if rollback {
			add(log, 3, "a")
			log.Rollback()
		}
		add(log, 4, "b")
		log.Commit()
		require.ErrorIs(t, log.Forget(1), commit.ErrUnsealed)
		footers = append(footers, string(log.Footer(nil)))
	}
	require.Equal(t, footers[0], footers[1])
}
