package host_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// Places in index.fbati, as format.md has them.
const (
	atVersion     = 6
	atSegment     = 12
	atOffset      = 20
	atAllocator   = 28
	atStringCount = 36
	atRecordCount = 40
	atTableSize   = 48
	atStrings     = 56
	recordSize    = 162
)

// records is where in an index.fbati the records begin.
func records(b []byte) int { return atStrings + int(binary.LittleEndian.Uint64(b[atTableSize:])) }

// refusals are the ways in which index.fbati can be damaged. damage changes the
// bytes in place, or returns others; sealed ones get a fitting checksum.
var refusals = []struct {
	name   string
	reason damage.Reason
	sealed bool
	damage func(b []byte) []byte
}{
	{"empty", damage.Short, false, func(b []byte) []byte { return b[:0] }},
	{"one byte short of a header", damage.Short, false, func(b []byte) []byte { return b[:55] }},
	{"magic", damage.Magic, false, func(b []byte) []byte { b[0]++; return b }},
	{"version", damage.Version, true, func(b []byte) []byte { b[atVersion]++; return b }},
	{"record count", damage.Overflow, true, put64(atRecordCount, 1<<60)},
	{"table size", damage.Overflow, true, put64(atTableSize, 1<<63-1)},
	{"cut", damage.Length, true, func(b []byte) []byte { return b[:len(b)-1] }},
	{"longer", damage.Length, true, func(b []byte) []byte { return append(b, 0) }},
	{"another segment", damage.WatermarkSegmentMissing, true, put64(atSegment, 99)},
	{"behind the segment", damage.WatermarkPastEnd, true, put64(atOffset, 1<<40)},
	{"a record's bit", damage.Checksum, false, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
	{"a string's bit", damage.Checksum, false, func(b []byte) []byte { b[atStrings] ^= 1; return b }},
	{"no array of strings", damage.Strings, true, func(b []byte) []byte { b[atStrings] = 0xc0; return b }},
	{"no empty string in front", damage.Strings, true, func(b []byte) []byte { b[atStrings+1] = 0xc0; return b }},
	{"one string more", damage.StringCount, true, func(b []byte) []byte { b[atStringCount]++; return b }},
	{"entity", damage.EntityIndex, true, inRecord(3, 16, []byte{0xff, 0xff, 0, 0})},
	{"scope", damage.ScopeIndex, true, inRecord(3, 20, []byte{0xff, 0xff, 0, 0})},
	{"entity 0", damage.Coordinate, true, inRecord(3, 16, []byte{0, 0, 0, 0})},
	{"a name that is not UTF-8", damage.Coordinate, true, func(b []byte) []byte { b[atStrings+3] = 0xff; return b }},
	{"the same sequence twice", damage.Order, true, func(b []byte) []byte {
		at := records(b) + 122
		copy(b[at+recordSize:at+recordSize+8], b[at:])
		return b
	}},
	{"allocator too low", damage.Allocator, true, put64(atAllocator, 3)},
	{"allocator too high", damage.Allocator, true, put64(atAllocator, 1<<63+1)},
	{"a marker's kind", damage.Kind, true, inRecord(3, 24, []byte{6, 0})},
	{"another segment's record", damage.Position, true, inRecord(3, 102, []byte{98})},
	{"behind its segment", damage.Position, true, inRecord(3, 110, []byte{0, 0, 0, 1})},
	{"no frame", damage.Position, true, inRecord(3, 118, []byte{1, 0, 0, 0})},
	{"between two frames", damage.WatermarkPosition, true, func(b []byte) []byte {
		binary.LittleEndian.PutUint64(b[atOffset:], binary.LittleEndian.Uint64(b[atOffset:])-1)
		return b
	}},
}

func put64(at int, v uint64) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[at:], v); return b }
}

func inRecord(i, at int, v []byte) func([]byte) []byte {
	return func(b []byte) []byte { copy(b[records(b)+i*recordSize+at:], v); return b }
}

// TestRefusals damages index.fbati in every way: the reason is named, and the
// answers stay, whether index.ckpt helps or not.
func TestRefusals(t *testing.T) {
	for _, where := range places {
		p := where.make(t)
		p.put(t, fixture(t, "tail"))
		want := lines(t, all(t, p.open(t, host.ReaderOptions{})))
		for _, c := range refusals {
			t.Run(where.name+"/"+c.name, func(t *testing.T) {
				p := where.make(t)
				files := fixture(t, "tail")
				b := c.damage(slices.Clone(files[indexName]))
				if c.sealed {
					artifact.Seal(b)
				}
				files[indexName] = b
				p.put(t, files)
				r := p.open(t, host.ReaderOptions{})
				requireRefused(t, r, indexName, c.reason)
				require.Equal(t, store.FromCheckpoint, r.Report().OpenedFrom)
				require.Equal(t, want, lines(t, all(t, r)))

				p.remove(t, checkpointName)
				r = p.open(t, host.ReaderOptions{})
				requireRefused(t, r, indexName, c.reason)
				require.Equal(t, store.FromSegments, r.Report().OpenedFrom)
				require.Equal(t, want, lines(t, all(t, r)))
			})
		}
	}
}

// requireRefused looks for the reason in the report in all the ways a user can.
func requireRefused(t testing.TB, r *host.DirReader, file string, reason damage.Reason) {
	t.Helper()
	rejected := r.Report().Rejected
	require.Len(t, rejected, 1)
	require.Equal(t, file, rejected[0].File)
	require.Equal(t, reason, rejected[0].Reason, "%v", rejected[0])
	var err error = rejected[0]
	require.ErrorIs(t, err, reason)
	var refusal *damage.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Contains(t, err.Error(), file)
	require.Contains(t, err.Error(), string(reason))
}

// failing is a file system on which one name cannot be opened or read.
type failing struct {
	fsabstraction.ReadFS
	name         string
	open, readAt error
}

type failingFile struct {
	fsabstraction.File
	err error
}

func (f *failing) Open(name string) (fsabstraction.File, error) {
	file, err := f.ReadFS.Open(name)
	if err != nil || filepath.Base(name) != f.name {
		return file, err
	}
	if f.open != nil {
		return nil, errors.Join(f.open, file.Close())
	}
	return failingFile{file, f.readAt}, nil
}

func (f failingFile) ReadAt([]byte, int64) (int, error) { return 0, f.err }

var errDisk = errors.New("input/output error")

// TestUnreadable makes files fail to open or to be read.
func TestUnreadable(t *testing.T) {
	for _, where := range places {
		for _, c := range []struct {
			name string
			fs   failing
		}{
			{"open", failing{open: os.ErrPermission}},
			{"read", failing{readAt: errDisk}},
		} {
			t.Run(where.name+"/"+c.name, func(t *testing.T) {
				p := where.make(t)
				p.put(t, fixture(t, "tail"))
				r := p.open(t, host.ReaderOptions{})
				want := all(t, r)
				fail := c.fs
				fail.ReadFS = p.fs
				cause := cmp.Or(fail.open, fail.readAt)
				open := func(name string, o host.ReaderOptions) (*host.DirReader, error) {
					fail.name = name
					o.FS, o.Logger = &fail, slog.New(slog.DiscardHandler)
					r, err := host.OpenReader(t.Context(), p.dir, o)
					if err == nil {
						t.Cleanup(func() { _ = r.Close() })
					}
					return r, err
				}

				r, err := open(indexName, host.ReaderOptions{})
				require.NoError(t, err)
				requireRefused(t, r, indexName, damage.Unreadable)
				require.ErrorIs(t, r.Report().Rejected[0], cause)
				require.Equal(t, want, all(t, r))

				// A segment is truth: without it there is no answer, and nothing is known
				// to be damaged.
				requireUnread := func(err error, file string) {
					t.Helper()
					require.ErrorIs(t, err, cause)
					require.ErrorIs(t, err, host.ErrRead)
					var failed *source.ReadError
					require.ErrorAs(t, err, &failed)
					require.Equal(t, file, failed.File)
					var lost *damage.Damage
					require.False(t, errors.As(err, &lost))
				}
				for _, strict := range []bool{false, true} {
					_, err = open("000003.fbat", host.ReaderOptions{Strict: strict})
					requireUnread(err, "000003.fbat")
				}

				// batpak wrote this index, so it is held against the segments. Of one that
				// index.thaw vouches for, events are known that the segment does not yield now.
				_, err = open("000001.fbat", host.ReaderOptions{})
				requireUnread(err, "000001.fbat")
				require.NoError(t, p.openStore(t, host.Options{}).Close())
				r, err = open("000001.fbat", host.ReaderOptions{})
				require.NoError(t, err)
				require.Equal(t, want, all(t, r))
				_, err = r.Get(t.Context(), want[0].ID)
				requireUnread(err, "000001.fbat")
				var which *store.EventError
				require.ErrorAs(t, err, &which)
				require.Equal(t, want[0].ID, which.ID)

				p.put(t, map[string][]byte{hiddenName: fixture(t, "fences")[hiddenName]})
				_, err = open(hiddenName, host.ReaderOptions{})
				requireUnread(err, hiddenName)
				r, err = open(hiddenName, host.ReaderOptions{ShowHidden: true})
				require.NoError(t, err)
				requireRefused(t, r, hiddenName, damage.Unreadable)
			})
		}
	}
}

// TestNotRegular puts directories and links where files should be.
func TestNotRegular(t *testing.T) {
	type odd struct {
		name string
		make func(t *testing.T, p place, name string)
	}
	directory := odd{"directory", func(t *testing.T, p place, name string) {
		p.remove(t, name)
		require.NoError(t, p.fs.MkdirAll(p.path(name)))
	}}
	link := odd{"link", func(t *testing.T, p place, name string) {
		p.remove(t, name)
		target := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(target, fixture(t, "tail")[name], 0o600))
		if err := os.Symlink(target, p.path(name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}}
	dangling := odd{"dangling link", func(t *testing.T, p place, name string) {
		p.remove(t, name)
		if err := os.Symlink("nowhere", p.path(name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}}
	for _, where := range places {
		odds := []odd{directory, link, dangling}
		if where.name == "memory" {
			odds = odds[:1]
		}
		for _, c := range odds {
			t.Run(where.name+"/"+c.name, func(t *testing.T) {
				quiet := host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)}
				p := where.make(t)
				p.put(t, fixture(t, "tail"))
				want := all(t, p.open(t, quiet))

				c.make(t, p, indexName)
				r := p.open(t, quiet)
				requireRefused(t, r, indexName, damage.NotRegular)
				require.Equal(t, want, all(t, r))
				changed, err := r.Refresh(t.Context())
				require.NoError(t, err)
				require.False(t, changed)

				c.make(t, p, "000003.fbat")
				r = p.open(t, quiet)
				d := r.Report().Damages
				require.NotEmpty(t, d)
				require.Equal(t, "000003.fbat", d[0].File)
				require.ErrorIs(t, d[0], damage.NotRegular)
				strict := quiet
				strict.Strict, strict.FS = true, p.fs
				_, err = host.OpenReader(t.Context(), p.dir, strict)
				require.ErrorIs(t, err, damage.NotRegular)

				c.make(t, p, hiddenName)
				quiet.FS = p.fs
				_, err = host.OpenReader(t.Context(), p.dir, quiet)
				require.ErrorIs(t, err, damage.NotRegular)
			})
		}
	}
}

// TestHiddenFails damages visibility_ranges.fbv: the store does not open, since
// nothing else knows what must stay hidden.
func TestHiddenFails(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			files := fixture(t, "fences")
			p.put(t, files)
			r := p.open(t, host.ReaderOptions{})
			want := all(t, r)
			require.NotZero(t, r.Report().Hidden)
			b := files[hiddenName]
			for i := range b {
				broken := bytes.Clone(b)
				broken[i] ^= 1
				p.put(t, map[string][]byte{hiddenName: broken})
				_, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs})
				var d *damage.Damage
				require.ErrorAs(t, err, &d)
				require.Equal(t, hiddenName, d.File)
			}
			// The reader that is open keeps its answers when a refresh fails.
			_, err := r.Refresh(t.Context())
			require.ErrorIs(t, err, damage.Checksum)
			require.Equal(t, want, all(t, r))
			p.put(t, map[string][]byte{hiddenName: b})
			_, err = r.Refresh(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, all(t, r))

			shown := p.open(t, host.ReaderOptions{ShowHidden: true})
			require.Greater(t, len(all(t, shown)), len(want))
		})
	}
}
