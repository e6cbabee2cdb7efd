package directory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
)

// TestKindOf compares the table of the package with KindOf.
func TestKindOf(t *testing.T) {
	for name, want := range map[string]struct {
		kind                             directory.Kind
		derived, paged, latest, replaced bool
	}{
		"000001.fbat":                {kind: directory.Segment, replaced: true},
		"1000000.fbat":               {kind: directory.Segment, replaced: true},
		"index.fbati":                {kind: directory.Artifact, derived: true, paged: true, replaced: true},
		"index.thaw":                 {kind: directory.Index, derived: true, paged: true, replaced: true},
		"000001-000004.thaw":         {kind: directory.Part, derived: true, paged: true, replaced: true},
		"index.ckpt":                 {kind: directory.Checkpoint, derived: true},
		"visibility_ranges.fbv":      {kind: directory.HiddenRanges, latest: true, replaced: true},
		"synced.thaw":                {kind: directory.SyncMark, latest: true},
		"names.thaw":                 {kind: directory.KindNames, replaced: true},
		"names.thaw.tmp":             {kind: directory.Temporary},
		"store.thaw":                 {kind: directory.Lineage, replaced: true},
		"store.thaw.tmp":             {kind: directory.Temporary},
		"swap.thaw":                  {kind: directory.Swap, replaced: true},
		"swap.thaw.tmp":              {kind: directory.Temporary},
		"store.thaw.swap":            {kind: directory.Temporary},
		"000001.fbat.swap":           {kind: directory.Temporary},
		"index.fbati.swap":           {kind: directory.Temporary},
		"000001-000004.thaw.swap":    {kind: directory.Temporary},
		"visibility_ranges.fbv.swap": {kind: directory.Temporary},
		"swap.thaw.swap":             {},
		"synced.thaw.swap":           {},
		"000001.fbat.cut-40.swap":    {},
		"notes.swap":                 {},
		"000001.fbat.swap.swap":      {},
		"000001.fbat.tmp.swap":       {},
		"000001.fbat.swap.tmp":       {},
		"NAMES.thaw":                 {},
		"000001.fbat.cut-40":         {kind: directory.Cut, replaced: true},
		"000001.fbat.cut-40-2":       {kind: directory.Cut, replaced: true},
		"000001.fbat.cut-40.tmp":     {kind: directory.Temporary},
		"index.fbati.tmp":            {kind: directory.Temporary},
		"000001-000004.thaw.tmp":     {kind: directory.Temporary},
		"index.ckpt.tmp":             {},
		"index.fbati.tmp.tmp":        {},
		"visibility_ranges.fbv.tmp":  {kind: directory.Temporary},
		"1.fbat":                     {},
		"000001.fbat.compact-src":    {},
		"000001.fbat.cut-40-1":       {},
		"thaw.lock":                  {},
		"":                           {},
	} {
		kind := directory.KindOf(name)
		require.Equal(t, want.kind, kind, name)
		require.Equal(t, want.derived, kind.Derived(), name)
		require.Equal(t, want.paged, kind.Paged(), name)
		require.Equal(t, want.latest, kind.Latest(), name)
		require.Equal(t, want.replaced, kind.Replaced(), name)
		if final, ok := strings.CutSuffix(name, ".swap"); ok && kind == directory.Temporary {
			require.Equal(t, final, directory.Final(name))
		} else {
			require.Equal(t, name, directory.Final(name))
		}
	}
}
