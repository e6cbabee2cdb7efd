package storetest_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
)

var (
	_ storetest.Store = (*host.Store)(nil)
	_ storetest.Store = (*host.ActingStore)(nil)
)

var quiet = slog.New(slog.DiscardHandler)

func TestOpen(t *testing.T) {
	var s *host.Store
	require.Empty(t, failure(t, func(t testing.TB) {
		s = storetest.Open(t)
		_, err := s.Append(t.Context(), storetest.At, 0x1002, paid{1})
		require.NoError(t, err)
	}))
	_, err := s.Append(t.Context(), storetest.At, 0x1002, paid{1})
	require.ErrorIs(t, err, host.ErrClosed)

	full := failfs.New(crashfs.New())
	full.Fail(failfs.Rule{Kinds: failfs.MkdirAll})
	said := failure(t, func(t testing.TB) { storetest.OpenWith(t, host.Options{FS: full}) })
	require.Contains(t, said, failfs.ErrInjected.Error())

	broken := failfs.New(crashfs.New())
	said = failure(t, func(t testing.TB) {
		s := storetest.OpenWith(t, host.Options{FS: broken})
		_, err := s.Append(t.Context(), storetest.At, 0x1002, paid{1})
		require.NoError(t, err)
		broken.Fail(failfs.Rule{Kinds: failfs.Sync | failfs.WriteAt, Forever: true})
	})
	require.Contains(t, said, "closing the store: ")
}

// TestRefusing: a refused append has no effect, a lost answer has one.
func TestRefusing(t *testing.T) {
	store := storetest.Open(t)
	s := &storetest.Refusing{Store: store}
	item := func(n int) host.Item { return host.Item{At: storetest.At, Kind: 0x1002, Payload: paid{n}} }
	ways := map[string]func() (int, error){
		"Append": func() (int, error) {
			r, err := s.Append(t.Context(), storetest.At, 0x1002, paid{1})
			if r == (host.Receipt{}) {
				return 0, err
			}
			return 1, err
		},
		"AppendBatch": func() (int, error) {
			r, err := s.AppendBatch(t.Context(), []host.Item{item(1), item(2)})
			return len(r), err
		},
		"AppendEach": func() (int, error) {
			r, err := s.AppendEach(t.Context(), []host.Item{item(1), item(2)})
			return len(r), err
		},
	}
	for name, add := range ways {
		s.Before, s.After = nil, nil
		before := store.Committed()
		n, err := add()
		require.NoError(t, err, name)
		require.NotZero(t, n, name)
		require.EqualValues(t, before+uint64(n), store.Committed(), name)

		before = store.Committed()
		s.Before = func(items []host.Item) error {
			require.Len(t, items, n, name)
			require.Equal(t, item(1).Payload, items[0].Payload)
			return host.ErrConflict
		}
		refused, err := add()
		require.ErrorIs(t, err, host.ErrConflict, name)
		require.Zero(t, refused, name)
		require.Equal(t, before, store.Committed(), name)

		lost := errors.New("the answer is lost")
		s.Before, s.After = nil, func(items []host.Item) error { require.Len(t, items, n); return lost }
		refused, err = add()
		require.ErrorIs(t, err, lost, name)
		require.Zero(t, refused, name)
		require.EqualValues(t, before+uint64(n), store.Committed(), name)
	}
	s.After = func([]host.Item) error { t.Error("the append failed"); return nil }
	r, err := s.AppendEach(t.Context(), []host.Item{item(1), {At: storetest.At, Kind: 1}})
	require.Error(t, err)
	require.Len(t, r, 1, "the receipts of those before")
}

// TestRefusingActors: the stores of actors are judged, and refuse as the one they are of.
func TestRefusingActors(t *testing.T) {
	judged := errors.New("not ada")
	store := storetest.OpenWith(t, host.Options{Policy: gate.Set(gate.New("ada", func(p *gate.Proposal) error {
		if p.Actor.ID != "ada" {
			return judged
		}
		return nil
	}))})
	s := &storetest.Refusing{Store: store}
	ada, bob := s.As(gate.Actor{ID: "ada"}), s.As(gate.Actor{ID: "bob"})
	add := func(s *storetest.Refusing) error {
		_, err := s.Append(t.Context(), storetest.At, 0x1002, paid{1})
		return err
	}
	require.NoError(t, add(ada))
	require.ErrorIs(t, add(bob), judged)
	s.Before = func([]host.Item) error {
		s.Before = nil // once
		return host.ErrConflict
	}
	require.ErrorIs(t, add(ada), host.ErrConflict)
	require.NoError(t, add(ada))
	lost := errors.New("the answer is lost")
	s.After = func([]host.Item) error { return lost }
	require.ErrorIs(t, add(ada), lost)
	require.EqualValues(t, 3, store.Committed())
	require.WithinDuration(t, time.Now(), ada.Now(), time.Minute)
	require.Panics(t, func() { ada.As(gate.Actor{}) })
}
