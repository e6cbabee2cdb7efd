package abi

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
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

func someDamage() *damage.Damage {
	return &damage.Damage{
		File: "000001.fbat", Offset: 49, Length: 3, Reason: damage.Checksum,
		Events: []damage.Touched{{ID: event.ID{1}, Sequence: 4, Numbered: true}, {ID: event.ID{2}}}, Unnamed: 1,
		FirstSequence: 4, EndSequence: damage.UnknownEnd,
		Err: &store.EventError{ID: event.ID{1}, Sequence: 4, Kind: 0x1000, Err: source.ErrShort},
	}
}

func someReport() store.Report {
	return store.Report{
		OpenedFrom: store.FromIndex, Events: 1, Hidden: 2, Allocator: 3, Segments: 4, TailEvents: 5,
		Rejected:   []*damage.Refusal{{File: "index.thaw", Reason: damage.Stale, Offset: -1}},
		Damages:    []*damage.Damage{someDamage()},
		Unfinished: []replay.Unfinished{{File: "a", Offset: 6, Items: 7}},
		Gaps:       []replay.Gap{{File: "b", First: 8, End: 9}}, Unsealed: []replay.Unsealed{{File: "c", Offset: 10, Next: 11}},
		Torn: &replay.Torn{File: "d", Offset: 12, Length: 13, ID: event.ID{14}, Named: true, Unproven: true, Frames: true}, Unclosed: true,
		HiddenRanges: visibility.Ranges{{Start: 15, End: 16}}, DuplicateIDs: true, Lookups: store.LookupsSaved, Parts: 17, TableBytes: 18,
	}
}

func someFindings() *verify.Result {
	return &verify.Result{
		Damages: []*damage.Damage{someDamage()},
		Notes:   []verify.Note{{Topic: verify.TornTail, File: "a", Offset: 1, Event: damage.Touched{ID: event.ID{1}}, Named: true, First: 2, End: 3, Detail: "d"}},
		Omitted: 4, Bytes: 5, Segments: 6, Frames: 7, Events: 8, Hidden: 9, Batches: 10, OpenedFrom: store.FromSegments,
	}
}

// TestRoundTrips: what is encoded is decoded, every field of it.
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

	report, err := DecodeReport(AppendReport(nil, &[]store.Report{someReport()}[0]))
	require.NoError(t, err)
	require.Equal(t, someReport(), report)
	findings, err := DecodeFindings(AppendFindings(nil, someFindings()))
	require.NoError(t, err)
	require.Equal(t, someFindings(), findings)
	for _, region := range []query.Region{
		{}, {Entity: "a", EntityPrefix: "b", Scope: "c", Kinds: event.Only(0x1234), Clocks: query.ClocksBetween(1, 2)},
		{Kinds: event.InCategory(13), Clocks: query.ClocksBetween(0, 1<<32-1)},
	} {
		q := Request{Op: OpQuery, Format: FormatFull, Rows: 1, Bytes: 2, Region: region, From: 3, Limit: 4, ID: event.ID{5}}
		back, err := DecodeRequest(AppendRequest(nil, &q))
		require.NoError(t, err)
		back.Flags = 0 // which say what of the region is set
		require.Equal(t, q, back)
	}
}

// TestErrors: an error has its text, its types and its classes on the other side.
func TestErrors(t *testing.T) {
	for _, want := range []error{
		nil, store.ErrNotFound, errors.New("plain"), someDamage(), damage.Reason("magic"),
		&damage.Refusal{File: "f", Reason: damage.Magic, Offset: 7, Err: someDamage()},
		fmt.Errorf("open: %w", someDamage()), errors.Join(source.ErrGone, errors.New("stat: no such file")), ErrRead,
		&source.ReadError{File: "000001.fbat", Offset: -1, Err: ErrRead}, fmt.Errorf("open: %w", &source.ReadError{Err: source.ErrGone}),
	} {
		got, bad := DecodeError(AppendError(nil, want))
		require.NoError(t, bad)
		if want == nil {
			require.NoError(t, got)
			continue
		}
		require.Equal(t, want.Error(), got.Error())
		for _, class := range []error{store.ErrNotFound, source.ErrGone, source.ErrShort, damage.Checksum, damage.Magic, ErrRead, source.ErrRead, io.EOF} {
			require.Equal(t, errors.Is(want, class), errors.Is(got, class), "%v is %v", want, class)
		}
		var d1, d2 *damage.Damage
		require.Equal(t, errors.As(want, &d1), errors.As(got, &d2))
		require.Equal(t, d1, d2)
	}
}

// TestDeepErrors: a chain without end is cut, and its text is whole.
func TestDeepErrors(t *testing.T) {
	deep := errors.New("bottom")
	for range 100 {
		deep = fmt.Errorf("x%w", deep)
	}
	got, bad := DecodeError(AppendError(nil, deep))
	require.NoError(t, bad)
	require.Equal(t, deep.Error(), got.Error())
}

// FuzzDecode: decoders of what a module answers, and of what a host asks, take any
// bytes: a value or an error, and memory in proportion.
func FuzzDecode(f *testing.F) {
	e := someEvent()
	report := someReport()
	f.Add(AppendFullRow(nil, &e))
	f.Add(AppendReport(nil, &report))
	f.Add(AppendFindings(nil, someFindings()))
	f.Add(AppendError(nil, someDamage()))
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
		if err, bad := DecodeError(b); bad == nil && err != nil {
			_ = err.Error()
		}
		_, _ = DecodeReport(b)
		_, _ = DecodeFindings(b)
		if q, err := DecodeRequest(b); err == nil {
			again, err := DecodeRequest(AppendRequest(nil, &q))
			require.NoError(t, err)
			require.Equal(t, q, again)
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20+500*len(b)))
	})
}

// TestTimedRow: a row has the event's own time where that is known, and only then.
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
			if sort == b[RowSort] {
				continue
			}
			other := append([]byte{}, b...)
			other[RowSort] = sort
			_, _, _, err := DecodeRow(other)
			require.ErrorIs(t, err, ErrWire, sort)
		}
	}
}
