package project

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var (
	names = rapid.SampledFrom([]string{"", "a", "ab", "abc", "b"})
	kinds = rapid.SampledFrom([]event.Kinds{
		{}, event.Only(0x1001), event.AnyOf(0x1001, 0x1003), event.InCategory(1), event.AnyOf(), event.AnyOf(0x2001),
	})
	clocks = rapid.SampledFrom([]host.Clocks{{}, host.ClocksBetween(1, 2), host.ClocksBetween(2, 3)})
	times  = rapid.SampledFrom([]time.Time{{}, time.UnixMicro(10), time.UnixMicro(20)})
)

var anyRegion = rapid.Custom(func(t *rapid.T) host.Region {
	return host.Region{
		Entity: names.Draw(t, "entity"), EntityPrefix: names.Draw(t, "prefix"), Scope: names.Draw(t, "scope"),
		Kinds: kinds.Draw(t, "kinds"), Clocks: clocks.Draw(t, "clocks"), Since: times.Draw(t, "since"), Until: times.Draw(t, "until"),
	}
})

// TestUnion: an event in any of the regions is in their union.
func TestUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		regions := rapid.SliceOfN(anyRegion, 1, 4).Draw(t, "regions")
		var all []Projection
		for _, r := range regions {
			all = append(all, SQL(nil, "", r, nil))
		}
		whole := union(all)
		e := event.Event{
			Facts: event.Facts{
				Kind:  rapid.SampledFrom([]event.Kind{0x1001, 0x1002, 0x1003, 0x2001}).Draw(t, "kind"),
				Clock: rapid.Uint32Range(0, 4).Draw(t, "clock"),
			},
			Coordinate:  event.At(names.Draw(t, "name"), names.Draw(t, "in")),
			TimestampUS: rapid.Int64Range(5, 25).Draw(t, "time"), Timed: true,
		}
		for _, r := range regions {
			if r.Has(&e) && !whole.Has(&e) {
				t.Fatalf("%v has the event, %v not", r, whole)
			}
		}
	})
}

// TestUnionIsSmall: what all regions agree on stays.
func TestUnionIsSmall(t *testing.T) {
	for _, c := range []struct{ a, b, want host.Region }{
		{host.Region{Entity: "a"}, host.Region{Entity: "a"}, host.Region{Entity: "a"}},
		{host.Region{Entity: "order:1"}, host.Region{EntityPrefix: "order:2"}, host.Region{EntityPrefix: "order:"}},
		{host.Region{Entity: "a", Kinds: event.Only(0x1001)}, host.Region{Entity: "a", Kinds: event.Only(0x1003)}, host.Region{Entity: "a", Kinds: event.AnyOf(0x1001, 0x1003)}},
		{host.Region{Scope: "a", Kinds: event.Only(0x1001)}, host.Region{Scope: "a"}, host.Region{Scope: "a"}},
		{host.Region{Kinds: event.InCategory(1)}, host.Region{Kinds: event.Only(0x2001)}, host.Region{}},
	} {
		require.Equal(t, c.want, union([]Projection{SQL(nil, "", c.a, nil), SQL(nil, "", c.b, nil)}))
	}
}

func TestBind(t *testing.T) {
	p := SQL(nil, "", host.Region{}, nil)
	require.Equal(t, claimRow, table{p}.bind(claimRow))
	p.Dollar = true
	require.Equal(t, "UPDATE thaw_projections SET generation = $1 WHERE name = $2 AND generation = $3 AND sequence = $4", table{p}.bind(claimRow))
	require.Equal(t, renamePark[:len(renamePark)-len(" = ? WHERE projection = ?")]+" = $1 WHERE projection = $2", table{p}.bind(renamePark))
}

func TestRate(t *testing.T) {
	now := time.UnixMicro(1)
	r := rate{began: now}
	require.Zero(t, (&rate{}).at(now, 0))
	require.InDelta(t, 2000, r.at(now.Add(time.Millisecond), 2), 1)
	r.look(now.Add(time.Second/2), 10)
	require.Equal(t, now, r.began)
	r.look(now.Add(2*time.Second), 10)
	require.InDelta(t, 5, r.at(now.Add(2*time.Second), 10), 0.01)
	require.InDelta(t, 0, r.at(now.Add(4*time.Second), 10), 0.01, "nothing since")
}

// TestEndWakes: those who wait are woken by the end of the run.
func TestEndWakes(t *testing.T) {
	p := &progress{name: "a"}
	p.running.Store(true)
	p.begun(host.Position{})
	more, err := p.waiting(5)
	require.NoError(t, err)
	p.ended(ErrMoved)
	select {
	case <-more:
	default:
		t.Fatal("not woken")
	}
	more, err = p.waiting(5)
	require.Nil(t, more)
	require.ErrorIs(t, err, ErrMoved)
	require.ErrorIs(t, err, ErrStopped)
}

// TestPayloadsAreCopied: a payload is valid until the next step of the loop that reads it,
// and must be until the projection returns.
func TestPayloadsAreCopied(t *testing.T) {
	f := &feed{wanted: func(*event.Event) bool { return true }, spare: make(chan *chunk, 1)}
	for _, size := range []int{1, 20_000, 10} {
		payload := make([]byte, size)
		require.True(t, f.wants(&event.Full{Payload: payload}))
		require.NoError(t, f.add(nil))
		payload[0] = 1
	}
	for i, size := range []int{1, 20_000, 10} {
		e := f.filling.events[i]
		require.Equal(t, make([]byte, size), e.Payload)
		require.Equal(t, host.Raw(e.Payload), e.Value)
	}
}
