package index_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// mixed is plain with entities of many sizes: of 12 entities the k-th has every
// 2^k-th of the records that are left, some of them adjacent.
func mixed(n int) *model {
	m := plain(n)
	m.names = []string{""}
	rng := rand.New(rand.NewPCG(3, 4))
	clocks := map[uint32]uint32{}
	for i := range m.records {
		r := &m.records[i]
		k := 0
		for ; k < 12 && rng.IntN(2) == 0; k++ {
		}
		if i > 0 && rng.IntN(4) == 0 {
			r.Entity = m.records[i-1].Entity
		} else {
			r.Entity = m.number(string([]byte{'a' + byte(k)}))
		}
		r.Scope = m.number("s")
		r.Clock = 2 * clocks[r.Entity]
		clocks[r.Entity]++
	}
	return m
}

// fileIndex makes every section not be memory.
func fileIndex(t testing.TB, m *model) (*index.Image, *index.Index, *index.Reader) {
	b := m.file(t, artifact.MaxAllocator)
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	img := index.FileImage(file{b}, &h)
	tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere()})
	require.NoError(t, err)
	tables.EachSection(func(s source.Source) source.Source { return file{s.(source.Bytes)} })
	return &img, tables, index.NewReader(&img, tables)
}

// TestPostings walks lists of many lengths by random steps, in memory and not.
func TestPostings(t *testing.T) {
	m := mixed(6000)
	_, memory := m.open(t, false, 1)
	_, _, filed := fileIndex(t, m)
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom([]*index.Reader{memory, filed}).Draw(t, "reader")
		var p index.Postings
		for range rapid.IntRange(1, 3).Draw(t, "lists") {
			number := rapid.Uint32Range(1, uint32(len(m.names)-1)).Draw(t, "entity")
			l, err := r.Entity(number)
			require.NoError(t, err)
			all := m.numbers(func(r *event.Record) bool { return r.Entity == number })
			p.Walk(r, l)
			require.Equal(t, len(all), p.Left())
			step := rapid.OneOf(rapid.Uint32Max(3), rapid.Uint32Max(100), rapid.Uint32Max(6000))
			for at := uint32(0); at < 6000; {
				first, _ := slices.BinarySearch(all, at)
				end := at + step.Draw(t, "step")
				last, _ := slices.BinarySearch(all, end)
				switch rapid.IntRange(0, 2).Draw(t, "what") {
				case 0:
					got, err := p.Seek(at)
					require.NoError(t, err)
					require.Equal(t, len(all)-first, p.Left())
					if first == len(all) {
						require.EqualValues(t, uint32(index.None), got)
					} else {
						require.Equal(t, all[first], got)
					}
					at = end
				case 1:
					buffer := make([]uint32, rapid.IntRange(1, 700).Draw(t, "buffer"))
					n, err := p.Read(buffer, at, end)
					require.NoError(t, err)
					want := all[first:last]
					require.Equal(t, append([]uint32{}, want[:min(len(want), len(buffer))]...), buffer[:n])
					if n == len(buffer) {
						end = buffer[n-1] + 1
					}
					at = end
				case 2:
					n, err := p.Count(at, end)
					require.NoError(t, err)
					require.Equal(t, last-first, n)
					at = end
				}
			}
		}
	})
}

// TestClocks cuts lists whose clocks rise.
func TestClocks(t *testing.T) {
	m := mixed(500)
	for _, asFile := range []bool{false, true} {
		_, r := m.open(t, asFile, 1)
		require.True(t, r.EntityClocksRise())
		for entity := range uint32(len(m.names)) {
			l, err := r.Entity(entity)
			require.NoError(t, err)
			for _, span := range [][2]uint32{{0, 0}, {0, 1}, {1, 1}, {1, 2}, {3, 9}, {9, 3}, {0, index.None}, {100, index.None}, {0, 200}} {
				part, err := r.Clocks(l, span[0], span[1])
				require.NoError(t, err)
				require.Equal(t, m.numbers(func(r *event.Record) bool {
					return r.Entity == entity && span[0] <= r.Clock && r.Clock <= span[1]
				}), items(t, r, part))
			}
		}
	}
}

// torn is a file with one unreadable place. It counts reads.
type torn struct {
	source.Bytes
	at    int64
	reads *atomic.Int64
}

var errTorn = errors.New("torn")

func (f torn) Slice() {}

func (f torn) ReadAt(p []byte, off int64) (int, error) {
	f.reads.Add(1)
	if off <= f.at && f.at < off+int64(len(p)) {
		return 0, errTorn
	}
	return f.Bytes.ReadAt(p, off)
}

// TestRecords reads random numbers together, from memory, from chunks of memory
// and from files, some of them torn, alone and on several goroutines.
func TestRecords(t *testing.T) {
	m := mixed(6000)
	b := source.Bytes(m.file(t, artifact.MaxAllocator))
	h, err := artifact.ReadHeader(b)
	require.NoError(t, err)
	d := artifact.NewDraft()
	for i := range m.records {
		r := &m.records[i]
		require.NoError(t, d.Append(&r.Facts, []byte(m.names[r.Entity]), []byte(m.names[r.Scope])))
	}
	tables, _ := m.open(t, false, 1)
	var batches [2]index.Batch
	batches[1].Parallel = func(n int, f func(i int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { f(i) })
		}
		wg.Wait()
	}
	rapid.Check(t, func(t *rapid.T) {
		var numbers []uint32
		gap := rapid.OneOf(rapid.Just[uint32](0), rapid.Uint32Max(40), rapid.Uint32Max(400))
		for at := uint32(0); len(numbers) < 2048; at++ {
			if at += gap.Draw(t, "gap"); at >= 6000 {
				break
			}
			for range rapid.SampledFrom([]int{1, 1, 3, 300}).Draw(t, "together") {
				if at < 6000 {
					numbers = append(numbers, at)
				}
				at++
			}
		}
		good := len(numbers)
		img := index.FileImage(b, &h)
		switch rapid.IntRange(0, 3).Draw(t, "source") {
		case 0:
			img = index.DraftImage(d)
		case 1, 2:
			f := torn{b, -1, new(atomic.Int64)}
			if len(numbers) > 0 && rapid.Bool().Draw(t, "torn") {
				good = rapid.IntRange(0, len(numbers)-1).Draw(t, "at")
				f.at = int64(img.RecordsAt) + int64(numbers[good])*artifact.RecordSize + rapid.Int64Range(0, artifact.RecordSize-1).Draw(t, "byte")
			}
			img = index.FileImage(f, &h)
		}
		if good == len(numbers) && rapid.Bool().Draw(t, "beyond") {
			numbers = append(numbers, 6000)
		}
		r := index.NewReader(&img, tables)
		batch := &batches[rapid.IntRange(0, 1).Draw(t, "batch")]
		err := r.Records(numbers, batch)
		require.Equal(t, good < len(numbers), err != nil)
		require.Len(t, batch.Records(), good)
		for i, raw := range batch.Records() {
			require.Equal(t, m.records[numbers[i]], raw.Decode())
		}
	})
	batches[0].Forget()
	require.Empty(t, batches[0].Records())
}

// TestRecordsTogether counts reads.
func TestRecordsTogether(t *testing.T) {
	m := plain(6000)
	b := source.Bytes(m.file(t, artifact.MaxAllocator))
	h, err := artifact.ReadHeader(b)
	require.NoError(t, err)
	tables, _ := m.open(t, false, 1)
	for _, c := range []struct {
		first, step, n uint32
		reads          int64
	}{
		{0, 1, 2000, 1},   // one after the other: one read
		{7, 25, 16, 1},    // 24 records between two are less than a page
		{0, 25, 200, 12},  // and 64 kB are read at once, which 17 are
		{0, 27, 200, 200}, // 26 records are more than a page
		{0, 1000, 6, 6},   // far apart
		{5999, 1, 1, 1},   // one
		{0, 1, 0, 0},      // none
		{100, 2, 1000, 5}, // every other: 64 kB are 202
	} {
		f := torn{b, -1, new(atomic.Int64)}
		img := index.FileImage(f, &h)
		r := index.NewReader(&img, tables)
		var numbers []uint32
		for i := range c.n {
			numbers = append(numbers, c.first+i*c.step)
		}
		var batch index.Batch
		require.NoError(t, r.Records(numbers, &batch))
		require.Equal(t, c.reads, f.reads.Load(), "%v", c)
	}
}

// TestAfterReadsNothing: sequences without gaps are computed.
func TestAfterReadsNothing(t *testing.T) {
	m := plain(1000)
	for i := range m.records {
		m.records[i].Sequence += 5
	}
	b := source.Bytes(m.file(t, artifact.MaxAllocator))
	h, err := artifact.ReadHeader(b)
	require.NoError(t, err)
	tables, _ := m.open(t, false, 1)
	f := torn{b, -1, new(atomic.Int64)}
	img := index.FileImage(f, &h)
	r := index.NewReader(&img, tables)
	for sequence := range uint64(1010) {
		got, err := r.After(sequence)
		require.NoError(t, err)
		require.EqualValues(t, min(max(sequence, 5)-5, 1000), got)
		if got < 1000 {
			s, err := r.Sequence(got)
			require.NoError(t, err)
			require.Equal(t, max(sequence, 5), s)
		}
	}
	require.Zero(t, f.reads.Load())
	_, err = r.Sequence(1000)
	require.ErrorIs(t, err, index.ErrTable)
}
