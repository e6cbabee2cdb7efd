package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

const hostileDir = "/s"

// killed returns the directory as a killed process leaves it.
func killed(fs *crashfs.FS, change func(files map[string][]byte)) *crashfs.FS {
	files := map[string][]byte{}
	for name, b := range fs.Files(hostileDir) {
		files[name] = bytes.Clone(b)
	}
	if change != nil {
		change(files)
	}
	in := map[string][]byte{}
	for name, b := range files {
		in[hostileDir+"/"+name] = b
	}
	return crashfs.FromFiles(in)
}

func openAt(t testing.TB, fs fsabstraction.FS) *host.Store {
	st, err := host.Open(context.Background(), hostileDir, host.Options{FS: fs, Logger: quiet})
	require.NoError(t, err)
	return st
}

func appendTo(t testing.TB, st *host.Store, entity string, n int) (rs []host.Receipt) {
	for i := range n {
		r, err := st.Append(context.Background(), event.At(entity, "s"), event.Data, fmt.Sprintf("payload %04d", i))
		require.NoError(t, err)
		rs = append(rs, r)
	}
	return rs
}

// requireReceipts requires that a reader finds the events of the receipts.
func requireReceipts(t testing.TB, fs fsabstraction.FS, rs []host.Receipt) host.Report {
	r, err := host.OpenReader(context.Background(), hostileDir, host.ReaderOptions{FS: fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	for _, want := range rs {
		got, err := r.Get(context.Background(), want.ID)
		require.NoError(t, err)
		require.Equal(t, want.Sequence, got.Sequence, "sequence")
		require.Equal(t, want.Clock, got.Clock, "clock")
		require.Equal(t, want.Position, got.Position, "position")
	}
	return r.Report()
}

// A segment that is unreadable for a moment, for example because descriptors run out, must not
// lead to appends with the numbers of its events.
func TestOpenDoesNotWriteAfterAnUnreadableSegment(t *testing.T) {
	mem := crashfs.New()
	st := openAt(t, mem)
	old := appendTo(t, st, "e", 10)
	require.NoError(t, st.Close())
	old = old[:len(old):len(old)]
	require.NoError(t, mem.Remove(hostileDir+"/index.fbati"))

	fs := failfs.New(mem)
	f := fs.Fail(failfs.Rule{Kinds: failfs.Open, Pattern: "000001.fbat", Forever: true, Err: errors.New("too many open files")})
	_, err := host.Open(context.Background(), hostileDir, host.Options{FS: fs, Logger: quiet})
	require.ErrorIs(t, err, host.ErrRead)
	f.Remove()
	st, err = host.Open(context.Background(), hostileDir, host.Options{FS: fs, Logger: quiet})
	require.NoError(t, err)
	fresh := appendTo(t, st, "e", 2)
	require.NoError(t, st.Close())
	requireReceipts(t, mem, old)
	requireReceipts(t, mem, fresh)
}

// Damage before the sync mark and a torn write after it, in one segment: the bytes cut from
// the log must not reappear when the segment is no longer the newest.
func TestTornEndAfterDamageStaysCut(t *testing.T) {
	mem := crashfs.New()
	st := openAt(t, mem)
	old := appendTo(t, st, "e", 6)
	// one more group of three events, which reaches the disk without its first block
	lost := appendTo(t, st, "lost", 3)
	fs := killed(mem, func(files map[string][]byte) {
		seg := files["000001.fbat"]
		seg[old[2].Position.Offset+60] ^= 1
		clear(seg[lost[0].Position.Offset+8 : lost[0].Position.End()-8])
		m := synced.Mark{Segment: 1, Offset: lost[0].Position.Offset}
		files[synced.FileName] = synced.AppendSlot(synced.AppendSlot(nil, m), m)
	})
	require.NoError(t, st.Close())

	st = openAt(t, fs)
	_, err := st.Get(context.Background(), lost[2].ID)
	require.ErrorIs(t, err, host.ErrNotFound)
	fresh := appendTo(t, st, "f", 3)
	require.NoError(t, st.Close())

	requireReceipts(t, fs, fresh)
	r, err := host.OpenReader(context.Background(), hostileDir, host.ReaderOptions{FS: fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Get(context.Background(), lost[2].ID)
	require.ErrorIs(t, err, host.ErrNotFound, "what was not in the log is back")
}

// Acknowledged events that were cut off exactly between two frames are reported as long as
// they are missing, not only until the next append.
func TestShortenedSegmentStaysReported(t *testing.T) {
	mem := crashfs.New()
	st := openAt(t, mem)
	old := appendTo(t, st, "e", 6)
	fs := killed(mem, func(files map[string][]byte) {
		files["000001.fbat"] = files["000001.fbat"][:old[3].Position.Offset]
	})
	require.NoError(t, st.Close())
	require.NotEmpty(t, requireReceipts(t, fs, old[:3]).Damages)

	st = openAt(t, fs)
	fresh := appendTo(t, st, "f", 1)
	require.NoError(t, st.Close())
	require.NotEmpty(t, requireReceipts(t, fs, fresh).Damages, "the loss is no longer told")
}

// synced.thaw records events in a segment that is missing.
func TestNewestSegmentMissing(t *testing.T) {
	mem := crashfs.New()
	st, err := host.Open(context.Background(), hostileDir, host.Options{FS: mem, Logger: quiet, SegmentSize: 1500})
	require.NoError(t, err)
	rs := appendTo(t, st, "e", 7)
	newest := rs[6].Position.Segment
	require.Greater(t, newest, uint64(1))
	fs := killed(mem, func(files map[string][]byte) {
		delete(files, segment.Name(newest))
	})
	require.NoError(t, st.Close())
	require.NotEmpty(t, requireReceipts(t, fs, rs[:1]).Damages)

	// Also after an append.
	st = openAt(t, fs)
	fresh := appendTo(t, st, "f", 2)
	require.NotEmpty(t, requireReceipts(t, killed(fs, nil), fresh).Damages)
	require.NoError(t, st.Close())
	require.NotEmpty(t, requireReceipts(t, fs, fresh).Damages)
}

// A reader saw a write that then failed and was undone.
func TestRefreshAfterTakeBack(t *testing.T) {
	ctx := context.Background()
	mem := crashfs.New()
	fs := failfs.New(mem)
	st, err := host.Open(ctx, hostileDir, host.Options{FS: fs, Logger: quiet})
	require.NoError(t, err)
	old := appendTo(t, st, "e", 2)

	r, err := host.OpenReader(ctx, hostileDir, host.ReaderOptions{FS: mem, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	// The disk is full in the middle of a group, and the reader looks before the
	// writer undoes the write.
	refreshed := false
	fs.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "*.fbat", Short: 700})
	fs.Fail(failfs.Rule{Kinds: failfs.Truncate, Nth: 1 << 30, Match: func(failfs.Op) bool {
		if !refreshed {
			refreshed = true
			_, err := r.Refresh(ctx)
			require.NoError(t, err)
		}
		return true
	}})
	items := []host.Item{
		{At: event.At("a", "s"), Kind: event.Data, Payload: "gone"},
		{At: event.At("b", "s"), Kind: event.Data, Payload: "gone"},
		{At: event.At("c", "s"), Kind: event.Data, Payload: "gone"},
	}
	_, err = st.AppendEach(ctx, items)
	require.Error(t, err)
	require.True(t, refreshed)
	n, err := r.Count(ctx, host.Region{}, 0)
	require.NoError(t, err)
	require.Greater(t, int(n), len(old), "the test does not test what it should")

	// Frames of the same lengths replace the undone ones.
	var fresh []host.Receipt
	for _, entity := range []string{"x", "y", "z"} {
		one, err := st.Append(ctx, event.At(entity, "s"), event.Data, "kept")
		require.NoError(t, err)
		fresh = append(fresh, one)
	}
	_, err = r.Refresh(ctx)
	require.NoError(t, err)
	require.Empty(t, r.Report().Damages)
	for _, want := range append(old, fresh...) {
		got, err := r.Get(ctx, want.ID)
		require.NoError(t, err)
		require.Equal(t, want.Sequence, got.Sequence)
	}
	n, err = r.Count(ctx, host.Region{}, 0)
	require.NoError(t, err)
	require.Equal(t, len(old)+len(fresh), int(n))
	require.NoError(t, st.Close())
}

// A close that removes a segment without events, at every power cut.
func TestCloseWithoutEventsAtEveryCut(t *testing.T) {
	for seed := range uint64(60) {
		mem := crashfs.New()
		st := openAt(t, mem)
		old := appendTo(t, st, "e", 2)
		require.NoError(t, st.Close())
		st = openAt(t, mem)
		_, err := st.Append(context.Background(), event.At("e", "s"), event.Data, 1, host.Expect(host.NoEvents))
		require.Error(t, err)
		var cuts []*crashfs.FS
		mem.OnOp(func(crashfs.Op) { cuts = append(cuts, mem.Crash(crashfs.Cut{Seed: seed, Survive: 50})) })
		require.NoError(t, st.Close())
		mem.OnOp(nil)
		for i, cut := range append(cuts, mem.Crash(crashfs.Cut{Seed: seed, Survive: 50})) {
			rep := requireReceipts(t, cut, old)
			require.Empty(t, rep.Damages, "cut %d seed %d: %v", i, seed, slices.Collect(maps.Keys(cut.Files(hostileDir))))
		}
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The memory of one large append is freed.
func TestLargeAppendsMemoryIsGivenBack(t *testing.T) {
	skipRace(t)
	st, err := host.Open(context.Background(), t.TempDir(), host.Options{Logger: quiet, Durability: host.LoseUnsynced})
	require.NoError(t, err)
	defer st.Close()
	appendTo(t, st, "e", 1)
	before := heap()
	_, err = st.Append(context.Background(), event.At("e", "s"), event.Data, make([]byte, 32<<20))
	require.NoError(t, err)
	appendTo(t, st, "e", 1)
	require.Less(t, int64(heap()-before), int64(24<<20))
}

// AppendEach does not hold all frames of its items in memory.
func TestAppendEachMemory(t *testing.T) {
	skipRace(t)
	st, err := host.Open(context.Background(), t.TempDir(), host.Options{Logger: quiet, Durability: host.LoseUnsynced})
	require.NoError(t, err)
	defer st.Close()
	p := host.Raw(append([]byte{0xc6, 0, 0x10, 0, 0}, make([]byte, 1<<20)...))
	items := make([]host.Item, 200)
	for i := range items {
		items[i] = host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: p}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err = st.AppendEach(context.Background(), items)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapSys-before.HeapSys), int64(128<<20))
}

// A leftover that cannot be removed does not make the open fail.
func TestLeftoverIsADirectory(t *testing.T) {
	mem := crashfs.New()
	st := openAt(t, mem)
	appendTo(t, st, "e", 1)
	require.NoError(t, st.Close())
	require.NoError(t, mem.MkdirAll(hostileDir+"/index.fbati.tmp/x"))
	st, err := host.Open(context.Background(), hostileDir, host.Options{FS: mem, Logger: quiet})
	require.NoError(t, err)
	require.NoError(t, st.Close())
}

// Items that share one payload are refused before each gets a copy of it.
func TestBatchOfSharedPayloadsIsRefusedEarly(t *testing.T) {
	st, err := host.Open(context.Background(), t.TempDir(), host.Options{Logger: quiet})
	require.NoError(t, err)
	defer st.Close()
	p := host.Raw(append([]byte{0xc6, 0, 0x10, 0, 0}, make([]byte, 1<<20)...))
	items := make([]host.Item, 300)
	for i := range items {
		items[i] = host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: p}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = st.AppendBatch(context.Background(), items)
	require.ErrorIs(t, err, host.ErrLimit)
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.TotalAlloc-before.TotalAlloc), int64(128<<20))
}

// A dead process leaves frames that are only in the page cache; the power fails while the next
// open repairs the store.
func TestPowerCutInRecoveryAfterAKill(t *testing.T) {
	ctx := context.Background()
	mem := crashfs.New()
	o := host.Options{FS: mem, Logger: quiet, Durability: host.LoseUnsynced}
	st, err := host.Open(ctx, hostileDir, o)
	require.NoError(t, err)
	old := appendTo(t, st, "e", 3)
	require.NoError(t, st.Sync(ctx))
	appendTo(t, st, "e", 3)
	var cuts []*crashfs.FS
	mem.OnOp(func(crashfs.Op) { cuts = append(cuts, mem.Crash(crashfs.Cut{})) })
	again, err := host.Rebuild(ctx, hostileDir, host.RebuildOptions{Options: host.Options{FS: unlocked{mem}, Unlocked: true, Logger: quiet}})
	require.NoError(t, err)
	require.NotNil(t, again.Recovered)
	mem.OnOp(nil)
	for i, cut := range cuts {
		require.Empty(t, requireReceipts(t, cut, old).Damages, "cut %d", i)
	}
	_ = st.Close()
}

// unlocked is a file system without locks, on which a second open simulates one after a kill.
type unlocked struct{ *crashfs.FS }

func (unlocked) Lock(string) (fsabstraction.Lock, error) { return nil, errors.ErrUnsupported }

// forgetful is a file system whose failed Sync marks the written bytes as clean, as Linux does:
// they can be read, and no later Sync writes them.
type forgetful struct {
	*crashfs.FS
	fail    bool
	durable map[string][]byte
}

type forgetfulFile struct {
	fsabstraction.WriteFile
	fs    *forgetful
	name  string
	dirty []func(b []byte) []byte
}

func (f *forgetful) wrap(name string, w fsabstraction.WriteFile, err error) (fsabstraction.WriteFile, error) {
	if err != nil {
		return nil, err
	}
	return &forgetfulFile{WriteFile: w, fs: f, name: name}, nil
}

func (f *forgetful) Create(name string) (fsabstraction.WriteFile, error) {
	w, err := f.FS.Create(name)
	return f.wrap(name, w, err)
}

func (f *forgetful) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	w, err := f.FS.OpenWrite(name)
	return f.wrap(name, w, err)
}

func (f *forgetfulFile) WriteAt(p []byte, off int64) (int, error) {
	p = bytes.Clone(p)
	f.dirty = append(f.dirty, func(b []byte) []byte {
		if end := int(off) + len(p); end > len(b) {
			b = append(b, make([]byte, end-len(b))...)
		}
		copy(b[off:], p)
		return b
	})
	return f.WriteFile.WriteAt(p, off)
}

func (f *forgetfulFile) Sync() error {
	if f.fs.fail && f.name == hostileDir+"/000001.fbat" {
		f.fs.fail, f.dirty = false, nil
		return errors.New("input/output error")
	}
	b := f.fs.durable[f.name]
	for _, change := range f.dirty {
		b = change(b)
	}
	f.fs.durable[f.name], f.dirty = b, nil
	return f.WriteFile.Sync()
}

func (f *forgetful) Rename(from, to string) error {
	if b, ok := f.durable[from]; ok {
		f.durable[to] = b
		delete(f.durable, from)
	}
	return f.FS.Rename(from, to)
}

// A later sync that succeeds does not repair a failed one: the next open must write again the
// bytes that it keeps.
func TestRecoveryWritesAgainWhatFailedToSync(t *testing.T) {
	ctx := context.Background()
	fs := &forgetful{FS: crashfs.New(), durable: map[string][]byte{}}
	o := host.Options{FS: fs, Logger: quiet, Durability: host.LoseUnsynced}
	st, err := host.Open(ctx, hostileDir, o)
	require.NoError(t, err)
	old := appendTo(t, st, "e", 3)
	require.NoError(t, st.Sync(ctx))
	unsynced := appendTo(t, st, "e", 3)
	fs.fail = true
	require.Error(t, st.Sync(ctx))
	require.Error(t, st.Close())

	st, err = host.Open(ctx, hostileDir, o)
	require.NoError(t, err)
	require.Equal(t, 6, int(st.Committed()))
	fresh := appendTo(t, st, "f", 1)
	require.NoError(t, st.Sync(ctx)) // all that was appended before is on disk
	cut := killed(fs.FS, func(files map[string][]byte) {
		for name := range files {
			if b, ok := fs.durable[hostileDir+"/"+name]; ok {
				files[name] = b
			}
		}
	})
	require.NoError(t, st.Close())
	require.Empty(t, requireReceipts(t, cut, slices.Concat(old, unsynced, fresh)).Damages)
}
