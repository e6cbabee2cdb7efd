package event

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestKindsAgainstList compares sets with lists of their kinds.
func TestKindsAgainstList(t *testing.T) {
	kind := rapid.OneOf(
		rapid.Map(rapid.Uint16Range(0, 9), func(k uint16) Kind { return Kind(k) }),
		rapid.Map(rapid.Uint16Range(0xFFF8, 0xFFFF), func(k uint16) Kind { return Kind(k) }),
		rapid.Map(rapid.Uint16(), func(k uint16) Kind { return Kind(k) }),
	)
	check := func(t *rapid.T, s Kinds, want []Kind) {
		slices.Sort(want)
		want = slices.Compact(want)
		var got []Kind
		previous := -2
		for first, last := range s.Runs() {
			require.Greater(t, int(first), previous+1, "runs rise and do not touch")
			previous = int(last)
			for k := int(first); k <= int(last); k++ {
				got = append(got, Kind(k))
			}
		}
		require.True(t, slices.Equal(want, got))
		require.Equal(t, len(want) == 0, s.Empty())
		require.Equal(t, len(want) == 1<<16, s.All())
		first, last := s.Bounds()
		if len(want) > 0 {
			require.Equal(t, []Kind{want[0], want[len(want)-1]}, []Kind{first, last})
		} else {
			require.Greater(t, first, last)
		}
		probe := append([]Kind{0, 1, 0xFFFF}, kind.Draw(t, "probe"))
		for _, k := range want[:min(len(want), 20)] {
			probe = append(probe, k-1, k, k+1)
		}
		for _, k := range probe {
			_, has := slices.BinarySearch(want, k)
			require.Equal(t, has, s.Has(k), k)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(kind, 0, 12).Draw(t, "a")
		given := slices.Clone(a)
		s := AnyOf(a...)
		require.Equal(t, given, a, "the argument is the caller's")
		check(t, s, slices.Clone(a))
		slices.Reverse(given)
		require.True(t, s == AnyOf(append(given, a...)...), "one set, one value")

		b := rapid.SliceOfN(kind, 0, 12).Draw(t, "b")
		var both []Kind
		for _, k := range a {
			if slices.Contains(b, k) {
				both = append(both, k)
			}
		}
		got, some := s.Intersect(AnyOf(b...))
		require.Equal(t, len(both) > 0, some)
		check(t, got, both)
		category := kind.Draw(t, "category").Category()
		inside := slices.DeleteFunc(slices.Clone(a), func(k Kind) bool { return k.Category() != category })
		got, some = InCategory(category).Intersect(s)
		require.Equal(t, len(inside) > 0, some)
		check(t, got, inside)
		got, some = Kinds{}.Intersect(s)
		require.True(t, got == s && some == (len(a) > 0))
		got, some = s.Intersect(Kinds{})
		require.True(t, got == s && some == (len(a) > 0))
	})
}

// TestAnyOfIsTheSameSet: a set has one value, however it was made.
func TestAnyOfIsTheSameSet(t *testing.T) {
	require.True(t, AnyOf(7) == Only(7))
	var all, category []Kind
	for k := range 1 << 16 {
		all = append(all, Kind(k))
		if k>>12 == 3 {
			category = append(category, Kind(k))
		}
	}
	require.True(t, AnyOf(category...) == InCategory(3))
	require.True(t, AnyOf(all...).All())
	require.False(t, AnyOf().All())
	require.False(t, AnyOf().Has(0))
	require.Zero(t, testing.AllocsPerRun(10, func() {
		_ = Only(5).Has(5) && AnyOf().Has(5)
	}))
}
