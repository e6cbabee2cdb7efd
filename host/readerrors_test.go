package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// severalSegments is a store of three sessions, and what its reader answers.
func severalSegments(t *testing.T, indexed bool) *crashfs.FS {
	mem := crashfs.New()
	for i := range 3 {
		st := openAt(t, mem)
		appendTo(t, st, fmt.Sprintf("e%d", i), 3)
		require.NoError(t, st.Close())
	}
	if !indexed {
		return killed(mem, func(files map[string][]byte) {
			for name := range files {
				if strings.HasPrefix(name, "index.") || strings.HasSuffix(name, ".thaw") && name != "synced.thaw" {
					delete(files, name)
				}
			}
		})
	}
	return mem
}

// dump is every event with its payload.
func dump(r *host.DirReader) (string, error) {
	var b strings.Builder
	for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
		if err != nil {
			return "", err
		}
		full, err := r.Read(context.Background(), e)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, full)
	}
	if d := r.Report().Damages; len(d) > 0 {
		return "", fmt.Errorf("it is called damaged: %w", d[0])
	}
	return b.String(), nil
}

// TestSystemRefuses: each operation of each way into a store fails in turn,
// once and from then on. What comes out is the right answer or the system's error;
// nothing is called damage, nothing is missing, and no acknowledged event is lost.
func TestSystemRefuses(t *testing.T) {
	ctx := context.Background()
	read := func(fs fsabstraction.FS) (string, error) {
		r, err := host.OpenReader(ctx, hostileDir, host.ReaderOptions{FS: fs, Logger: quiet})
		if err != nil {
			return "", err
		}
		defer func() { _ = r.Close() }()
		return dump(r)
	}
	ways := []struct {
		name   string
		writes bool
		run    func(fs fsabstraction.FS) (string, error)
	}{
		{"read", false, read},
		{"verify", false, func(fs fsabstraction.FS) (string, error) {
			r, err := host.Verify(ctx, hostileDir, host.ReaderOptions{FS: fs, Logger: quiet}, nil)
			if err != nil {
				return "", err
			}
			return fmt.Sprint(r.Events, r.Sound(), r.Notes), r.Err()
		}},
		{"rebuild", true, func(fs fsabstraction.FS) (string, error) {
			_, err := host.Rebuild(ctx, hostileDir, host.RebuildOptions{Options: host.Options{FS: fs, Logger: quiet}, AcceptDamage: true})
			return "", err
		}},
		{"append", true, func(fs fsabstraction.FS) (string, error) {
			st, err := host.Open(ctx, hostileDir, host.Options{FS: fs, Logger: quiet})
			if err != nil {
				return "", err
			}
			return "", st.Close()
		}},
	}
	// The last two are a connection that ends, as a file system in a network has it.
	causes := []error{
		syscall.EMFILE, syscall.EACCES, syscall.EIO, syscall.ENOMEM,
		io.ErrUnexpectedEOF, &fs.PathError{Op: "read", Path: "remote", Err: io.EOF},
	}
	for _, indexed := range []bool{true, false} {
		sound := severalSegments(t, indexed)
		want, err := read(sound)
		require.NoError(t, err)
		for _, way := range ways {
			t.Run(fmt.Sprintf("%s, index %v", way.name, indexed), func(t *testing.T) {
				t.Parallel()
				right, err := way.run(killed(sound, nil))
				require.NoError(t, err)
				kinds := failfs.ReadDir | failfs.Open | failfs.Lstat | failfs.ReadAt | failfs.Stat
				for nth := 1; ; nth++ {
					done := true
					for _, forever := range []bool{false, true} {
						cause := causes[nth%len(causes)]
						disk := killed(sound, nil)
						before := disk.Files(hostileDir)
						fs := failfs.New(disk)
						f := fs.Fail(failfs.Rule{Kinds: kinds, Nth: nth, Forever: forever, Err: cause})
						got, err := way.run(fs)
						if f.Fired() == 0 {
							continue
						}
						done = false
						what := fmt.Sprintf("operation %d, forever %v, %v", nth, forever, cause)
						if err == nil {
							require.Equal(t, right, got, what)
						} else {
							require.ErrorIs(t, err, cause, what)
							var d *damage.Damage
							require.False(t, errors.As(err, &d), "%s: %v", what, err)
						}
						f.Remove()
						after := disk.Files(hostileDir)
						if !way.writes {
							require.Equal(t, before, after, what)
						}
						for name, b := range before {
							if strings.HasSuffix(name, ".fbat") {
								require.Equal(t, b, after[name], "%s: %s", what, name)
							}
						}
						now, err := read(disk)
						require.NoError(t, err, what)
						require.Equal(t, want, now, what)
					}
					if done {
						require.Greater(t, nth, 10)
						return
					}
				}
			})
		}
	}
}

// TestUnreadableIndexStays: a writer that could not read an index does not replace it,
// nor remove a part of it. An index may be all that tells of a loss.
func TestUnreadableIndexStays(t *testing.T) {
	for _, pattern := range []string{"index.fbati", "0*.thaw"} {
		mem, p, events := withParts(t)
		before := maps.Clone(mem.Files(p.dir))
		fs := failfs.New(mem)
		f := fs.Fail(failfs.Rule{Kinds: failfs.Open, Pattern: pattern, Forever: true, Err: syscall.EIO})
		sick := place{fs, p.dir}
		st := sick.openFlushing(t, true, sick.small())
		appendSome(t, st, "f", 50)
		require.NoError(t, st.Close())
		require.NotZero(t, f.Fired(), pattern)
		require.ErrorIs(t, st.CloseReport().IndexError, syscall.EIO)
		f.Remove()
		after := mem.Files(p.dir)
		for name, b := range before {
			require.Equal(t, b, after[name], name)
		}
		require.Len(t, all(t, p.open(t, host.ReaderOptions{})), events+50)

		st = p.openFlushing(t, true, p.small()) // it can be read again
		appendSome(t, st, "f", 50)
		require.NoError(t, st.Close())
		require.NoError(t, st.CloseReport().IndexError)
		require.True(t, st.CloseReport().IndexWritten)
		require.Len(t, all(t, p.open(t, host.ReaderOptions{})), events+100)
	}
}

// TestSyncWithoutDescriptor: a directory that could not be opened was not synced, and
// the store goes on as soon as it can be. A sync that failed ends the store's writing.
func TestSyncWithoutDescriptor(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		errno error
		after bool
	}{
		{"could not be opened", fsabstraction.NotTried(syscall.EMFILE), syscall.EMFILE, true},
		{"could not be synced", syscall.EIO, syscall.EIO, false},
	} {
		for nth := 1; ; nth++ {
			fs := failfs.New(crashfs.New())
			st := openAt(t, fs)
			f := fs.Fail(failfs.Rule{Kinds: failfs.SyncDir, Nth: nth, Err: c.err})
			_, err := st.Append(t.Context(), event.At("e", "s"), event.Data, "first")
			if f.Fired() == 0 {
				f.Remove()
				require.NoError(t, err)
				require.NoError(t, st.Close())
				require.Greater(t, nth, 2)
				break
			}
			require.ErrorIs(t, err, c.errno, c.name)
			r, err := st.Append(t.Context(), event.At("e", "s"), event.Data, "second")
			if !c.after {
				require.Error(t, err, c.name)
				_ = st.Close()
				continue
			}
			require.NoError(t, err, "%s: sync %d", c.name, nth)
			require.NoError(t, st.Close())
			require.Empty(t, requireReceipts(t, fs, []host.Receipt{r}).Damages)
		}
	}
}

// TestFewDescriptors: a store of more segments than may be open at once is read as
// one of few, by one reader, and by another while the first has segments open.
func TestFewDescriptors(t *testing.T) {
	p := inMemory(t)
	for range 60 {
		st := p.openStore(t, host.Options{FS: p.fs, Logger: quiet})
		appendSome(t, st, "e", 1)
		require.NoError(t, st.Close())
	}
	fs, open := failfs.Limited(p.fs, 12)
	o := host.ReaderOptions{FS: fs, Logger: quiet}
	found, err := host.Verify(t.Context(), p.dir, o, nil)
	require.NoError(t, err)
	require.NoError(t, found.Err())
	require.EqualValues(t, 60, found.Events)
	require.Zero(t, open())
	var readers []*host.DirReader
	for range 3 {
		r, err := host.OpenReader(t.Context(), p.dir, o)
		require.NoError(t, err)
		readers = append(readers, r)
		events := all(t, r)
		require.Len(t, events, 60)
		for _, e := range events {
			_, err := r.Read(t.Context(), e)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, open(), 12)
	}
	for _, r := range readers {
		require.NoError(t, r.Close())
	}
	require.Zero(t, open())
}
