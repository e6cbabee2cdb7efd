package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(roleEnv); name != "" {
		os.Exit(act(name))
	}
	os.Exit(m.Run())
}

// TestSoak runs everything for two seconds; `make soak` runs it for half an hour.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("its processes would be those of the race detector")
	}
	var out bytes.Buffer
	svg := filepath.Join(t.TempDir(), "soak.svg")
	ok, err := soak(t.Context(), &out, 2*time.Second, t.TempDir(), 1, 500, 100, svg)
	require.NoError(t, err)
	require.True(t, ok, out.String())
	require.NotContains(t, out.String(), " 0 events acknowledged")
	drawn, err := os.ReadFile(svg)
	require.NoError(t, err)
	d := xml.NewDecoder(bytes.NewReader(drawn))
	for err == nil {
		_, err = d.Token()
	}
	require.ErrorIs(t, err, io.EOF)
}

// TestOrder: what a process that reads events in order must notice.
func TestOrder(t *testing.T) {
	var big, small, other uint64 // a unit of several events and two of one
	for big = 1; size(big) < 3; big++ {
	}
	for small = 1; size(small) > 1; small++ {
	}
	for other = small + 1; size(other) > 1; other++ {
	}
	run := func(lossy bool, events ...any) error {
		o := order{lossy: lossy}
		for i := 0; i < len(events); i += 2 {
			if err := o.see(uint64(events[i].(int)), events[i+1].(place)); err != nil {
				return err
			}
		}
		return o.end()
	}
	require.NoError(t, run(false, 0, place{small, 0}, 1, place{other, 0}))
	require.ErrorContains(t, run(false, 0, place{small, 0}, 2, place{other, 0}), "a hole")
	require.NoError(t, run(true, 0, place{small, 0}, 2, place{other, 0}))
	// A batch with an event of the kind that passes in it, and one of which it is all.
	var mixed, alone uint64
	for mixed = 1; size(mixed) < 3 || (place{mixed, 0}).passes() || !(place{mixed, 1}).passes() || (place{mixed, 2}).passes(); mixed++ {
	}
	for alone = 1; size(alone) > 1 || !(place{alone, 0}).passes(); alone++ {
	}
	require.ErrorContains(t, run(false, 0, place{mixed, 0}, 1, place{mixed, 2}), "half a batch")
	var o order
	o.lossy = true
	require.NoError(t, o.see(0, place{mixed, 0}))
	require.NoError(t, o.see(2, place{mixed, 2}))
	require.ErrorContains(t, (&order{lossy: true}).see(0, place{mixed, 2}), "half a batch")
	require.ErrorContains(t, run(true, 3, place{small, 0}, 2, place{other, 0}), "a hole")
	require.ErrorContains(t, run(false, 0, place{big, 0}), "half a batch")
	require.ErrorContains(t, run(false, 0, place{big, 0}, 1, place{small, 0}), "half a batch")
	require.ErrorContains(t, run(false, 0, place{small, 0}, 1, place{big, 1}), "half a batch")
}

// TestOracle: what the supervisor must notice.
func TestOracle(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{Logger: quiet})
	require.NoError(t, err)
	var o oracle
	for unit := range uint64(30) {
		rs, err := st.AppendBatch(t.Context(), items(unit+1))
		require.NoError(t, err)
		require.NoError(t, o.ack(rs[0].Sequence, unit+1))
	}
	require.NoError(t, st.Close())
	require.NoError(t, o.compare(t.Context(), dir))
	o.acked[5], o.acked[6] = o.acked[6], o.acked[5]
	require.ErrorContains(t, o.compare(t.Context(), dir), "was acknowledged as")
	o.acked[5], o.acked[6] = o.acked[6], o.acked[5]
	require.NoError(t, o.ack(uint64(len(o.acked)), 99))
	require.ErrorContains(t, o.compare(t.Context(), dir), "the store ends at")
	require.ErrorContains(t, o.ack(0, 99), "was event")
	require.NoError(t, o.follow(0, 16))
	require.ErrorContains(t, o.follow(2, 16), "a hole")
	require.ErrorContains(t, o.follow(0, 17), "was event")
}

// TestKnown: an event that no writer appended.
func TestKnown(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{Logger: quiet})
	require.NoError(t, err)
	defer st.Close()
	for i, it := range items(7)[:1] {
		right := it.Payload
		it.Payload = "another"
		r, err := st.Append(t.Context(), it.At, it.Kind, it.Payload, it.Options...)
		require.NoError(t, err)
		f, err := st.Get(t.Context(), r.ID)
		require.NoError(t, err)
		_, err = whole(&f)
		require.ErrorContains(t, err, "another payload")
		f.Scope = "other"
		_, err = whole(&f)
		require.ErrorContains(t, err, "never appended")
		require.Equal(t, place{7, i}.value(), right)
	}
}

// TestFlat: memory and descriptors that exceed their bounds, or grow.
func TestFlat(t *testing.T) {
	steady := make([]sample, 400)
	for i := range steady {
		steady[i] = sample{memory: 20 << 20, files: 30}
	}
	require.NoError(t, flat(steady))
	for _, c := range []struct {
		bad  sample
		text string
	}{
		{sample{memory: mostMemory + 1<<20, files: 30}, "MiB of memory"},
		{sample{memory: 20 << 20, files: mostFiles + 1}, "descriptors"},
		{sample{memory: 200 << 20, files: 30}, "memory grows"},
		{sample{memory: 20 << 20, files: 100}, "descriptors grow"},
	} {
		some := append([]sample(nil), steady...)
		some[390] = c.bad
		require.ErrorContains(t, flat(some), c.text)
	}
	require.NoError(t, errors.Join(flat(nil), flat(steady[:1])))
}
