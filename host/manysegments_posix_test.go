//go:build linux || darwin

package host_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host"
)

// The test binary is run again with few descriptors on the store of the named directory.
const (
	fewDirEnv      = "THAW_TEST_FEW_DIR"
	fewDescriptors = 256
)

func init() { children[fewDirEnv] = useWithFewDescriptors }

// manySegments makes a store of n segments of one event each, as n short sessions leave it, and
// without an index.
func manySegments(t testing.TB, dir string, n int) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	payload := []byte{1}
	for id := uint64(1); id <= uint64(n); id++ {
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(seg)))
		e := commit.Entry{Coordinate: event.At("e"+strconv.FormatUint(id%100, 10), "s"), Kind: event.Data, Payload: payload, Hash: blake3.Sum256(payload)}
		binary.BigEndian.PutUint64(e.ID[:], id)
		_, err := log.Append(&e, 1_790_000_000_000_000)
		require.NoError(t, err)
		seg = append(seg, log.Frames()...)
		log.Commit()
		require.NoError(t, os.WriteFile(filepath.Join(dir, segment.Name(id)), log.Footer(seg), 0o600))
	}
}

// useWithFewDescriptors is the other process: it does with a store what a process can do.
func useWithFewDescriptors(dir string) {
	t := fatal{}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: fewDescriptors, Max: fewDescriptors}))
	ctx := context.Background()
	count := func(r host.Reader, want int) {
		n := 0
		for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
			require.NoError(t, err)
			require.Len(t, e.Payload, 1)
			n++
		}
		require.Equal(t, want, n)
		report := r.Report()
		require.Empty(t, report.Damages)
		require.Empty(t, report.Rejected)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.fbat"))
	require.NoError(t, err)
	events := len(names)
	took := func(what string, since time.Time) {
		fmt.Printf("%s: %v\n", what, time.Since(since).Round(time.Millisecond))
	}

	// A second reader holds segments open meanwhile.
	start := time.Now()
	other, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	require.NoError(t, err)
	took("open from the segments", start)
	count(other, events)

	start = time.Now()
	found, err := host.Verify(ctx, dir, host.ReaderOptions{}, nil)
	require.NoError(t, err)
	require.True(t, found.Sound())
	require.EqualValues(t, events, found.Events)
	took("verify", start)

	next, stop := iter.Pull2(other.Follow(host.Region{}, host.Position{}, host.FollowOptions{}).Events(ctx))
	follow := func() (e event.Full) {
		e, err, ok := next()
		require.NoError(t, err)
		require.True(t, ok)
		return e
	}
	for range events {
		follow()
	}

	for range 2 {
		start = time.Now()
		st, err := host.Open(ctx, dir, host.Options{})
		require.NoError(t, err)
		took("open for writing", start)
		count(st, events)
		_, err = st.Append(ctx, event.At("e1", "s"), event.Data, 1)
		require.NoError(t, err)
		events++
		require.EqualValues(t, events-1, follow().Sequence)
		start = time.Now()
		require.NoError(t, st.Close())
		took("close", start)
	}
	stop()
	require.NoError(t, other.Close())

	start = time.Now()
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	require.NoError(t, err)
	took("open from the index", start)
	count(r, events)
	require.NoError(t, r.Close())

	report, err := host.Salvage(ctx, dir, filepath.Join(filepath.Dir(dir), "rescued"), host.SalvageOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
	require.EqualValues(t, events, report.Events)
}

// TestManySegments uses a store of 10,000 segments in a process that may have 256 files open.
func TestManySegments(t *testing.T) {
	n := 1_000
	if os.Getenv("THAW_FULL") != "" {
		n = 10_000
	}
	dir := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.Mkdir(dir, 0o700))
	manySegments(t, dir, n)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), fewDirEnv+"="+dir)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%d segments\n%s", n, out)
}
