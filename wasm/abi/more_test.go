package abi

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// TestMoreRoundTrips: decoding returns every field of the block, and a request without them
// has none.
func TestMoreRoundTrips(t *testing.T) {
	require.Len(t, AppendRequest(nil, &Request{Op: OpQuery, From: 1, Region: query.Region{Kinds: event.InCategory(2)}}), RequestSize)
	for _, q := range []Request{
		{Op: OpQuery, To: 7}, {Op: OpQuery, Reverse: true}, {Op: OpStream, Region: query.Region{Entity: "a"}, To: 1<<32 - 1, Reverse: true},
		{Op: OpGraph, ID: event.ID{1}, From: 3, Limit: 4, Direction: store.EffectsOnly, Format: FormatFullRows},
		{Op: OpEntities, Region: query.Region{Entity: "after", EntityPrefix: "b"}, Limit: 3}, {Op: OpScopes}, {Op: OpKinds},
		{Op: OpCount, To: 1<<64 - 1, Region: query.Region{Scope: "s", Kinds: event.AnyOf(1, 3), Times: query.Times{}.Since(3).Until(9)}},
	} {
		b := AppendRequest(nil, &q)
		back, err := DecodeRequest(b)
		require.NoError(t, err)
		require.Equal(t, q, back)
		for cut := range len(b) {
			_, err := DecodeRequest(b[:cut])
			require.ErrorIs(t, err, ErrRequest)
		}
	}
}

// TestMoreRefused: a block has one spelling.
func TestMoreRefused(t *testing.T) {
	good := AppendRequest(nil, &Request{Op: OpQuery, To: 3, Region: query.Region{Kinds: event.AnyOf(1, 3)}})
	_, err := DecodeRequest(good)
	require.NoError(t, err)
	change := func(f func(b []byte)) []byte {
		b := append([]byte{}, good...)
		f(b[RequestSize:])
		return b
	}
	runs := func(b []byte, numbers ...uint16) []byte {
		b = b[:RequestSize+moreSize]
		for _, n := range numbers {
			b = binary.LittleEndian.AppendUint16(b, n)
		}
		binary.LittleEndian.PutUint32(b[reqMore:], uint32(len(b)-RequestSize))
		return b
	}
	bare := AppendRequest(nil, &Request{Op: OpQuery, To: 3})
	clear(bare[RequestSize:])
	stream := AppendRequest(nil, &Request{Op: OpStream, Region: query.Region{Entity: "a"}, To: 1 << 32})
	both := append([]byte{}, good...)
	both[reqFlags] |= flagKinds
	for name, b := range map[string][]byte{
		"unknown flag":      change(func(b []byte) { b[moreFlags] |= 32 }),
		"unknown direction": change(func(b []byte) { b[moreDirection] = 3 }),
		"since unasked":     change(func(b []byte) { b[moreSince] = 1 }),
		"until unasked":     change(func(b []byte) { b[moreUntil] = 1 }),
		"runs unasked":      change(func(b []byte) { b[moreFlags] &^= flagKindRuns }),
		"nothing":           bare,
		"kinds twice":       both,
		"a falling run":     runs(change(func([]byte) {}), 3, 1),
		"runs that touch":   runs(change(func([]byte) {}), 1, 1, 2, 2),
		"falling runs":      runs(change(func([]byte) {}), 5, 5, 1, 1),
		"one kind":          runs(change(func([]byte) {}), 5, 5),
		"a category":        runs(change(func([]byte) {}), 0x1000, 0x1FFF),
		"every kind":        runs(change(func([]byte) {}), 0, 0xFFFF),
		"half a run":        runs(change(func([]byte) {}), 5),
		"clocks beyond u32": stream,
	} {
		_, err := DecodeRequest(b)
		require.ErrorIs(t, err, ErrRequest, name)
	}
}

// TestSummariesAndLinks: decoding returns every encoded field, and refuses other rows.
func TestSummariesAndLinks(t *testing.T) {
	x := query.Extent{Events: 1<<64 - 1, FirstSequence: 2, LastSequence: 3, FirstWallMS: 4, LastWallMS: 5}
	name := query.NameSummary{Name: "order:1", Extent: x}
	kind := query.KindSummary{Kind: 0xFFFE, Extent: x}
	b := append(AppendName(nil, &name), 'x')
	gotName, rest, err := DecodeName(b)
	require.NoError(t, err)
	require.Equal(t, name, gotName)
	require.Equal(t, "x", string(rest))
	for cut := range len(b) - 1 {
		_, _, err := DecodeName(b[:cut])
		require.ErrorIs(t, err, ErrWire)
	}
	_, _, err = DecodeKind(b)
	require.ErrorIs(t, err, ErrWire)
	b = append(AppendKind(nil, &kind), 'x')
	gotKind, rest, err := DecodeKind(b)
	require.NoError(t, err)
	require.Equal(t, kind, gotKind)
	require.Equal(t, "x", string(rest))
	_, _, err = DecodeName(b)
	require.ErrorIs(t, err, ErrWire)

	want := store.Link{Full: someEvent(), Distance: -3, Cut: 9}
	b = append(AppendLink(nil, &want, FrameFields), 'x')
	got, fields, rest, err := DecodeLink(b)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, FrameFields, fields)
	require.Equal(t, "x", string(rest))
	b = AppendLink(nil, &want, IndexFields)
	got, fields, _, err = DecodeLink(b)
	require.NoError(t, err)
	require.Equal(t, IndexFields, fields)
	require.Equal(t, store.Link{Full: event.Full{Event: want.Event}, Distance: -3, Cut: 9}, got)
	for cut := range len(b) {
		_, _, _, err := DecodeLink(b[:cut])
		require.ErrorIs(t, err, ErrWire)
	}
}

// FuzzDecodeSummaries: the decoders of lists and graphs return a value or an error for any
// bytes, and what they return encodes to the same bytes.
func FuzzDecodeSummaries(f *testing.F) {
	e := someEvent()
	f.Add(AppendName(nil, &query.NameSummary{Name: "a", Extent: query.Extent{Events: 1}}))
	f.Add(AppendKind(nil, &query.KindSummary{Kind: 7}))
	f.Add(AppendLink(nil, &store.Link{Full: e, Distance: 1}, FrameFields))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, rest, err := DecodeName(b); err == nil {
			require.Equal(t, b[:len(b)-len(rest)], AppendName(nil, &s))
		}
		if s, rest, err := DecodeKind(b); err == nil {
			require.Equal(t, b[:len(b)-len(rest)], AppendKind(nil, &s))
		}
		if l, fields, rest, err := DecodeLink(b); err == nil {
			require.Len(t, AppendLink(nil, &l, fields), len(b)-len(rest))
		}
	})
}
