package host_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// drawItem draws an item with any options.
func drawItem(t *rapid.T, i int) host.Item {
	it := host.Item{
		At:      event.At(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "entity"), rapid.SampledFrom([]string{"s", "t"}).Draw(t, "scope")),
		Kind:    event.Kind(0x1000 + rapid.IntRange(0, 3).Draw(t, "kind")),
		Payload: rapid.IntRange(0, 1<<20).Draw(t, "value"),
		Options: []host.AppendOption{host.WithTime(time.UnixMicro(1000))},
	}
	if rapid.Bool().Draw(t, "raw") {
		it.Payload = host.Raw{byte(rapid.IntRange(0, 0x7f).Draw(t, "byte"))}
	}
	add := func(name string, o host.AppendOption) {
		if rapid.Bool().Draw(t, name) {
			it.Options = append(it.Options, o)
		}
	}
	id := event.ID{1, byte(i)}
	add("key", host.WithKey(event.ID{2, byte(i)}))
	add("correlated", host.Correlated(id))
	add("caused", host.CausedBy(id))
	add("flags", host.WithFlags(event.FlagReplay))
	add("meta", host.WithMeta(event.NewMeta(map[string]string{"trace": "t", gate.MetaBypass: "of another event"})))
	if i > 0 {
		add("caused by item", host.CausedByItem(rapid.IntRange(0, i-1).Draw(t, "cause")))
	}
	return it
}

// TestGatesSeeWhatIsWritten compares what gates were shown with the events in the store.
// (batpak 0.4.0 judges one proposal and commits another.)
func TestGatesSeeWhatIsWritten(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		var seen []gate.Proposal
		st := openJudged(t, rapid.Bool().Draw(rt, "recorded"), gate.New("looks", func(p *gate.Proposal) error {
			c := *p
			c.Payload = bytes.Clone(p.Payload)
			seen = append(seen, c)
			return nil
		}))
		defer st.Close()
		var items []host.Item
		for i := range rapid.IntRange(1, 4).Draw(rt, "items") {
			items = append(items, drawItem(rt, i))
		}
		way := rapid.SampledFrom([]string{"Append", "AppendBatch", "AppendEach", "Fence", "Judge"}).Draw(rt, "way")
		if way == "Judge" {
			p, err := st.Judge(ctx, alice, items)
			require.NoError(rt, err)
			_, err = st.AppendPermitted(ctx, p)
			require.NoError(rt, err)
		} else if n, err := appendWays[way](st.As(alice), items); err != nil {
			require.ErrorIs(rt, err, host.ErrCause) // of what is no batch
			seen = seen[:n]
		}
		i := 0
		for e, err := range st.ReadEach(ctx, st.Query(ctx, host.Region{}, host.Page{})) {
			require.NoError(rt, err)
			if e.Kind == kindPermitted {
				continue
			}
			p := seen[i]
			i++
			require.Equal(rt, p.Payload, e.Payload)
			require.Equal(rt, p.At, e.Coordinate)
			require.Equal(rt, p.Kind, e.Kind)
			require.Equal(rt, p.ID, e.ID)
			require.Equal(rt, p.Correlation, e.Correlation)
			require.Equal(rt, p.Causation, e.Causation)
			require.Equal(rt, p.Meta, e.Meta)
			require.Empty(rt, e.Meta.Get(gate.MetaBypass))
			require.Equal(rt, p.Flags, e.Flags)
			require.True(rt, p.Timed)
			require.Equal(rt, p.TimeUS, e.TimestampUS)
			require.Equal(rt, alice, p.Actor)
			_, raw := items[i-1].Payload.(host.Raw)
			require.Equal(rt, raw, p.Value == nil)
		}
		require.Len(rt, seen, i)
	})
}

// TestGateCannotChangeWhatIsWritten: not even a gate that keeps the payload and changes it
// while the append is on its way.
func TestGateCannotChangeWhatIsWritten(t *testing.T) {
	var kept [][]byte
	st := openJudged(t, false, gate.New("keeps", func(p *gate.Proposal) error {
		kept = append(kept, p.Payload)
		p.Payload, p.At, p.Kind = []byte{9}, event.At("x", "x"), 0x2000
		return nil
	}))
	for way, appendAs := range appendWays {
		_, err := appendAs(st.As(alice), amounts(1))
		require.NoError(t, err, way)
	}
	p, err := st.Judge(t.Context(), alice, amounts(1))
	require.NoError(t, err)
	for _, k := range kept {
		k[0] = 9
	}
	_, err = st.AppendPermitted(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1, 1, 1}, stored(t, st))
}
