package commit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// forget makes the log forget n records in one step.
func forget(t require.TestingT, log *commit.Log, n int) {
	dropped, err := log.Forget(n)
	require.NoError(t, err)
	require.Equal(t, n, dropped)
}

// appendOf appends and commits event n, of an entity.
func appendOf(t *testing.T, log *commit.Log, n byte, entity string) commit.Receipt {
	e := valid(n)
	e.Entity = entity
	r, err := log.Append(&e, 1000*int64(n))
	require.NoError(t, err)
	log.Commit()
	return r
}

// appender returns a function that appends and commits the next event, of an entity.
func appender(t *testing.T, log *commit.Log) func(entity string) commit.Receipt {
	n := byte(0)
	return func(entity string) commit.Receipt {
		n++
		return appendOf(t, log, n, entity)
	}
}

// TestForgetKeepsHeads: a log that forgets an entity's older events continues its newest
// one, although the history holds only the forgotten events.
func TestForgetKeepsHeads(t *testing.T) {
	history := newModel(0)
	log := commit.NewLog(history, 0)
	log.Start(1, 57)
	add := func(n byte, entity string) commit.Receipt { return appendOf(t, log, n, entity) }
	head := func(n byte, clock uint32) commit.Head {
		return commit.Head{Clock: clock, WallMS: uint64(n), Hash: valid(n).Hash, State: commit.State{Some: true, Clock: clock}}
	}
	add(1, "a")
	add(2, "b")
	add(3, "a")
	_, err := log.Forget(1)
	require.ErrorIs(t, err, commit.ErrUnsealed)
	log.Start(2, 57)
	history.heads["a"], history.heads["b"] = head(1, 0), head(2, 0)
	forget(t, log, 2)
	require.EqualValues(t, 2, add(4, "a").Clock)
	require.EqualValues(t, 1, add(5, "b").Clock, "the history answers for forgotten events")
	require.EqualValues(t, 0, add(6, "c").Clock)
	last := log.Committed(0)
	require.Equal(t, valid(3).Hash, last.At(1).Decode().PrevHash)
	require.Equal(t, valid(2).Hash, last.At(2).Decode().PrevHash)
	require.Equal(t, event.Hash{}, last.At(3).Decode().PrevHash)
}

// TestForgetAgain: the head of an entity whose event stays is kept however often the log forgets
// others before it.
func TestForgetAgain(t *testing.T) {
	history := newModel(0)
	log := commit.NewLog(history, 0)
	log.Start(1, 57)
	add := appender(t, log)
	for range 10 {
		add("b")
	}
	require.Zero(t, add("a").Clock)
	history.heads["a"] = commit.Head{Clock: 77} // must not be asked for
	log.Start(2, 57)
	for range 10 {
		forget(t, log, 1)
	}
	require.EqualValues(t, 1, add("a").Clock)
}

// TestForgetKeepsTheRest: whatever the number of records that are copied at a time, all of those
// that stay are.
func TestForgetKeepsTheRest(t *testing.T) {
	for by := 1; by < 9; by++ {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.ForgetBy(by)
		log.Start(1, 57)
		for n := range byte(8) {
			e := valid(n + 1)
			_, err := log.Append(&e, 1000*int64(n))
			require.NoError(t, err)
		}
		log.Commit()
		log.Start(2, 57)
		for dropped := 0; dropped == 0; {
			var err error
			dropped, err = log.Forget(2)
			require.NoError(t, err)
		}
		rest := log.Committed(0)
		require.Equal(t, 6, rest.Len(), by)
		for i := range 6 {
			require.Equal(t, uint64(2+i), rest.At(i).Decode().Sequence)
		}
	}
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
		forget(t, log, 1)
		if rollback {
			add(log, 3, "a")
			log.Rollback()
		}
		add(log, 4, "b")
		log.Commit()
		_, err := log.Forget(1)
		require.ErrorIs(t, err, commit.ErrUnsealed)
		footers = append(footers, string(log.Footer(nil)))
	}
	require.Equal(t, footers[0], footers[1])
}

// TestForgetInSteps: a step copies few records, more come than in a step, and the log answers
// as ever between steps.
func TestForgetInSteps(t *testing.T) {
	history := newModel(0)
	log := commit.NewLog(history, 0)
	log.ForgetBy(2)
	log.Start(1, 57)
	n := byte(0)
	add := func(entity string) commit.Receipt {
		n++
		e := valid(n)
		e.Entity, e.Key = entity, true
		r, err := log.Append(&e, 1000*int64(n))
		require.NoError(t, err)
		return r
	}
	for range 3 {
		add("a")
	}
	log.Commit()
	log.Start(2, 57)
	for range 5 {
		add("b")
	}
	log.Commit()
	history.heads["a"] = commit.Head{Clock: 77} // must not be asked for
	dropped, err := log.Forget(2)
	require.NoError(t, err)
	require.Zero(t, dropped, "2 of 6 copied")
	require.EqualValues(t, 3, add("a").Clock)
	add("c")
	log.Rollback()
	require.EqualValues(t, 3, add("a").Clock)
	log.Commit()
	log.Start(3, 57)
	dropped, err = log.Forget(8)
	require.NoError(t, err)
	require.Equal(t, 2, dropped, "2, and 4 for the new one; the first number counts")
	require.Equal(t, 7, log.Committed(0).Len())
	require.EqualValues(t, 4, add("a").Clock)
	require.EqualValues(t, 5, add("b").Clock)
	e := valid(4)
	e.Entity, e.Key = "b", true
	r, err := log.Append(&e, 1)
	require.NoError(t, err)
	require.True(t, r.Repeated)
	log.Commit()
	require.Equal(t, 2, log.Committed(7).Len())
}

// asked counts the look-ups of entities.
type asked struct {
	*model
	entities []string
}

func (a *asked) Latest(entity string) (commit.Head, bool, error) {
	a.entities = append(a.entities, entity)
	return a.model.Latest(entity)
}

// TestForgottenHeadsAreKept: the history is not asked for the last event of an entity that
// was in use lately, until Removed.
func TestForgottenHeadsAreKept(t *testing.T) {
	history := &asked{model: newModel(0)}
	log := commit.NewLog(history, 0)
	segment := uint64(0)
	add := appender(t, log)
	turn := func() {
		segment++
		log.Start(segment, 57)
		if n := log.Committed(0).Len(); n > 0 {
			forget(t, log, n)
		}
	}
	turn()
	add("a")
	add("b")
	turn()
	add("a")
	turn()
	require.EqualValues(t, 2, add("a").Clock, "the last draft goes before the one before")
	require.EqualValues(t, 1, add("b").Clock)
	require.Equal(t, []string{"a", "b"}, history.entities)
	turn()
	for _, other := range []string{"c", "d", "e"} {
		add(other)
		turn()
	}
	require.EqualValues(t, 2, add("b").Clock, "four drafts are kept")
	turn()
	history.entities = nil
	add("a")
	require.Equal(t, []string{"a"}, history.entities, "but not five")
	turn()
	history.heads["b"] = commit.Head{Clock: 6, State: commit.State{Some: true, Clock: 6}}
	require.NoError(t, log.Removed(0))
	require.EqualValues(t, 7, add("b").Clock)
}

// TestRemovedForgetsRegions: a condition that held is broken when a removal has given an event
// the kind that it asks for, and holds again when that event is gone.
func TestRemovedForgetsRegions(t *testing.T) {
	history := newModel(3)
	for n := range byte(3) {
		e := valid(n + 1)
		history.events = append(history.events, commit.Known{Receipt: commit.Receipt{ID: e.ID, Sequence: uint64(n)}, Coordinate: e.Coordinate, Kind: e.Kind})
	}
	log := commit.NewLog(history, 3)
	log.Start(1, 57)
	add := func(n byte) error {
		e := conditional(n, "other", unless(0, query.Region{Kinds: event.Only(event.Tombstone)})...)
		_, err := log.Append(&e, 5)
		log.Commit()
		return err
	}
	require.NoError(t, add(4))
	history.events[1].Kind = event.Tombstone
	require.NoError(t, log.Removed(0))
	var conflict *commit.ConditionError
	require.ErrorAs(t, add(5), &conflict)
	require.EqualValues(t, 1, conflict.Sequence)
	history.events = history.events[2:]
	require.NoError(t, log.Removed(0))
	require.NoError(t, add(6))
}
