package react_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// shop is a program that a power cut stops: it takes payments, of which each is a trigger, and
// runs a reactor and a delivery of the parcels.
type shop struct {
	checkpoint bool
	life       int   // how often it was started
	sent       []int // of the world outside, which the power cut does not reach
}

func (s *shop) run(files *crashfs.FS) error {
	s.life++
	ctx := context.Background()
	st, err := host.Open(ctx, "store", host.Options{FS: files, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer st.Close()
	o := react.Options{StopAtEnd: true, Retry: react.Retry{Tries: 1}}
	if s.checkpoint {
		o.Checkpoint = host.CheckpointFile{FS: files, Path: "shipping"}
	}
	for i := range 5 {
		if _, err := types.Append(ctx, st, at, paid{i}, host.WithKey(host.KeyOf(fmt.Sprint("payment ", i)))); err != nil {
			return err
		}
		if i == 1 {
			continue // two triggers at once
		}
		if err := react.Run(ctx, st, types, "shipping", payments, s.ship, o); err != nil {
			return err
		}
	}
	return react.Deliver(ctx, st, types, "mail", host.Region{Kinds: event.Only(kindShip)}, func(_ context.Context, e typed.Envelope) error {
		s.sent = append(s.sent, int(e.Clock))
		return nil
	}, react.DeliverOptions{Checkpoint: host.CheckpointFile{FS: files, Path: "mail"}, StopAtEnd: true})
}

// ship returns other reactions in each life of the program, and of another number.
func (s *shop) ship(_ context.Context, e typed.Envelope) (reactions []react.Reaction, err error) {
	for part := range 2 + s.life%2 {
		reactions = append(reactions, react.Reaction{At: e.Coordinate, Value: ship{s.life, part}})
	}
	return reactions, nil
}

// check opens the store and requires that each trigger has the reactions of one life, or none.
func (s *shop) check(t *testing.T, files *crashfs.FS, whole bool) {
	st, err := host.Open(t.Context(), "store", host.Options{FS: files, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	got := map[event.ID][]ship{}
	for _, e := range all(t, st, host.Region{Kinds: event.Only(kindShip)}) {
		got[e.Causation] = append(got[e.Causation], e.Value.(ship))
	}
	triggers := all(t, st, payments)
	for _, e := range triggers {
		reactions := got[e.ID]
		delete(got, e.ID)
		if len(reactions) == 0 && !whole {
			continue
		}
		require.NotEmpty(t, reactions, "of %v", e.Value)
		life := reactions[0].N
		require.Len(t, reactions, 2+life%2)
		for part, r := range reactions {
			require.Equal(t, ship{life, part}, r)
		}
	}
	require.Empty(t, got)
	if !whole {
		return
	}
	require.Len(t, triggers, 5)
	sent := slices.Clone(s.sent)
	slices.Sort(sent)
	for i, e := range all(t, st, host.Region{Kinds: event.Only(kindShip)}) {
		require.Equal(t, int(e.Clock), slices.Compact(sent)[i])
	}
}

// A power cut at every change of the disk, of which nothing, all or some survives, and another
// one while the program goes on. In the end each trigger has its reactions once, and each of
// those was delivered.
func TestCrash(t *testing.T) {
	react.SaveAlways(t)
	for _, checkpoint := range []bool{false, true} {
		for stop := 1; ; stop++ {
			s := &shop{checkpoint: checkpoint}
			files := crashfs.New()
			files.StopAfter(stop)
			err := s.run(files)
			if err == nil {
				t.Logf("%d changes", stop-1)
				require.Greater(t, stop, 30)
				break
			}
			require.True(t, errors.Is(err, crashfs.ErrStopped) || errors.Is(err, host.ErrFailed), "%v", err)
			for _, survive := range []int{0, 100, 50} {
				cut := crashfs.Cut{Seed: uint64(stop), Survive: survive}
				s.check(t, files.Crash(cut), false)
				again, disk := *s, files.Crash(cut)
				disk.StopAfter(1 + 7*stop%40)
				_ = again.run(disk)
				disk = disk.Crash(cut)
				again.check(t, disk.Crash(crashfs.Cut{Survive: 100}), false)
				require.NoError(t, again.run(disk))
				again.check(t, disk, true)
			}
		}
	}
}
