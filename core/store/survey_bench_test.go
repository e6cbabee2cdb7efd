package store_test

import (
	"testing"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// BenchmarkSurvey marks regions and counts them over time.
func BenchmarkSurvey(b *testing.B) {
	for _, c := range []struct {
		name   string
		region query.Region
	}{
		{"all", query.Region{}},
		{"entity", query.Region{Entity: "account:012345"}},
		{"kind", query.Region{Kinds: event.Only(0x2003)}},
		{"category", query.Region{Kinds: event.InCategory(2)}},
		{"prefix", query.Region{EntityPrefix: "account:02"}},
		{"prefix-of-all", query.Region{EntityPrefix: "account:0"}},
		{"prefix-and-category", query.Region{EntityPrefix: "account:0", Kinds: event.InCategory(2)}},
		{"wall", query.Region{Times: query.Times{}.Since(0).ByWall()}},
	} {
		b.Run("marks/"+c.name, func(b *testing.B) {
			benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
				for b.Loop() {
					if _, err := s.Marks(c.region, query.Pass{}, 1024); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run("timeline/"+c.name, func(b *testing.B) {
			benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
				for b.Loop() {
					if _, err := s.Timeline(c.region, query.Pass{}, 256); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
