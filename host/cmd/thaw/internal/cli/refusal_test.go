package cli

import (
	"encoding/binary"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
)

// The places of index.fbati that the test damages.
const (
	atWatermarkSegment = 12
	atWatermarkOffset  = 20
	atAllocator        = 28
	atStringCount      = 36
	atRecordCount      = 40
	atTableSize        = 48
	atTable            = 56
	recordSize         = artifact.RecordSize
	inEntity           = 16
	inScope            = 20
	inKind             = 24
	inOffset           = 110
	inSequence         = 122
)

// TestRefusedIndex damages index.fbati in every way that it can be refused for:
// stat names the reason, and dump prints the same as ever.
func TestRefusedIndex(t *testing.T) {
	le := binary.LittleEndian
	first := func(b []byte) []byte { return b[atTable+le.Uint64(b[atTableSize:]):] }
	cases := []struct {
		reason damage.Reason
		change func(b []byte) []byte
	}{
		{damage.Short, func(b []byte) []byte { return b[:40] }},
		{damage.Magic, func(b []byte) []byte { b[0] = 'X'; return b }},
		{damage.Version, func(b []byte) []byte { b[6] = 2; return b }},
		{damage.Overflow, func(b []byte) []byte { le.PutUint64(b[atRecordCount:], 1<<60); return b }},
		{damage.Length, func(b []byte) []byte { return append(b, 0) }},
		{damage.WatermarkSegmentMissing, func(b []byte) []byte { le.PutUint64(b[atWatermarkSegment:], 99); return b }},
		{damage.WatermarkPastEnd, func(b []byte) []byte { le.PutUint64(b[atWatermarkOffset:], 1<<40); return b }},
		{damage.Checksum, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
		{damage.Strings, func(b []byte) []byte { b[atTable+1] = 0xc1; return b }},
		{damage.StringCount, func(b []byte) []byte { b[atStringCount]--; return b }},
		{damage.EntityIndex, func(b []byte) []byte { le.PutUint32(first(b)[inEntity:], 9999); return b }},
		{damage.ScopeIndex, func(b []byte) []byte { le.PutUint32(first(b)[inScope:], 9999); return b }},
		{damage.Coordinate, func(b []byte) []byte { le.PutUint32(first(b)[inScope:], 0); return b }},
		{damage.Order, func(b []byte) []byte { le.PutUint64(first(b)[inSequence:], 2); return b }},
		{damage.Allocator, func(b []byte) []byte { le.PutUint64(b[atAllocator:], 1); return b }},
		{damage.Kind, func(b []byte) []byte { le.PutUint16(first(b)[inKind:], 6); return b }},
		{damage.Position, func(b []byte) []byte { le.PutUint64(first(b)[inOffset:], 1<<40); return b }},
	}
	sealed := func(r damage.Reason, b []byte) []byte {
		if r != damage.Short && r != damage.Checksum {
			artifact.Seal(b)
		}
		return b
	}
	for _, c := range cases {
		for _, p := range places(t) {
			t.Run(string(c.reason)+"/"+p.name, func(t *testing.T) {
				files := storeFiles(t, "rotated")
				files[artifact.FileName] = sealed(c.reason, c.change(files[artifact.FileName]))
				p.put(t, files)
				requireRefused(t, p, c.reason, "checkpoint")
			})
		}
	}
	for _, p := range places(t) {
		t.Run("not a file/"+p.name, func(t *testing.T) {
			p.put(t, storeFiles(t, "rotated", artifact.FileName, checkpoint.FileName))
			require.NoError(t, p.fs.MkdirAll(filepath.Join(p.dir, artifact.FileName)))
			requireRefused(t, p, damage.NotRegular, "segments")
		})
	}
}

func requireRefused(t *testing.T, p place, reason damage.Reason, from string) {
	got := run(p.fs, "stat", p.dir, "--json")
	require.Zero(t, got.code)
	require.Empty(t, got.stderr)
	var stat struct {
		OpenedFrom string `json:"opened_from"`
		Rejected   []struct {
			File   string
			Reason damage.Reason
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &stat))
	require.Equal(t, from, stat.OpenedFrom)
	require.Len(t, stat.Rejected, 1)
	require.Equal(t, artifact.FileName, stat.Rejected[0].File)
	require.Equal(t, reason, stat.Rejected[0].Reason)

	got = run(p.fs, "dump", p.dir)
	require.Zero(t, got.code)
	plain, _ := wantLines(t, "rotated")
	require.Equal(t, plain, got.stdout)
	require.Contains(t, got.stderr, "thaw: note: index.fbati was refused: "+string(reason))
}
