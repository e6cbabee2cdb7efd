package abi

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
)

func someEvent() event.Full {
	return event.Full{
		Event: event.Event{
			Facts: event.Facts{
				Sequence: 1<<64 - 1, ID: event.ID{1}, Correlation: event.ID{2}, Causation: event.ID{3}, Kind: 0xD00F,
				WallMS: 5, Clock: 1<<32 - 1, PrevHash: event.Hash{4}, EventHash: event.Hash{31: 5},
				Position: event.Position{Segment: 7, Offset: 1 << 40, Length: 500},
			},
			Coordinate:  event.At("order:42", "shop:eu"),
			TimestampUS: -1, Timed: true,
		},
		PayloadSize: 3, Flags: 10, ContentHash: event.Hash{6}, Payload: []byte{0x81, 0xa1, 'n', 1},
	}
}

// TestRoundTrips checks that decoding returns every encoded field.
func TestRoundTrips(t *testing.T) {
	want := someEvent()
	got, full, rest, err := DecodeRow(AppendFullRow(nil, &want))
	require.NoError(t, err)
	require.True(t, full)
	require.Empty(t, rest)
	require.Equal(t, want, got)
	got, full, rest, err = DecodeRow(append(AppendRow(nil, &want.Event), 'x'))
	require.NoError(t, err)
	require.False(t, full)
	require.Equal(t, "x", string(rest))
	require.Equal(t, want.Event, got.Event)

	want.Meta = event.NewMeta(map[string]string{event.MetaActor: "user:7"})
	described := AppendFullRow(nil, &want)
	got, full, rest, err = DecodeRow(append(described, 'x'))
	require.NoError(t, err)
	require.True(t, full)
	require.Equal(t, "x", string(rest))
	require.Equal(t, want, got)
	for name, change := range map[string]func(b []byte){
		"metadata in a row without it": func(b []byte) { b[rowSort] = sortFull },
		"a payload beyond the row":     func(b []byte) { b[rowSize+len("order:42shop:eu")+fullPayload+2] = 1 },
		"metadata cut by the payload":  func(b []byte) { b[rowSize+len("order:42shop:eu")+fullPayload]++ },
		"invalid metadata":             func(b []byte) { b[len(b)-1] = 0xff },
	} {
		b := append([]byte{}, described...)
		change(b)
		_, _, _, err := DecodeRow(b)
		require.ErrorIs(t, err, ErrWire, name)
	}
	want.Meta = event.Meta{}
	without := AppendFullRow(nil, &want)
	without[rowSort] = sortMeta
	_, _, _, err = DecodeRow(without)
	require.ErrorIs(t, err, ErrWire, "no metadata in a row with it")

	for _, region := range []query.Region{
		{}, {Entity: "a", EntityPrefix: "b", Scope: "c", Kinds: event.Only(0x1234), Clocks: query.ClocksBetween(1, 2)},
		{Kinds: event.InCategory(13), Clocks: query.ClocksBetween(0, 1<<32-1)},
		{Kinds: event.AnyOf()}, {Kinds: event.AnyOf(0, 0xFFFF)}, {Kinds: event.AnyOf(5, 6)}, {Entity: "x", Kinds: event.AnyOf(7, 9, 0x1000)},
		{Times: query.Times{}.Since(0)}, {Times: query.Times{}.Until(-1)}, {Times: query.Times{}.Since(-1 << 63).Until(1<<63 - 1)},
		{Times: query.Times{}.ByWall()}, {Times: query.Times{}.Since(5).Until(9).ByWall(), Kinds: event.AnyOf(5, 6)},
	} {
		q := Request{Op: OpQuery, Format: FormatFull, Rows: 1, Bytes: 2, Region: region, From: 3, Limit: 4, ID: event.ID{5}}
		back, err := DecodeRequest(AppendRequest(nil, &q))
		require.NoError(t, err)
		back.Flags = 0 // derived from the region
		require.Equal(t, q, back)
	}
}

// TestCodesCross checks that errors.Is finds a code, and no other, in a decoded error.
func TestCodesCross(t *testing.T) {
	for code := range Codes() {
		_, got, bad := lines.DecodeFailure(lines.AppendFailure(nil, int32(code), &source.ReadError{File: "a", Err: code}))
		require.NoError(t, bad)
		for other := range Codes() {
			require.Equal(t, code == other, errors.Is(got, other))
		}
		require.ErrorIs(t, got, source.ErrRead)
		require.ErrorContains(t, got, code.Error())
	}
}

// FuzzDecode: the decoders of a module's answers and of a host's requests return a value or
// an error for any bytes, and allocate in proportion.
func FuzzDecode(f *testing.F) {
	e := someEvent()
	f.Add(AppendFullRow(nil, &e))
	e.Meta = event.NewMeta(map[string]string{"k": "v"})
	f.Add(AppendFullRow(nil, &e))
	f.Add(AppendRequest(nil, &Request{Op: OpRead, Row: AppendRow(nil, &e.Event)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if e, full, rest, err := DecodeRow(b); err == nil {
			if full {
				require.Equal(t, len(b)-len(rest), len(AppendFullRow(nil, &e)))
			} else {
				require.Equal(t, len(b)-len(rest), len(AppendRow(nil, &e.Event)))
			}
		}
		if q, err := DecodeRequest(b); err == nil {
			again, err := DecodeRequest(AppendRequest(nil, &q))
			require.NoError(t, err)
			require.Equal(t, q, again)
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20+500*len(b)))
	})
}

// TestTimedRow checks that a row has the event's own time exactly if it is known.
func TestTimedRow(t *testing.T) {
	for _, timed := range []bool{false, true} {
		want := someEvent().Event
		if want.Timed = timed; !timed {
			want.TimestampUS = 0
		}
		b := AppendRow(nil, &want)
		got, full, rest, err := DecodeRow(append(b, 'x'))
		require.NoError(t, err)
		require.False(t, full)
		require.Equal(t, "x", string(rest))
		require.Equal(t, event.Full{Event: want}, got)
		for sort := range byte(4) {
			if sort == b[rowSort] {
				continue
			}
			other := append([]byte{}, b...)
			other[rowSort] = sort
			_, _, _, err := DecodeRow(other)
			require.ErrorIs(t, err, ErrWire, sort)
		}
	}
}
