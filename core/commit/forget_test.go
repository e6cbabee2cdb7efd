package commit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// TestForgetKeepsHeads: a log that forgets an entity's older events continues its newest
// one, although the history holds only the forgotten events.
func TestForgetKeepsHeads(t *testing.T) {
	history := newModel(0)
	log := commit.NewLog(history, 0)
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
	history.heads["a"], history.heads["b"] = head(1, 0), head(2, 0)
	require.NoError(t, log.Forget(2))
	require.EqualValues(t, 2, add(4, "a").Clock)
	require.EqualValues(t, 1, add(5, "b").Clock, "the history answers for forgotten events")
	require.EqualValues(t, 0, add(6, "c").Clock)
	last := log.Committed(0)
	require.Equal(t, valid(3).Hash, last.At(1).Decode().PrevHash)
	require.Equal(t, valid(2).Hash, last.At(2).Decode().PrevHash)
	require.Equal(t, event.Hash{}, last.At(3).Decode().PrevHash)
}

// TestRollbackAfterForget: the footer lists names in the order of its events, also after
// a Forget and a Rollback.
func TestRollbackAfterForget(t *testing.T) {
	add := func(log *commit.Log, n byte, entity string) {
		e := valid(n)
		e.Entity = entity
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
	}
	var footers []string
	for _, rollback := range []bool{false, true} {
		log := commit.NewLog(commit.NoHistory{}, 0)
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
