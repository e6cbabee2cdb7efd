package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// numbered is the payload of the n-th event of the tests below: MessagePack of a binary,
// whose first bytes are the number.
func numbered(n uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, n)
	for i := range n % 300 {
		b = append(b, byte(n*i))
	}
	raw, err := payload.Marshal(b)
	if err != nil {
		panic(err)
	}
	return raw
}

func numberOf(raw []byte) uint64 {
	var b []byte
	if err := payload.Unmarshal(raw, &b); err != nil || len(b) < 8 {
		return ^uint64(0)
	}
	return binary.BigEndian.Uint64(b)
}

// appendNumbered appends events numbered from first on, each in one of some entities.
func appendNumbered(t testing.TB, st *host.Store, first, n uint64) {
	for len := uint64(0); len < n; len += 50 {
		var items []host.Item
		for i := first + len; i < first+min(len+50, n); i++ {
			items = append(items, host.Item{
				At: event.At(fmt.Sprint("order:", i%5), "shop"), Kind: 0x1000, Payload: host.Raw(numbered(i)),
			})
		}
		_, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
	}
}

// readAll reads a reader's events with their payloads, and requires those of numbered.
func readAll(ctx context.Context, r host.Reader) (n uint64, err error) {
	for full, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
		if err != nil {
			return n, err
		}
		if full.Sequence != n || !bytes.Equal(full.Payload, numbered(n)) {
			return n, fmt.Errorf("event %d has the payload of %d", full.Sequence, numberOf(full.Payload))
		}
		n++
	}
	return n, nil
}

// TestReadEachWhileWriting: loops over the store, a reader of its directory that is
// refreshed, and snapshots return every event with its payload while others are appended.
func TestReadEachWhileWriting(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{SegmentSize: 64 << 10, Durability: host.LoseUnsynced})
	require.NoError(t, err)
	defer st.Close()
	appendNumbered(t, st, 0, 500)
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	over := make(chan struct{})
	var loops sync.WaitGroup
	loop := func(f func() error) {
		loops.Go(func() {
			for {
				if err := f(); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	loop(func() error { _, err := readAll(t.Context(), st); return err })
	loop(func() error { _, err := readAll(t.Context(), r); return err })
	loop(func() error { _, err := r.Refresh(t.Context()); return err })
	loop(func() error {
		s, err := st.Snapshot()
		if err != nil {
			return err
		}
		defer s.Close()
		_, err = readAll(t.Context(), s)
		return err
	})
	for first := uint64(500); first < 5000; first += 250 {
		appendNumbered(t, st, first, 250)
	}
	close(over)
	loops.Wait()
	_, err = r.Refresh(t.Context())
	require.NoError(t, err)
	for _, reader := range []host.Reader{st, r} {
		n, err := readAll(t.Context(), reader)
		require.NoError(t, err)
		require.EqualValues(t, 5000, n)
	}
}

// TestReadEachIsNotOlder: an iteration that begins inside ReadEach, after an append, a close
// and a refresh, is read from a version that has what it returns.
func TestReadEachIsNotOlder(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, err)
	appendNumbered(t, st, 0, 10)
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	late := func(yield func(event.Event, error) bool) {
		appendNumbered(t, st, 10, 40)
		require.NoError(t, st.Close())
		_, err := r.Refresh(t.Context())
		require.NoError(t, err)
		r.Query(t.Context(), host.Region{}, host.Page{})(yield)
	}
	n := uint64(0)
	for full, err := range r.ReadEach(t.Context(), late) {
		require.NoError(t, err)
		require.Equal(t, n, numberOf(full.Payload))
		n++
	}
	require.EqualValues(t, 50, n)
}

// TestReadEachEnds: a context that ends and a reader that is closed end the loop, with
// their error, and files close afterwards.
func TestReadEachEnds(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, err)
	appendNumbered(t, st, 0, 3000)
	require.NoError(t, st.Close())
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var end error
	for _, err := range r.ReadEach(ctx, r.Query(t.Context(), host.Region{}, host.Page{})) {
		if n++; n == 1000 {
			cancel()
		}
		end = err
	}
	require.ErrorIs(t, end, context.Canceled)
	require.Less(t, n, 1100)
	for _, err := range r.ReadEach(ctx, func(func(event.Event, error) bool) { t.Error("it began") }) {
		require.ErrorIs(t, err, context.Canceled)
	}

	n = 0
	for _, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{})) {
		require.NoError(t, err)
		if n++; n == 100 {
			require.NoError(t, r.Close())
		}
	}
	require.Equal(t, 3000, n, "it continues on what it pinned")
	for _, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{})) {
		require.ErrorIs(t, err, host.ErrClosed)
	}
}

// TestReadEachDamage: the events before a damaged one are returned, from the same batch.
func TestReadEachDamage(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, err)
	appendNumbered(t, st, 0, 3000)
	require.NoError(t, st.Close())
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{NoMapping: true})
	require.NoError(t, err)
	defer r.Close()
	for _, sequence := range []uint64{0, 1, 15, 16, 700, 2999} {
		var at event.Position
		for e, err := range r.Query(t.Context(), host.Region{}, host.Page{From: sequence, Limit: 1}) {
			require.NoError(t, err)
			at = e.Position
		}
		path := filepath.Join(dir, fmt.Sprintf("%06d.fbat", at.Segment))
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		flip := func() {
			b[at.Offset+uint64(at.Length)/2] ^= 4
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(b[at.Offset:at.End()], int64(at.Offset))
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
		flip()
		n, err := readAll(t.Context(), r)
		var d *host.Damage
		require.ErrorAs(t, err, &d)
		require.Equal(t, at.Offset, d.Offset)
		require.Equal(t, sequence, n)
		flip()
	}
	n, err := readAll(t.Context(), r)
	require.NoError(t, err)
	require.EqualValues(t, 3000, n)
}
