package host_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// notedStore returns a store in memory whose calls are recorded and can be made to fail.
func notedStore(t *testing.T, o host.Options) (*calls, *crashfs.FS, *host.Store) {
	mem := crashfs.New()
	c := noteCalls(mem)
	return c, mem, c.open(t, o)
}

func appendOne(s *host.Store, entity string, options ...host.AppendOption) error {
	_, err := s.Append(background, event.At(entity, "s"), event.Data, 1, options...)
	return err
}

// TestFailedSync: after a failed sync the writer truncates the written bytes, so that they are
// unlikely to reappear, and refuses every later write without touching a file.
func TestFailedSync(t *testing.T) {
	c, mem, s := notedStore(t, host.Options{})
	require.NoError(t, appendOne(s, "kept"))
	size := len(mem.Files(storeDir)["000001.fbat"])
	c.Fail(failfs.Rule{Kinds: failfs.Sync, Pattern: "000001.fbat"})
	require.ErrorIs(t, appendOne(s, "lost"), host.ErrFailed)
	require.Len(t, mem.Files(storeDir)["000001.fbat"], size)

	c.take()
	for name, call := range map[string]func() error{
		"append": func() error { return appendOne(s, "more") },
		"batch": func() error {
			_, err := s.AppendBatch(background, []host.Item{{At: eventAt, Kind: event.Data, Payload: 1}})
			return err
		},
		"sync": func() error { return s.Sync(background) },
	} {
		require.ErrorIs(t, call(), host.ErrFailed, name)
	}
	require.Empty(t, c.take())
	require.Equal(t, []string{"kept"}, entities(all(t, s)))
}

// TestFailedGroupTakesConflictsBack: one append of a group makes another's expectation false, or has
// its key with another payload. If the sync of the group fails, the second append must not report a
// conflict with an event that does not exist.
func TestFailedGroupTakesConflictsBack(t *testing.T) {
	for name, try := range map[string]func(s *host.Store, i int) error{
		"expectation": func(s *host.Store, _ int) error { return appendOne(s, "e", host.Expect(host.NoEvents)) },
		"key": func(s *host.Store, i int) error {
			_, err := s.Append(background, eventAt, event.Data, i, host.WithKey(event.ID{1}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			c := noteCalls(g)
			s := c.open(t, host.Options{})
			release, first := g.stuck(t, s)
			errs := make(chan error, 2)
			for i := range 2 {
				go func() { errs <- try(s, i) }()
				awaitQueued(s, i+1)
			}
			c.Fail(failfs.Rule{Kinds: failfs.Sync, Pattern: "000001.fbat"})
			release()
			require.NoError(t, <-first)
			for range 2 {
				err := <-errs
				require.ErrorIs(t, err, failfs.ErrInjected)
				require.NotErrorIs(t, err, host.ErrConflict)
				require.NotErrorIs(t, err, host.ErrKey)
			}
		})
	}
}

// TestFailedSyncGivesNoReceipts: a failed sync also loses the items before one that was refused, and
// an append of several items returns receipts of none.
func TestFailedSyncGivesNoReceipts(t *testing.T) {
	good := host.Item{At: eventAt, Kind: event.Data, Payload: 1}
	refused := good
	refused.Options = []host.AppendOption{host.Expect(host.AtClock(9))}
	invalid := good
	invalid.Options = []host.AppendOption{host.WithFlags(0x40)}
	for name, try := range map[string]func(s *host.Store) ([]host.Receipt, error){
		"batch": func(s *host.Store) ([]host.Receipt, error) { return s.AppendBatch(background, []host.Item{good, good}) },
		"each":  func(s *host.Store) ([]host.Receipt, error) { return s.AppendEach(background, []host.Item{good, good}) },
		"each, one refused": func(s *host.Store) ([]host.Receipt, error) {
			return s.AppendEach(background, []host.Item{good, refused})
		},
		"each, one invalid": func(s *host.Store) ([]host.Receipt, error) {
			return s.AppendEach(background, []host.Item{good, invalid})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, s := notedStore(t, host.Options{})
			c.Fail(failfs.Rule{Kinds: failfs.Sync, Pattern: "000001.fbat"})
			receipts, err := try(s)
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.NotErrorIs(t, err, host.ErrConflict)
			require.Empty(t, receipts)
			var each *host.EachError
			if errors.As(err, &each) {
				require.Zero(t, each.Done)
			}
		})
	}
}

// shortFS is a file system whose writes to segments stop half-way, once, without an error.
type shortFS struct {
	*crashfs.FS
	short bool
}

func (f *shortFS) Create(name string) (fsabstraction.WriteFile, error) {
	file, err := f.FS.Create(name)
	if filepath.Ext(name) != ".fbat" {
		return file, err
	}
	return shortFile{file, f}, err
}

type shortFile struct {
	fsabstraction.WriteFile
	fs *shortFS
}

func (f shortFile) WriteAt(p []byte, off int64) (int, error) {
	if f.fs.short {
		f.fs.short = false
		p = p[:len(p)/2]
	}
	return f.WriteFile.WriteAt(p, off)
}

// TestShortWrite: a write of fewer bytes without an error has failed too, and is undone.
func TestShortWrite(t *testing.T) {
	f := &shortFS{FS: crashfs.New()}
	p := place{f, storeDir}
	s := p.openStore(t, host.Options{})
	require.NoError(t, appendOne(s, "a"))
	f.short = true
	var failed *host.WriteError
	require.ErrorAs(t, appendOne(s, "b"), &failed)
	require.NoError(t, appendOne(s, "c"))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"a", "c"}, entities(all(t, p.open(t, host.ReaderOptions{Strict: true}))))
}

// TestUndoneWrite makes one write fail. The writer truncates it and syncs the rest, which no later
// Sync repeats; then appends work as before.
func TestUndoneWrite(t *testing.T) {
	c, mem, s := notedStore(t, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, appendOne(s, "a"))
	c.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat", Short: 100})
	err := appendOne(s, "b")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.NotErrorIs(t, err, host.ErrFailed)
	c.take()
	require.NoError(t, s.Sync(background))
	require.Empty(t, c.take())
	left := place{mem.Crash(crashfs.Cut{}), storeDir}
	require.Equal(t, []string{"a"}, entities(all(t, left.open(t, host.ReaderOptions{}))))
	require.NoError(t, appendOne(s, "c"))
	require.Equal(t, []string{"a", "c"}, entities(all(t, s)))
}

// TestFailedFooter makes the write of a full segment's footer fail, or that of its second piece: the
// append that needs the next segment fails, and the next append seals the segment.
func TestFailedFooter(t *testing.T) {
	const long = 4000 // a footer of three pieces
	for name, c := range map[string]struct{ events, nth int }{
		"whole":        {1, 1},
		"first piece":  {long, 1},
		"second piece": {long, 2},
		"last piece":   {long, 3},
	} {
		t.Run(name, func(t *testing.T) {
			fsys, mem, s := notedStore(t, host.Options{SegmentSize: 1})
			items := make([]host.Item, c.events)
			for i := range items {
				items[i] = host.Item{At: event.At("a", "s"), Kind: 0x1000, Payload: host.Raw{0xc0}}
			}
			_, err := s.AppendBatch(background, items)
			require.NoError(t, err)
			fault := fsys.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat", Nth: c.nth, Short: 10})
			err = appendOne(s, "b")
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.NotErrorIs(t, err, host.ErrFailed)
			require.Equal(t, 1, fault.Fired())
			require.NoError(t, appendOne(s, "c"))
			require.NoError(t, s.Close())
			require.Len(t, segmentNames(mem), 2)
			got := entities(all(t, place{mem, storeDir}.open(t, host.ReaderOptions{Strict: true, CheckFrames: true})))
			require.Equal(t, append(slices.Repeat([]string{"a"}, c.events), "c"), got)
			_, sealed, err := segment.FooterOffset(source.Bytes(mem.Files(storeDir)["000001.fbat"]))
			require.NoError(t, err)
			require.True(t, sealed)
			findings, err := host.Verify(background, storeDir, host.ReaderOptions{FS: mem}, nil)
			require.NoError(t, err)
			require.Empty(t, findings.Damages)
		})
	}
}

// segmentNames returns the names of the segments of a store in memory.
func segmentNames(mem *crashfs.FS) (names []string) {
	for name := range mem.Files(storeDir) {
		if ok, _ := filepath.Match("*.fbat", name); ok {
			names = append(names, name)
		}
	}
	return names
}

// TestFailedBegin makes Lstat of a new segment, or the write of its header, fail: the file is
// removed, and the next append creates it again.
func TestFailedBegin(t *testing.T) {
	for name, rule := range map[string]failfs.Rule{
		"lstat":  {Kinds: failfs.Lstat, Pattern: "000001.fbat"},
		"header": {Kinds: failfs.WriteAt, Pattern: "000001.fbat", Short: 10},
	} {
		t.Run(name, func(t *testing.T) {
			c, mem, s := notedStore(t, host.Options{})
			c.Fail(rule)
			err := appendOne(s, "a")
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.NotErrorIs(t, err, host.ErrFailed)
			require.Empty(t, segmentNames(mem))
			require.NoError(t, appendOne(s, "b"))
			require.Equal(t, []string{"b"}, entities(all(t, s)))
		})
	}
}

// TestBeginBesideAnotherFile: a file with content under the name of the next segment is not the
// writer's, and is not replaced.
func TestBeginBesideAnotherFile(t *testing.T) {
	_, mem, s := notedStore(t, host.Options{})
	p := place{mem, storeDir}
	p.put(t, map[string][]byte{"000001.fbat": []byte("another's")})
	require.ErrorIs(t, appendOne(s, "a"), fs.ErrExist)
	require.Equal(t, "another's", string(p.read(t, "000001.fbat")))
}

// TestGroupFillsSegments: the appends of a group count towards the size of the segment before they
// are written, so that one group may fill several.
func TestGroupFillsSegments(t *testing.T) {
	const n = 20
	g := newGate()
	s := g.place().openStore(t, host.Options{SegmentSize: 1000})
	release, first := g.stuck(t, s)
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- appendOne(s, fmt.Sprint(i)) }()
	}
	awaitQueued(s, n)
	release()
	require.NoError(t, <-first)
	for range n {
		require.NoError(t, <-errs)
	}
	require.Greater(t, len(segmentNames(g.FS)), 3)
}

// TestSetAsideOnce stops a recovery after it has set bytes aside: the next one finds them and makes
// no second copy; other bytes at the same offset get a name of their own.
func TestSetAsideOnce(t *testing.T) {
	const seg = "000001.fbat"
	for name, change := range map[string]func(b []byte) []byte{
		"the same bytes": nil,
		"other bytes":    func(b []byte) []byte { return append([]byte("x"), b[1:]...) },
		"a byte more":    func(b []byte) []byte { return append(b, 'x') },
		"a byte less":    func(b []byte) []byte { return b[:len(b)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			mem := crashfs.New()
			at := appendSome(t, place{mem, storeDir}.openStore(t, host.Options{Durability: host.LoseUnsynced}), "e", 3)
			mem = stopped(mem)
			p := place{mem, storeDir}
			b := p.read(t, seg)
			b[at[1].Position.End()-1] ^= 1
			p.put(t, map[string][]byte{seg: b})

			stop := failfs.New(mem)
			stop.Fail(failfs.Rule{Kinds: failfs.Rename, Pattern: seg})
			_, err := host.Open(t.Context(), storeDir, host.Options{FS: stop, Logger: quiet})
			require.ErrorIs(t, err, failfs.ErrInjected)
			cut := fmt.Sprintf("%s.cut-%d", seg, at[1].Position.Offset)
			require.Contains(t, mem.Files(storeDir), cut)
			want := cut
			if change != nil {
				p.put(t, map[string][]byte{cut: change(slices.Clone(b[at[1].Position.Offset:]))})
				want += "-2"
			}
			s := p.openStore(t, host.Options{})
			require.Equal(t, want, s.Report().Recovered.SetAside)
			require.NotContains(t, mem.Files(storeDir), map[bool]string{false: cut + "-2", true: cut + "-3"}[change != nil])
			require.Equal(t, b[at[1].Position.Offset:], mem.Files(storeDir)[want])
			_, sealed, err := segment.FooterOffset(source.Bytes(p.read(t, seg)))
			require.NoError(t, err)
			require.True(t, sealed, "the copy has a footer")
		})
	}
}
