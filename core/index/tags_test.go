package index_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// tagged returns the index of an artifact from a file, without tags and with those that a
// builder and a stream fill in.
func tagged(t require.TestingT, b []byte, seed uint64) (plain, built, streamed *index.Reader) {
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	in := index.Input{Image: index.FileImage(source.Bytes(b), &h), Names: names, Bounds: anywhere(), Seed: seed}
	var ofBuilder, ofStream index.Tags
	in.Tags = &ofBuilder
	tables, err := index.Build(in)
	require.NoError(t, err)
	saved := saveIndex(t, tables, b, false)
	in.Tags = &ofStream
	s := index.NewStream(in, scratch.Memory{}, 10_000)
	require.NoError(t, s.Add(h.RecordsAt(), b[h.RecordsAt():]))
	require.Equal(t, saved, saveWith(t, b, false, func(in index.Saved, write func(int64, []byte) error) error {
		return s.Save(in, write, nil)
	}))
	require.NoError(t, s.Close())
	open := func(tags *index.Tags) *index.Reader {
		f, err := index.ReadFile("f", source.Bytes(saved))
		require.NoError(t, err)
		img, tables := f.Index(source.Bytes(b), "a")
		if tags != nil {
			tables.SetTags(tags)
			require.Nil(t, tables.Tags(), "tags that are not bound are not used")
			other := [artifact.HeaderSize]byte(b)
			other[8] ^= 1
			tags.Bind(other)
			tables.SetTags(tags)
			require.Nil(t, tables.Tags(), "tags of another file are not used")
			tags.Bind([artifact.HeaderSize]byte(b))
			tables.SetTags(tags)
			require.Equal(t, tags.Size() > 0, tables.Tags() != nil)
		}
		return index.NewReader(&img, tables)
	}
	return open(nil), open(&ofBuilder), open(&ofStream)
}

// sameIDs checks that readers find the same first record of ids, and the same when that is not
// accepted.
func sameIDs(t require.TestingT, plain *index.Reader, others []*index.Reader, ids []event.ID) {
	for _, id := range ids {
		for n := range 3 { // accept the n-th
			find := func(r *index.Reader) (uint32, bool) {
				left := n
				record, ok, err := r.FindID(id, func(artifact.Raw) bool { left--; return left < 0 })
				require.NoError(t, err)
				return record, ok
			}
			want, ok := find(plain)
			for _, r := range others {
				got, found := find(r)
				require.Equal(t, ok, found)
				require.Equal(t, want, got)
			}
		}
	}
}

// sameNames checks that readers find the same numbers of names.
func sameNames(t require.TestingT, plain *index.Reader, others []*index.Reader, names []string) {
	for _, name := range names {
		want, ok, err := plain.FindName([]byte(name))
		require.NoError(t, err)
		for _, r := range others {
			got, found, err := r.FindName([]byte(name))
			require.NoError(t, err)
			require.Equal(t, ok, found, name)
			require.Equal(t, want, got)
		}
	}
}

// TestTags: lookups of ids and names find the same with tags as without.
func TestTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		plain, built, streamed := tagged(t, m.file(t, artifact.MaxAllocator), rapid.Uint64().Draw(t, "seed"))
		ids := []event.ID{{}, {15: 200}, {0: 1}}
		for _, r := range m.records {
			ids = append(ids, r.ID, r.Correlation)
		}
		sameIDs(t, plain, []*index.Reader{built, streamed}, ids)
		sameNames(t, plain, []*index.Reader{built, streamed}, append(m.names, "absent", "x", "\x00"))
	})
	for _, crowd := range []int{0, 3, 600} {
		t.Run(fmt.Sprint(crowd), func(t *testing.T) {
			m := linked(70_000, crowd)
			plain, built, streamed := tagged(t, m.file(t, artifact.MaxAllocator), 4)
			var ids []event.ID
			for i := 0; i < len(m.records); i += 13 {
				id := m.records[i].ID
				ids = append(ids, id)
				id[3] ^= 1
				ids = append(ids, id)
			}
			sameIDs(t, plain, []*index.Reader{built, streamed}, ids)
		})
	}
}

// counted counts the reads of a source.
type counted struct {
	source.Source
	n *int
}

func (c counted) ReadAt(p []byte, off int64) (int, error) { *c.n++; return c.Source.ReadAt(p, off) }

// TestTagsReadLittle: the lookup of an absent id reads nothing, nearly always.
func TestTagsReadLittle(t *testing.T) {
	m := linked(70_000, 0)
	b := m.file(t, artifact.MaxAllocator)
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	var tags index.Tags
	tables, err := index.Build(index.Input{Image: index.FileImage(source.Bytes(b), &h), Names: names, Bounds: anywhere(), Tags: &tags})
	require.NoError(t, err)
	tags.Bind([artifact.HeaderSize]byte(b))
	reads := 0
	f, err := index.ReadFile("f", source.Bytes(saveIndex(t, tables, b, false)))
	require.NoError(t, err)
	img, ofFile := f.Index(counted{source.Bytes(b), &reads}, "a")
	ofFile.SetTags(&tags)
	r := index.NewReader(&img, ofFile)
	reads = 0
	for i := range 10_000 {
		_, ok, err := r.FindID(event.ID{1, byte(i), byte(i >> 8), 7}, func(artifact.Raw) bool { return true })
		require.NoError(t, err)
		require.False(t, ok)
	}
	require.Less(t, reads, 300)
	require.GreaterOrEqual(t, tags.Size(), 70_000*5/3+1)
	require.Less(t, tags.Size(), 70_000*5/3+1+2*len(m.names)+4)
}

// TestNameTagsReadLittle: so does the lookup of an absent name, and that of a name that is there
// reads little more than the name.
func TestNameTagsReadLittle(t *testing.T) {
	const n = 5000
	m := plain(n)
	for i := range m.records {
		m.records[i].Entity = m.numbered(fmt.Sprintf("entity %d", i))
	}
	b := m.file(t, artifact.MaxAllocator)
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	var tags index.Tags
	tables, err := index.Build(index.Input{Image: index.FileImage(source.Bytes(b), &h), Names: names, Bounds: anywhere(), Tags: &tags})
	require.NoError(t, err)
	tags.Bind([artifact.HeaderSize]byte(b))
	saved := saveIndex(t, tables, b, false)
	for _, tagged := range []bool{true, false} {
		reads := 0
		f, err := index.ReadFile("f", counted{source.Bytes(saved), &reads})
		require.NoError(t, err)
		img, ofFile := f.Index(counted{source.Bytes(b), &reads}, "a")
		if tagged {
			ofFile.SetTags(&tags)
		}
		reads = 0
		for i := range n {
			r := index.NewReader(&img, ofFile)
			_, ok, err := r.FindName([]byte(fmt.Sprintf("other %d", i)))
			require.NoError(t, err)
			require.False(t, ok)
		}
		require.Equal(t, tagged, reads < n/10, "%d", reads)
		reads = 0
		for i := range n {
			r := index.NewReader(&img, ofFile)
			_, ok, err := r.FindName([]byte(fmt.Sprintf("entity %d", i)))
			require.NoError(t, err)
			require.True(t, ok)
		}
		require.Equal(t, tagged, reads < 3*n+n/10, "%d", reads)
	}
}
