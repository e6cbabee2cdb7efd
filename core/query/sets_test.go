package query

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// TestSets walks every kind of set by random steps and compares it with its members as
// a slice.
func TestSets(t *testing.T) {
	// Kind k, from 1 on, is that of every k-th record or so; entities are few.
	const records = 5000
	d := artifact.NewDraft()
	for i := range records {
		k := 1
		for n := i * 7919 % records; k < 12 && n%2 == 0; n /= 2 {
			k++
		}
		f := event.Facts{
			Sequence: uint64(i), ID: event.ID{byte(i), byte(i >> 8), 1}, Kind: event.Kind(0x1000 + k),
			Position: event.Position{Segment: 1, Offset: 57 + 100*uint64(i), Length: 100},
		}
		require.NoError(t, d.Append(&f, []byte{'a' + byte(i%11)}, []byte("s")))
	}
	image := index.DraftImage(d)
	table := make([]byte, image.NamesSize)
	require.NoError(t, source.Read(image.Names, table, image.NamesAt))
	names, err := strtab.Decode(table)
	require.NoError(t, err)
	tables, err := index.Build(index.Input{Image: image, Names: names, Bounds: index.Bounds{
		NextSequence: records, Watermark: artifact.Watermark{Segment: 2},
		SegmentSize: func(uint64) (uint64, bool) { return math.MaxUint64, true },
	}})
	require.NoError(t, err)
	p := &Part{Image: image, Index: tables}

	rapid.Check(t, func(t *rapid.T) {
		c := p.Cursor(Options{})
		low := rapid.IntRange(1, 12).Draw(t, "low")
		high := rapid.IntRange(low, 12).Draw(t, "high")
		lists, err := c.Kinds(event.Kind(0x1000+low), event.Kind(0x1000+high))
		require.NoError(t, err)
		var members []uint32
		for _, l := range lists {
			for i := range l.Len() {
				record, err := c.Item(l, i)
				require.NoError(t, err)
				members = append(members, record)
			}
		}
		slices.Sort(members)
		var walked set
		switch rapid.IntRange(0, 5).Draw(t, "sort") {
		case 0:
			walked = &every{count: records}
			members = members[:0]
			for i := range uint32(records) {
				members = append(members, i)
			}
		case 1:
			walked = &sorted{members: slices.Clone(members)}
		case 2:
			walked, err = c.gather(lists, records, 0, records)
			require.NoError(t, err)
			require.IsType(t, &bitmap{}, walked)
		case 3:
			walked, err = c.gather(lists, 0, 0, records)
			require.NoError(t, err)
			require.IsType(t, &sorted{}, walked)
		default:
			u := c.union(lists)
			u.dense = rapid.Bool().Draw(t, "dense")
			walked = u
		}
		require.Equal(t, len(members), walked.Left())
		walk(t, walked, members, records)
		walkBack(t, walked, members, records)
	})
}

// walkBack takes random windows from the end, and reads each of them forwards.
func walkBack(t *rapid.T, s set, members []uint32, records int) {
	first := uint32(rapid.IntRange(0, records-1).Draw(t, "first"))
	end := uint32(rapid.IntRange(int(first), records).Draw(t, "end"))
	for end > first {
		n := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 3000)).Draw(t, "window")
		from, err := s.Last(first, end, n)
		require.NoError(t, err)
		require.GreaterOrEqual(t, from, first)
		require.Less(t, from, end)
		if rapid.Bool().Draw(t, "rewind") {
			require.NoError(t, s.Rewind(from))
		}
		at, _ := slices.BinarySearch(members, from)
		last, _ := slices.BinarySearch(members, end)
		require.LessOrEqual(t, last-at, max(n, maxUnion))
		if from > first {
			require.Less(t, at, last, "a window has a member")
			require.Equal(t, from, members[at])
		}
		room := make([]uint32, max(n, maxUnion))
		if rapid.Bool().Draw(t, "one by one") && last > at {
			got, err := s.Seek(from)
			require.NoError(t, err)
			require.Equal(t, members[at], got)
		}
		k, err := s.Read(room, from, end)
		require.NoError(t, err)
		require.True(t, slices.Equal(members[at:last], room[:k]))
		end = from
	}
}

// walk takes random steps forwards.
func walk(t *rapid.T, s set, members []uint32, records int) {
	step := rapid.OneOf(rapid.Uint32Max(3), rapid.Uint32Max(300), rapid.Uint32Max(5000))
	for at := uint32(0); at <= uint32(records); {
		first, _ := slices.BinarySearch(members, at)
		end := at + step.Draw(t, "step")
		last, _ := slices.BinarySearch(members, end)
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			got, err := s.Seek(at)
			require.NoError(t, err)
			if first == len(members) {
				require.Equal(t, uint32(index.None), got)
				return
			}
			require.Equal(t, members[first], got)
			at = got + rapid.Uint32Max(1).Draw(t, "after it")
		case 1:
			room := make([]uint32, rapid.IntRange(1, 1500).Draw(t, "room"))
			n, err := s.Read(room, at, end)
			require.NoError(t, err)
			want := members[first:last]
			want = want[:min(len(room), len(want))]
			require.True(t, slices.Equal(want, room[:n]))
			if n == len(room) {
				end = room[n-1] + 1
			}
			at = end
		case 2:
			n, err := s.Count(at, end)
			require.NoError(t, err)
			require.Equal(t, last-first, n)
			at = end
		}
	}
}
