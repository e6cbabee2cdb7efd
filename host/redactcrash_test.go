package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRedactCrash cuts the power before each operation of a redaction: the store opens, its events
// are readable or redacted and never damaged, and the next redaction leaves nothing in any file.
func TestRedactCrash(t *testing.T) {
	ctx := t.Context()
	disk := crashfs.New()
	open := func(fs *crashfs.FS) *host.Store {
		o := redactOptions()
		o.FS, o.SegmentSize = fs, 4000
		s, err := host.Open(ctx, "/store", o)
		require.NoError(t, err)
		return s
	}
	s := open(disk)
	const n = 24
	for i := range n {
		at, text := event.At("customer:8", "shop"), "of somebody else"
		if i%3 == 0 {
			at, text = event.At("customer:anna", "shop"), secret
		}
		_, err := s.Append(ctx, at, 0x1001, text)
		require.NoError(t, err)
	}
	f, err := disk.Create("/store/000001.fbat.cut-9")
	require.NoError(t, err)
	_, err = f.WriteAt([]byte(secret), 0)
	require.NoError(t, err)
	require.NoError(t, errors.Join(f.Sync(), f.Close(), disk.SyncDir("/store")))

	array := msgpack.AppendByteArray(nil, []byte(secret))[1:]
	gone := func(fs *crashfs.FS) {
		for name, b := range fs.Files("/store") {
			require.False(t, bytes.Contains(b, []byte(secret)) || bytes.Contains(b, array), name)
		}
	}
	states := 0
	check := func(fs *crashfs.FS, what string) {
		states++
		s := open(fs)
		seen := 0
		for e, err := range s.ReadEach(ctx, s.Query(ctx, host.Region{}, host.Page{})) {
			if err != nil {
				require.ErrorIs(t, err, host.ErrRedacted, what)
				require.Equal(t, "customer:anna", e.Entity, what)
			}
			seen++
		}
		require.Equal(t, n, seen, what)
		done, err := s.Redact(ctx, anna, host.RedactOptions{})
		require.NoError(t, err, what)
		require.EqualValues(t, n/3, done.Redacted, what)
		gone(fs)
		require.NoError(t, s.Close(), what)
		gone(fs)
	}
	disk.OnOp(func(op crashfs.Op) {
		for _, survive := range []int{0, 50, 100} {
			check(disk.Crash(crashfs.Cut{Seed: uint64(states), Survive: survive}), fmt.Sprint(op.Kind, " ", op.Name, " ", survive))
		}
	})
	_, err = s.Redact(ctx, anna, host.RedactOptions{})
	require.NoError(t, err)
	disk.OnOp(nil)
	gone(disk)
	check(disk.Crash(crashfs.Cut{}), "done")
	require.NoError(t, s.Close())
	require.Greater(t, states, 30)
	t.Logf("%d states", states)
}
