package host_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// calls records the calls that change a file system, in order. It omits writes to a file
// under a temporary name, and counts consecutive calls of the same kind as one.
type calls struct {
	*failfs.FS
	list []string
}

func noteCalls(inner fsabstraction.FS) *calls {
	c := &calls{FS: failfs.New(inner)}
	c.Fail(failfs.Rule{Kinds: failfs.Changes, Match: func(op failfs.Op) bool {
		if line := spellCall(op); line != "" && (len(c.list) == 0 || c.list[len(c.list)-1] != line) {
			c.list = append(c.list, line)
		}
		return false
	}})
	return c
}

func spellCall(op failfs.Op) string {
	name := filepath.Base(op.Name)
	if name == host.LockName {
		return ""
	}
	switch op.Kind {
	case failfs.Create:
		return "create " + name
	case failfs.Rename:
		return "rename " + name
	case failfs.Remove:
		return "remove " + name
	case failfs.MkdirAll:
		return "mkdir " + name
	case failfs.SyncDir:
		return "sync directory " + name
	case failfs.Truncate:
		return "truncate " + name
	case failfs.Sync:
		return "sync " + name
	}
	switch {
	case strings.HasSuffix(name, ".tmp"):
		return ""
	case name == synced.FileName:
		return "write " + name + [...]string{" slot 0", " slot 1"}[op.Offset/synced.SlotSize]
	}
	return "write " + name
}

// take returns the calls since the last take.
func (c *calls) take() string {
	list := c.list
	c.list = nil
	return strings.Join(list, "\n")
}

// stopped returns the file system as a dead process leaves it to the next one.
func stopped(fs *crashfs.FS) *crashfs.FS { return fs.Crash(crashfs.Cut{Survive: 100}) }

// closedStore holds one event, and an index if asked for.
func closedStore(t *testing.T, indexed bool) *crashfs.FS {
	fs := crashfs.New()
	p := place{fs, storeDir}
	s := p.openStore(t, host.Options{})
	appendSome(t, s, "e", 1)
	require.NoError(t, s.Close())
	if !indexed {
		p.remove(t, indexName, index.FileName)
	}
	return fs
}

// TestCalls lists the calls that create a store, begin and end its segments, repair an
// unclean stop and write an index, in order: each step relies on the earlier ones being on
// disk, and the power may fail between any two.
func TestCalls(t *testing.T) {
	closed := func(t *testing.T) *crashfs.FS { return closedStore(t, true) }
	unindexed := func(t *testing.T) *crashfs.FS { return closedStore(t, false) }
	for _, c := range []struct {
		name  string
		setup func(t *testing.T) *crashfs.FS
		do    func(t *testing.T, c *calls)
		want  string // a line each
	}{
		{"a new store", func(*testing.T) *crashfs.FS { return crashfs.New() }, func(t *testing.T, c *calls) {
			s := c.open(t, host.Options{})
			appendSome(t, s, "e", 2)
			require.NoError(t, s.Close())
		}, `
			mkdir store
			sync directory .
			create synced.thaw
			write synced.thaw slot 0
			sync synced.thaw
			sync directory store
			create 000001.fbat
			write 000001.fbat
			sync directory store
			write 000001.fbat
			sync 000001.fbat
			write synced.thaw slot 1
			write 000001.fbat
			sync 000001.fbat
			write synced.thaw slot 1
			write 000001.fbat
			sync 000001.fbat
			write synced.thaw slot 1
			remove synced.thaw
			sync directory store
			create index.fbati.tmp
			create index.thaw.tmp
			sync index.fbati.tmp
			sync index.thaw.tmp
			rename index.fbati.tmp
			rename index.thaw.tmp
			sync directory store
		`},
		{"a rotation", func(*testing.T) *crashfs.FS { return crashfs.New() }, func(t *testing.T, c *calls) {
			s := c.open(t, host.Options{SegmentSize: 1})
			appendSome(t, s, "e", 1)
			c.take()
			appendSome(t, s, "e", 1)
		}, `
			write 000001.fbat
			sync 000001.fbat
			write synced.thaw slot 1
			sync synced.thaw
			write synced.thaw slot 0
			sync synced.thaw
			create 000002.fbat
			write 000002.fbat
			sync directory store
			write 000002.fbat
			sync 000002.fbat
			write synced.thaw slot 1
		`},
		{"an append to a store that was closed", closed, func(t *testing.T, c *calls) {
			s := c.open(t, host.Options{})
			require.Empty(t, c.take())
			appendSome(t, s, "e", 1)
		}, `
			sync 000001.fbat
			create synced.thaw
			write synced.thaw slot 0
			sync synced.thaw
			sync directory store
			create 000002.fbat
			write 000002.fbat
			sync directory store
			write 000002.fbat
			sync 000002.fbat
			write synced.thaw slot 1
		`},
		{"an append behind a newest segment that is gone", func(t *testing.T) *crashfs.FS {
			fs := crashfs.New()
			s := place{fs, storeDir}.openStore(t, host.Options{SegmentSize: 1})
			appendSome(t, s, "e", 2)
			require.NoError(t, s.Sync(t.Context()))
			fs = stopped(fs)
			require.NoError(t, fs.Remove(filepath.Join(storeDir, "000002.fbat")))
			return fs
		}, func(t *testing.T, c *calls) {
			appendSome(t, c.open(t, host.Options{}), "e", 1)
		}, `
			sync 000001.fbat
			write synced.thaw slot 0
			sync synced.thaw
			create 000003.fbat
			write 000003.fbat
			sync directory store
			write 000003.fbat
			sync 000003.fbat
			write synced.thaw slot 1
		`},
		{"an append to a store whose mark has one slot in use", func(t *testing.T) *crashfs.FS {
			fs := crashfs.New()
			failing := failfs.New(fs)
			failing.Fail(failfs.Rule{Kinds: failfs.Create, Pattern: "000001.fbat"})
			_, err := place{failing, storeDir}.openStore(t, host.Options{}).Append(t.Context(), event.At("e", "s"), event.Data, 1)
			require.ErrorIs(t, err, failfs.ErrInjected)
			return stopped(fs)
		}, func(t *testing.T, c *calls) {
			appendSome(t, c.open(t, host.Options{}), "e", 1)
		}, `
			write synced.thaw slot 1
			sync synced.thaw
			create 000001.fbat
			write 000001.fbat
			sync directory store
			write 000001.fbat
			sync 000001.fbat
			write synced.thaw slot 0
		`},
		{"recovery of what may have been more than one write", func(t *testing.T) *crashfs.FS {
			fs := crashfs.New()
			p := place{fs, storeDir}
			at := appendSome(t, p.openStore(t, host.Options{Durability: host.LoseUnsynced}), "e", 3)
			p.fs = stopped(fs)
			b := p.read(t, "000001.fbat")
			b[at[1].Position.End()-1] ^= 1
			p.put(t, map[string][]byte{"000001.fbat": b})
			return p.fs.(*crashfs.FS)
		}, func(t *testing.T, c *calls) {
			require.NotEmpty(t, c.open(t, host.Options{}).Report().Recovered.SetAside)
		}, `
			create 000001.fbat.cut-483.tmp
			sync 000001.fbat.cut-483.tmp
			rename 000001.fbat.cut-483.tmp
			sync directory store
			create 000001.fbat.tmp
			sync 000001.fbat.tmp
			rename 000001.fbat.tmp
			sync directory store
			remove synced.thaw
			sync directory store
		`},
		{"a segment without an event goes", func(*testing.T) *crashfs.FS { return crashfs.New() }, func(t *testing.T, c *calls) {
			s := c.open(t, host.Options{})
			c.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat", Nth: 2})
			_, err := s.Append(t.Context(), event.At("e", "s"), event.Data, 1)
			require.ErrorIs(t, err, failfs.ErrInjected)
			c.take()
			require.NoError(t, s.Close())
		}, `
			remove 000001.fbat
			sync directory store
			remove synced.thaw
			sync directory store
		`},
		{"an index at the close, of a segment that nothing shows to be on disk", unindexed, func(t *testing.T, c *calls) {
			require.NoError(t, c.open(t, host.Options{}).Close())
		}, `
			sync 000001.fbat
			sync directory store
			create index.fbati.tmp
			create index.thaw.tmp
			sync index.fbati.tmp
			sync index.thaw.tmp
			rename index.fbati.tmp
			rename index.thaw.tmp
			sync directory store
		`},
		{"names of kinds", closed, func(t *testing.T, c *calls) {
			o := host.Options{KindNames: map[event.Kind]string{0x1001: "order.placed"}}
			require.NoError(t, c.open(t, o).Close())
			names := c.take()
			require.NoError(t, c.open(t, o).Close())
			require.Empty(t, c.take(), "they say nothing new")
			c.list = append(c.list, names)
		}, `
			create names.thaw.tmp
			sync names.thaw.tmp
			rename names.thaw.tmp
		`},
		{"a rebuilt index", unindexed, func(t *testing.T, c *calls) {
			_, err := host.Rebuild(t.Context(), storeDir, host.RebuildOptions{Options: host.Options{FS: c, Logger: quiet}})
			require.NoError(t, err)
		}, `
			sync 000001.fbat
			sync directory store
			create index.fbati.tmp
			create index.thaw.tmp
			sync index.fbati.tmp
			sync index.thaw.tmp
			rename index.fbati.tmp
			rename index.thaw.tmp
			sync directory store
		`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := noteCalls(c.setup(t))
			c.do(t, fs)
			require.Equal(t, strings.Join(strings.FieldsFunc(c.want, func(r rune) bool { return r == '\n' || r == '\t' }), "\n"), fs.take())
		})
	}
}

// open opens the store for writing.
func (c *calls) open(t *testing.T, o host.Options) *host.Store {
	return place{c, storeDir}.openStore(t, o)
}
