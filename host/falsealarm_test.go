package host_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// meanwhileFS runs a function once, after the first opening of a file.
type meanwhileFS struct {
	*crashfs.FS
	name string
	run  func()
}

func (m *meanwhileFS) Open(name string) (fsabstraction.File, error) {
	f, err := m.FS.Open(name)
	if filepath.Base(name) == m.name && m.run != nil {
		run := m.run
		m.run = nil
		run()
	}
	return f, err
}

// pausingFS stops before it gives a file its name.
type pausingFS struct {
	*crashfs.FS
	name             string
	reached, proceed chan struct{}
}

func (p *pausingFS) Rename(from, to string) error {
	if filepath.Base(to) == p.name {
		close(p.reached)
		<-p.proceed
	}
	return p.FS.Rename(from, to)
}

// TestNoFalseAlarm: a writer that closes replaces index.fbati and then index.thaw. A reader
// between the two finds a pair that does not fit, and looks again before it refuses one of
// them.
func TestNoFalseAlarm(t *testing.T) {
	fs := crashfs.FromFiles(nil)
	first := openAt(t, fs)
	appendTo(t, first, "a", 20)
	require.NoError(t, first.Close())
	before := fs.Files(hostileDir)[index.FileName]
	require.NoError(t, fs.Remove(hostileDir+"/"+artifact.FileName)) // so that it is written again

	pausing := &pausingFS{FS: fs, name: index.FileName, reached: make(chan struct{}), proceed: make(chan struct{})}
	st, err := host.Open(t.Context(), hostileDir, host.Options{FS: pausing, Logger: quiet})
	require.NoError(t, err)
	rs := appendTo(t, st, "b", 5)
	closed := make(chan error, 1)
	go func() { closed <- st.Close() }()
	<-pausing.reached
	require.Equal(t, before, fs.Files(hostileDir)[index.FileName], "index.thaw is still the old one")

	between := &meanwhileFS{FS: fs, name: index.FileName, run: func() {
		close(pausing.proceed)
		require.NoError(t, <-closed)
	}}
	report := requireReceipts(t, between, rs)
	require.Nil(t, between.run, "the open has read index.thaw")
	require.Empty(t, report.Rejected)
}

// TestEmptySyncMark: a writer has made synced.thaw and not yet written it. That is as if it
// were absent, for an open and for verify.
func TestEmptySyncMark(t *testing.T) {
	fs := crashfs.FromFiles(nil)
	st := openAt(t, fs)
	rs := appendTo(t, st, "a", 3)
	require.NoError(t, st.Close())
	fs = killed(fs, func(files map[string][]byte) { files[synced.FileName] = nil })
	report := requireReceipts(t, fs, rs)
	require.Empty(t, report.Rejected)
	found, err := host.Verify(t.Context(), hostileDir, host.ReaderOptions{FS: fs, Logger: quiet}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Notes)
}
