package aggregate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/storetest"
	"github.com/thawlog/thaw/host/typed"
)

type (
	partAdded  struct{ Name string }
	partMore   struct{ N int }
	sharedLine struct {
		Name string
		N    int
	}
	// cart has the last line twice: a decoded one would have a copy of it.
	cart struct {
		Lines []*sharedLine
		Last  *sharedLine
	}
	// parts has a pointer into a slice.
	parts struct {
		Lines []sharedLine
		Last  *sharedLine
	}
	// halves has two slices of one array.
	halves struct{ All, Tail []sharedLine }
	// twins has one map twice.
	twins struct{ A, B map[string]int }
	// apart has nothing twice.
	apart struct {
		Lines []*sharedLine
		Last  *sharedLine
		Any   any
		Empty []sharedLine
		None  map[string]int
	}
)

var cartTypes = typed.Registry(typed.Event[partAdded](0x1001, "line.added"), typed.Event[partMore](0x1002, "line.more"))

func (c *cart) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case partAdded:
		c.Last = &sharedLine{Name: v.Name}
		c.Lines = append(c.Lines, c.Last)
	case partMore:
		c.Last.N += v.N
	}
	return nil
}

func (c *parts) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case partAdded:
		c.Lines = append(c.Lines, sharedLine{Name: v.Name})
		c.Last = &c.Lines[len(c.Lines)-1]
	case partMore:
		c.Last.N += v.N
	}
	return nil
}

func (c *halves) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case partAdded:
		c.All = append(c.All, sharedLine{Name: v.Name})
		c.Tail = c.All[len(c.All)-1:]
	case partMore:
		c.Tail[0].N += v.N
	}
	return nil
}

func (c *twins) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case partAdded:
		c.A = map[string]int{v.Name: 0}
		c.B = c.A
	case partMore:
		c.B["a"] += v.N
	}
	return nil
}

func (c *apart) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case partAdded:
		c.Last = &sharedLine{Name: v.Name}
		c.Lines = append(c.Lines, &sharedLine{Name: v.Name})
		c.Any = "a"
		c.Empty = []sharedLine{}
	case partMore:
		c.Last.N += v.N
	}
	return nil
}

// TestStateSharesMemory: a state of which two parts are one gets no snapshot, since events
// after it would change only one of them.
func TestStateSharesMemory(t *testing.T) {
	t.Run("pointers", func(t *testing.T) { sharesMemory[cart](t, false) })
	t.Run("element", func(t *testing.T) { sharesMemory[parts](t, false) })
	t.Run("slices", func(t *testing.T) { sharesMemory[halves](t, false) })
	t.Run("maps", func(t *testing.T) { sharesMemory[twins](t, false) })
	t.Run("none", func(t *testing.T) { sharesMemory[apart](t, true) })
}

func sharesMemory[T any, P interface {
	*T
	typed.Folder
}](t *testing.T, saved bool) {
	st, c := storetest.Open(t), &cache{}
	with := aggregate.Of[T, P](st, cartTypes, "cart:", snapshots(c, 1))
	without := aggregate.Of[T, P](st, cartTypes, "cart:")
	do := func(v any) {
		_, err := without.Do(t.Context(), "1", func(*T) ([]any, error) { return []any{v}, nil })
		require.NoError(t, err)
	}
	do(partAdded{"a"})
	do(partMore{1})
	err := with.Snapshot(t.Context(), "1")
	if saved {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, aggregate.ErrSnapshotState)
	}
	do(partMore{10})
	want, err := without.Load(t.Context(), "1")
	require.NoError(t, err)
	got, err := closed(with).Load(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, want.State, got.State)
}

// unsavable is a state whose encoder panics.
type unsavable struct{ Text panics }

type panics struct{}

func (panics) MarshalText() ([]byte, error)     { panic("no text") }
func (*panics) UnmarshalText(_ []byte) error    { return nil }
func (*unsavable) Apply(_ typed.Envelope) error { return nil }

// TestPanicInBackground: a panic while a snapshot is written in the background does not end
// the process.
func TestPanicInBackground(t *testing.T) {
	st := storetest.Open(t)
	_, err := st.Append(t.Context(), storetest.At, 0x1001, host.Raw{0x80})
	require.NoError(t, err)
	a := aggregate.Of[unsavable](st, cartTypes, "ent", snapshots(&cache{}, 1))
	_, err = a.Load(t.Context(), "ity")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return a.SnapshotStatus().Failed == 1 }, 10e9, 1e6)
	require.ErrorIs(t, a.SnapshotStatus().Err, aggregate.ErrSnapshotState)
	a.Close()
}

// texts is a state with the names of all lines.
type texts struct{ Names []string }

func (s *texts) Apply(e typed.Envelope) error {
	s.Names = append(s.Names, e.Value.(partAdded).Name)
	return nil
}

// TestKeysUsedAgain: after a backup was restored, commands can come again under their keys and
// make other events. Store, ids, clocks and counts are then those of the snapshot.
func TestKeysUsedAgain(t *testing.T) {
	c := &cache{}
	for _, names := range [][]string{{"a", "b", "c"}, {"a", "x", "c"}} {
		st := storetest.Open(t)
		without := aggregate.Of[texts](st, cartTypes, "cart:")
		for i, name := range names {
			_, err := without.Do(t.Context(), "1", func(*texts) ([]any, error) { return []any{partAdded{name}}, nil },
				host.WithKey(host.KeyOf(fmt.Sprint("request ", i))))
			require.NoError(t, err)
		}
		with := closed(aggregate.Of[texts](st, cartTypes, "cart:", snapshots(c, 1)))
		l, err := with.Load(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, names, l.State.Names)
		require.NoError(t, with.Snapshot(t.Context(), "1"))
	}
}

// picky is a state that cannot be saved if it has a line of name "bad".
type picky struct {
	Lines  int
	hidden int
}

func (s *picky) Apply(e typed.Envelope) error {
	if s.Lines++; e.Value.(partAdded).Name == "bad" {
		s.hidden++
	}
	return nil
}

// TestBadEntity: an aggregate that cannot be saved keeps no other from being saved.
func TestBadEntity(t *testing.T) {
	st := storetest.Open(t)
	a := aggregate.Of[picky](st, cartTypes, "cart:", snapshots(&cache{}, 1))
	defer a.Close()
	for _, id := range []string{"bad", "good"} {
		_, err := a.Do(t.Context(), id, func(*picky) ([]any, error) { return []any{partAdded{id}}, nil })
		require.NoError(t, err)
	}
	load := func(id string) {
		_, err := a.Load(t.Context(), id)
		require.NoError(t, err)
	}
	load("bad")
	require.Eventually(t, func() bool { return a.SnapshotStatus().Failed == 1 }, 10*time.Second, time.Millisecond)
	load("bad") // it is not tried again so soon
	load("good")
	require.Eventually(t, func() bool { return a.SnapshotStatus().Written == 1 }, 10*time.Second, time.Millisecond)
	require.EqualValues(t, 1, a.SnapshotStatus().Failed)
}
