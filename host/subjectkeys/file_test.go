package subjectkeys_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host/subjectkeys"
)

var errDisk = errors.New("the disk fails")

func open(t *testing.T, fsys fsabstraction.FS, path string) *subjectkeys.File {
	f, err := subjectkeys.OpenFile(path, subjectkeys.FileOptions{FS: fsys, Create: true})
	require.NoError(t, err)
	return f
}

func TestFile(t *testing.T) {
	testKeyring(t, open(t, memfs.New(), "/keys"))
	path := filepath.Join(t.TempDir(), "customers.keys")
	testKeyring(t, open(t, nil, path))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	_, err := os.Stat(path + ".tmp")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestFileIsShared: what one keyring changes, others over the same file notice with their next
// call, and the secret of a destroyed key is in no file.
func TestFileIsShared(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	a, b := open(t, nil, path), open(t, nil, path)
	for i := range 20 {
		subject := fmt.Sprint("subject ", i)
		key, err := a.Create(t.Context(), subject)
		require.NoError(t, err)
		got, err := b.Key(t.Context(), key.ID)
		require.NoError(t, err)
		require.Equal(t, key, got)
		again, err := b.Create(t.Context(), subject)
		require.NoError(t, err)
		require.Equal(t, key, again)
		if i%2 == 0 {
			continue
		}
		require.NoError(t, b.Destroy(t.Context(), subject))
		_, err = a.Create(t.Context(), subject)
		require.ErrorIs(t, err, subjectkeys.ErrShredded)
		_, err = a.Key(t.Context(), key.ID)
		require.ErrorIs(t, err, subjectkeys.ErrShredded)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
			require.NoError(t, err)
			require.False(t, bytes.Contains(raw, key.Secret[:8]), e.Name())
		}
	}
	all, err := b.Subjects()
	require.NoError(t, err)
	n := 0
	for subject, destroyed := range all {
		var i int
		_, err := fmt.Sscanf(subject, "subject %d", &i)
		require.NoError(t, err)
		require.Equal(t, i%2 == 1, destroyed)
		n++
	}
	require.Equal(t, 20, n)
}

// TestFileIsSharedAtOnce: two keyrings over one file make one key of a subject.
func TestFileIsSharedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	rings := [2]*subjectkeys.File{open(t, nil, path), open(t, nil, path)}
	for i := range 10 {
		var got [4]subjectkeys.Key
		var wait sync.WaitGroup
		for k := range got {
			wait.Go(func() { got[k], _ = rings[k%2].Create(t.Context(), fmt.Sprint(i)) })
		}
		wait.Wait()
		require.NotZero(t, got[0])
		for _, key := range got {
			require.Equal(t, got[0], key)
		}
	}
}

func TestOpenFile(t *testing.T) {
	refused := func(fsys fsabstraction.FS, path string, create bool, want error) {
		t.Helper()
		_, err := subjectkeys.OpenFile(path, subjectkeys.FileOptions{FS: fsys, Create: create})
		require.ErrorIs(t, err, want)
		var at *subjectkeys.FileError
		require.True(t, errors.As(err, &at))
		require.Equal(t, path, at.Path)
	}
	disk := memfs.New()
	refused(disk, "/keys", false, fs.ErrNotExist)
	f := open(t, disk, "/keys")
	_, err := f.Create(t.Context(), "anna")
	require.NoError(t, err)
	// A file that was there and is gone is not an empty one.
	require.NoError(t, disk.Remove("/keys"))
	_, err = f.Create(t.Context(), "ben")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = f.Key(t.Context(), subjectkeys.KeyID{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, disk.MkdirAll("/dir"))
	refused(disk, "/dir", true, fsabstraction.ErrNotRegular)

	// Every cut and every flipped bit is found.
	f = open(t, disk, "/whole")
	for _, subject := range []string{"anna", "ben", "carl"} {
		_, err := f.Create(t.Context(), subject)
		require.NoError(t, err)
	}
	require.NoError(t, f.Destroy(t.Context(), "ben"))
	whole := read(t, disk, "/whole")
	again, err := subjectkeys.DecodeFile(whole)
	require.NoError(t, err)
	require.Equal(t, whole, again)
	for i := range whole {
		_, err := subjectkeys.DecodeFile(whole[:i])
		require.ErrorIs(t, err, subjectkeys.ErrFile)
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			_, err := subjectkeys.DecodeFile(flipped)
			require.ErrorIs(t, err, subjectkeys.ErrFile)
		}
	}
	write(t, disk, "/damaged", whole[1:])
	refused(disk, "/damaged", true, subjectkeys.ErrFile)
	write(t, disk, "/newer", summed(append([]byte("thawkeys\x02\x00\x00\x00"), whole[12:len(whole)-32]...)))
	refused(disk, "/newer", true, subjectkeys.ErrFileVersion)
}

// summed adds the checksum of a key file.
func summed(b []byte) []byte {
	sum := blake3.Sum256(b)
	return append(b, sum[:]...)
}

// TestHostileFiles: a right checksum does not make the rest right.
func TestHostileFiles(t *testing.T) {
	head := func(count byte) string { return "thawkeys\x01\x00\x00\x00" + string([]byte{count, 0, 0, 0}) }
	entry := func(state byte, id byte, subject string, secret int) string {
		return string([]byte{state, id}) + string(make([]byte, 15)) + string([]byte{byte(len(subject)), 0}) + subject + string(make([]byte, secret))
	}
	for name, b := range map[string]string{
		"too few":            head(2) + entry(1, 1, "a", 32),
		"too many":           head(0) + entry(1, 1, "a", 32),
		"out of order":       head(2) + entry(1, 1, "b", 32) + entry(1, 2, "a", 32),
		"a subject twice":    head(2) + entry(1, 1, "a", 32) + entry(1, 2, "a", 32),
		"an id twice":        head(2) + entry(1, 1, "a", 32) + entry(1, 1, "b", 32),
		"no subject":         head(1) + entry(1, 1, "", 32),
		"not UTF-8":          head(1) + entry(1, 1, "\xff", 32),
		"another state":      head(1) + entry(3, 1, "a", 32),
		"state 0":            head(1) + entry(0, 1, "a", 32),
		"a short secret":     head(1) + entry(1, 1, "a", 31),
		"a destroyed secret": head(1) + entry(2, 1, "a", 32),
		"a long subject":     head(1) + entry(1, 1, "a", 32)[:18] + "\x05" + "a",
	} {
		_, err := subjectkeys.DecodeFile(summed([]byte(b)))
		require.ErrorIs(t, err, subjectkeys.ErrFile, name)
	}
	for _, b := range []string{head(0), head(2) + entry(1, 1, "a", 32) + entry(2, 2, "b", 0)} {
		_, err := subjectkeys.DecodeFile(summed([]byte(b)))
		require.NoError(t, err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte("thawkeys\x01\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("thawkeys\x01\x00\x00\x00\x01\x00\x00\x00\x02aaaaaaaaaaaaaaaa\x01\x00x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = summed(bytes.Clone(b))
		if again, err := subjectkeys.DecodeFile(b); err == nil {
			require.Equal(t, b, again)
		}
	})
}

func read(t *testing.T, fsys fsabstraction.FS, path string) []byte {
	f, err := fsys.Open(path)
	require.NoError(t, err)
	defer f.Close()
	size, err := f.Size()
	require.NoError(t, err)
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	require.NoError(t, err)
	return b
}

func write(t *testing.T, fsys fsabstraction.FS, path string, b []byte) {
	f, err := fsys.Create(path)
	require.NoError(t, err)
	_, err = f.WriteAt(b, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// TestFileCrash cuts the power before each operation of Create and Destroy, and makes each fail:
// every key that Create returned is there, until Destroy is called; once that has returned it is
// in no file. A keyring goes on after a failure.
func TestFileCrash(t *testing.T) {
	states := 0
	for _, destroys := range []bool{false, true} {
		var anna, ben subjectkeys.Key
		begin := func() *crashfs.FS {
			disk := crashfs.New()
			require.NoError(t, disk.MkdirAll("/k"))
			require.NoError(t, disk.SyncDir("/"))
			var err error
			anna, err = open(t, disk, "/k/keys").Create(t.Context(), "anna")
			require.NoError(t, err)
			return disk
		}
		act := func(disk fsabstraction.FS) error {
			f, err := subjectkeys.OpenFile("/k/keys", subjectkeys.FileOptions{FS: disk})
			if err != nil {
				return err
			}
			if destroys {
				return f.Destroy(t.Context(), "anna")
			}
			ben, err = f.Create(t.Context(), "ben")
			return err
		}
		check := func(disk fsabstraction.FS, done bool) {
			states++
			f, err := subjectkeys.OpenFile("/k/keys", subjectkeys.FileOptions{FS: disk})
			require.NoError(t, err)
			got, err := f.Key(t.Context(), anna.ID)
			switch {
			case destroys && done:
				require.ErrorIs(t, err, subjectkeys.ErrShredded)
			case !destroys || err == nil:
				require.NoError(t, err)
				require.Equal(t, anna, got)
			default:
				require.ErrorIs(t, err, subjectkeys.ErrShredded)
			}
			if done && !destroys {
				got, err = f.Key(t.Context(), ben.ID)
				require.NoError(t, err)
				require.Equal(t, ben, got)
			}
			// The next change works, and clears away what a crash left.
			_, err = f.Create(t.Context(), "carl")
			require.NoError(t, err)
			entries, err := disk.ReadDir("/k")
			require.NoError(t, err)
			for _, e := range entries {
				require.NotContains(t, e.Name, ".tmp")
			}
		}
		cut := func(disk *crashfs.FS, done bool, torn *crashfs.Torn) {
			for _, survive := range []int{0, 30, 50, 70, 100} {
				for seed := range uint64(4) {
					check(disk.Crash(crashfs.Cut{Seed: seed, Survive: survive, Torn: torn}), done)
				}
			}
		}
		disk := begin()
		operations := 0
		disk.OnOp(func(op crashfs.Op) {
			operations++
			cut(disk, false, nil)
			if op.Kind == crashfs.WriteAt {
				for _, keep := range []int{1, len(op.Data) / 2, len(op.Data) - 1} {
					for _, rest := range []crashfs.Rest{crashfs.Absent, crashfs.Zeros, crashfs.Garbage} {
						cut(disk, false, &crashfs.Torn{Op: op, Keep: keep, Rest: rest})
					}
				}
			}
		})
		require.NoError(t, act(disk))
		disk.OnOp(nil)
		cut(disk, true, nil)
		require.Greater(t, operations, 3)
		for n := 1; n <= operations; n++ {
			disk := begin()
			failing := failfs.New(disk)
			failing.Fail(failfs.Rule{Kinds: failfs.Changes, Nth: n, Err: errDisk, Applied: n%2 == 0})
			if err := act(failing); err == nil {
				continue
			}
			cut(disk, false, nil)
		}
	}
	t.Logf("%d states", states)
}
