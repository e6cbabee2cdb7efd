package host

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// TestRegionCore: every field of a region reaches core. A field without a row fails.
func TestRegionCore(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	us := at.UnixMicro()
	rows := map[string]struct {
		region Region
		core   query.Region
	}{
		"Entity":       {Region{Entity: "a"}, query.Region{Entity: "a"}},
		"EntityPrefix": {Region{EntityPrefix: "a"}, query.Region{EntityPrefix: "a"}},
		"Scope":        {Region{Scope: "a"}, query.Region{Scope: "a"}},
		"Kinds":        {Region{Kinds: event.AnyOf(1, 5)}, query.Region{Kinds: event.AnyOf(1, 5)}},
		"Clocks":       {Region{Clocks: ClocksBetween(1, 2)}, query.Region{Clocks: query.ClocksBetween(1, 2)}},
		"Since":        {Region{Since: at}, query.Region{Times: query.Times{}.Since(us)}},
		"Until":        {Region{Until: at}, query.Region{Times: query.Times{}.Until(us)}},
	}
	require.Equal(t, query.Region{}, Region{}.Core())
	for i := range reflect.TypeFor[Region]().NumField() {
		name := reflect.TypeFor[Region]().Field(i).Name
		require.False(t, reflect.ValueOf(rows[name].region).Field(i).IsZero(), "no row for the field %s", name)
		require.Equal(t, rows[name].core, rows[name].region.Core(), name)
	}
}

// TestRegionTimes: bounds between two µs are rounded up, and those that no own time reaches
// select nothing or everything.
func TestRegionTimes(t *testing.T) {
	nothing := query.Times{}.Until(math.MinInt64)
	early, late := time.Unix(math.MinInt64/1_000_000-1, 0), time.Unix(math.MaxInt64/1_000_000, 0)
	for _, c := range []struct {
		region Region
		want   query.Times
	}{
		{Region{Since: time.Unix(1, 1)}, query.Times{}.Since(1_000_001)},
		{Region{Until: time.Unix(1, 999)}, query.Times{}.Until(1_000_001)},
		{Region{Until: time.Unix(1, 1000)}, query.Times{}.Until(1_000_001)},
		{Region{Since: time.Unix(-1, 999_999_999)}, query.Times{}.Since(0)},
		{Region{Since: time.UnixMicro(-7), Until: time.UnixMicro(8)}, query.Times{}.Since(-7).Until(8)},
		{Region{Since: early}, query.Times{}},
		{Region{Until: early}, nothing},
		{Region{Since: late}, nothing},
		{Region{Until: late}, query.Times{}},
		{Region{Since: late, Until: time.Unix(1, 0)}, nothing},
		{Region{Since: late, Until: late}, nothing},
		{Region{Since: time.Unix(1, 0), Until: early}, nothing},
		{Region{Since: early, Until: time.Unix(1, 0)}, query.Times{}.Until(1_000_000)},
		{Region{Since: time.Unix(late.Unix()-1, 0)}, query.Times{}.Since((late.Unix() - 1) * 1_000_000)},
		{Region{Since: time.Unix(early.Unix()+1, 0)}, query.Times{}.Since((early.Unix() + 1) * 1_000_000)},
	} {
		require.Equal(t, c.want, c.region.Core().Times, "%+v", c.region)
	}
}
