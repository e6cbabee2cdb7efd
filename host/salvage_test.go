package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// ExampleSalvage saves what is intact of a store in which one event was damaged.
func ExampleSalvage() {
	ctx, disk := context.Background(), memfs.New()
	store, err := host.Open(ctx, "orders", host.Options{FS: disk})
	if err != nil {
		panic(err)
	}
	var second host.Receipt
	for n := range 3 {
		r, err := store.Append(ctx, event.At("order:42", "shop:eu"), event.Data, n)
		if err != nil {
			panic(err)
		}
		if n == 1 {
			second = r
		}
	}
	if err := store.Close(); err != nil {
		panic(err)
	}
	f, err := disk.OpenWrite(filepath.Join("orders", segment.Name(1)))
	if err != nil {
		panic(err)
	}
	if _, err := f.WriteAt([]byte("scratched"), int64(second.Position.Offset)+100); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}

	report, err := host.Salvage(ctx, "orders", "rescued", host.SalvageOptions{FS: disk})
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Events, "events are intact")
	for _, f := range report.Findings {
		fmt.Printf("%s: %s, clocks %d to %d, in %s\n", f.Outcome, f.Entity, f.FirstClock, f.EndClock-1, f.File)
	}
	// Output:
	// 2 events are intact
	// lost: order:42, clocks 1 to 1, in 000001.fbat
}

// TestSalvage: the new store keeps the identity and says what was lost; positions go on; the report
// is JSON.
func TestSalvage(t *testing.T) {
	for name, p := range map[string]place{"memory": inMemory(t), "disk": onDisk(t)} {
		t.Run(name, func(t *testing.T) { testSalvage(t, p) })
	}
}

func testSalvage(t *testing.T, p place) {
	st := p.openStore(t, host.Options{KindNames: map[event.Kind]string{event.Data: "data"}})
	var last host.Receipt
	for n := range 5 {
		var err error
		last, err = st.Append(t.Context(), event.At("e", "s"), event.Data, n)
		require.NoError(t, err)
	}
	at, err := st.Position(t.Context())
	require.NoError(t, err)
	require.NoError(t, st.Close())
	name := segment.Name(1)
	b := p.read(t, name)
	b[last.Position.Offset+20] ^= 1
	p.put(t, map[string][]byte{name: b})

	dst := p.dir + "-rescued"
	report, err := host.Salvage(t.Context(), p.dir, dst, host.SalvageOptions{FS: p.fs})
	require.NoError(t, err)
	require.EqualValues(t, 4, report.Events)
	require.Len(t, report.Findings, 1)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	_, err = host.Salvage(t.Context(), p.dir, dst, host.SalvageOptions{FS: p.fs})
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = host.Salvage(t.Context(), p.dir, filepath.Join(p.dir, "below"), host.SalvageOptions{FS: p.fs})
	require.ErrorContains(t, err, "which is not changed")

	q := place{p.fs, dst}
	st = q.openStore(t, host.Options{})
	l, err := st.Lineage(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, l.Generation)
	require.Len(t, l.Removals, 1)
	require.Equal(t, host.Lost, l.Removals[0].Mode)
	require.EqualValues(t, 4, l.Removals[0].First)
	r, err := st.Append(t.Context(), event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
	require.EqualValues(t, 5, r.Sequence, "the number of a lost event is not given out again")
	now, err := st.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, at.Store, now.Store)
	require.NoError(t, st.Close())
	names, err := host.ReadKindNames(p.fs, dst)
	require.NoError(t, err)
	require.Equal(t, "data", names[event.Data])
}

// TestSalvageCancelled: a salvage whose context ends leaves nothing that looks like a store.
func TestSalvageCancelled(t *testing.T) {
	p := inMemory(t)
	require.NoError(t, p.openStore(t, host.Options{}).Close())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := host.Salvage(ctx, p.dir, "/rescued", host.SalvageOptions{FS: p.fs})
	require.True(t, errors.Is(err, context.Canceled))
	_, err = p.fs.Lstat("/rescued")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestSalvageCompacted salvages a store from which events were removed: nothing is lost, also
// where an entity's next event lies in a later segment that the compaction left alone.
func TestSalvageCompacted(t *testing.T) {
	for _, keeps := range []int{1, 0} { // events that stay, each in a segment of its own
		ctx, disk := context.Background(), memfs.New()
		for n := range 3 + keeps {
			s, err := host.Open(ctx, "orders", host.Options{FS: disk, NoMerge: true})
			require.NoError(t, err)
			kind := event.Kind(0x1001)
			if n >= 3 {
				kind++
			}
			_, err = s.Append(ctx, event.At("order:1", "shop"), kind, n)
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
		s, err := host.Open(ctx, "orders", host.Options{FS: disk, NoMerge: true})
		require.NoError(t, err)
		_, err = s.Compact(ctx, host.Compaction{OnlyChanged: true, Judge: func(e event.Event) host.Verdict {
			if e.Kind == 0x1001 {
				return host.DropEvent
			}
			return host.KeepEvent
		}})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		r, err := host.Salvage(ctx, "orders", "rescued", host.SalvageOptions{FS: disk})
		require.NoError(t, err)
		require.Empty(t, r.Findings, "keeps %d", keeps)
		require.EqualValues(t, keeps, r.Events)
		require.EqualValues(t, 3+keeps, r.NextSequence)
	}
}
