package query

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// ownTimes gives every event the same own time.
type ownTimes int64

func (us ownTimes) Timed(e event.Event) (event.Event, error) {
	e.TimestampUS, e.Timed = int64(us), true
	return e, nil
}

// TestEveryFieldOfRegion: each field of a region is considered, by everything, by match and
// the checks after it, and by a count. A field without a row fails.
func TestEveryFieldOfRegion(t *testing.T) {
	d := artifact.NewDraft()
	const wall = 1000
	f := event.Facts{
		Sequence: 5, ID: event.ID{1}, Kind: 0x1002, Clock: 3, WallMS: wall,
		Position: event.Position{Segment: 1, Offset: 57, Length: 100},
	}
	require.NoError(t, d.Append(&f, []byte("entity"), []byte("scope")))
	image := index.DraftImage(d)
	table := make([]byte, image.NamesSize)
	require.NoError(t, source.Read(image.Names, table, image.NamesAt))
	names, err := strtab.Decode(table)
	require.NoError(t, err)
	tables, err := index.Build(index.Input{Image: image, Names: names, Bounds: index.Bounds{
		NextSequence: 9, Watermark: artifact.Watermark{Segment: 2},
		SegmentSize: func(uint64) (uint64, bool) { return math.MaxUint64, true },
	}})
	require.NoError(t, err)
	p := &Part{Image: image, Index: tables}
	ask := func(r Region) (events, count int) {
		c := p.Cursor(Options{Frames: ownTimes(wall * 1000)})
		defer c.Release()
		for _, reverse := range []bool{false, true} {
			events = 0
			_, err := c.Query(&r, &Page{Reverse: reverse}, func(event.Event, error) bool {
				events++
				return true
			})
			require.NoError(t, err)
		}
		n, err := c.CountFrom(&r, 0)
		require.NoError(t, err)
		return events, int(n)
	}
	rows := map[string]struct{ with, without []Region }{
		"Entity":       {[]Region{{Entity: "entity"}}, []Region{{Entity: "scope"}, {Entity: "x"}}},
		"EntityPrefix": {[]Region{{EntityPrefix: "ent"}}, []Region{{EntityPrefix: "sc"}, {EntityPrefix: "x"}}},
		"Scope":        {[]Region{{Scope: "scope"}}, []Region{{Scope: "entity"}, {Scope: "x"}}},
		"Kinds": {
			[]Region{{Kinds: event.Only(0x1002)}, {Kinds: event.AnyOf(0x1000, 0x1002, 0x2000)}},
			[]Region{{Kinds: event.Only(0x1001)}, {Kinds: event.AnyOf(0x1000, 0x1004)}, {Kinds: event.AnyOf()}},
		},
		"Clocks": {[]Region{{Clocks: ClocksBetween(3, 3)}}, []Region{{Clocks: ClocksBetween(4, 9)}, {Clocks: ClocksBetween(3, 2)}}},
		"Times": {
			[]Region{{Times: Times{}.Since(wall * 1000)}, {Times: Times{}.Until(wall*1000 + 1)}, {Times: Times{}.Since(-5).Until(math.MaxInt64)}},
			[]Region{{Times: Times{}.Since(wall*1000 + 1)}, {Times: Times{}.Until(wall * 1000)}, {Times: Times{}.Until(math.MinInt64)}},
		},
	}
	whole := Region{}
	require.True(t, whole.everything())
	for i := range reflect.TypeFor[Region]().NumField() {
		field := reflect.TypeFor[Region]().Field(i)
		row := rows[field.Name]
		require.NotEmpty(t, row.without, "no row for the field %s", field.Name)
		for k, regions := range [][]Region{row.without, row.with} {
			for _, r := range regions {
				require.False(t, reflect.ValueOf(r).Field(i).IsZero(), field.Name)
				require.False(t, r.everything(), field.Name)
				events, count := ask(r)
				require.Equal(t, k, events, "%s %+v", field.Name, r)
				require.Equal(t, k, count, "%s %+v", field.Name, r)
			}
		}
	}
	require.Len(t, rows, reflect.TypeFor[Region]().NumField())
}
