package host_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

// misnumbered is a directory with core/store/testdata/misnumbered, but for some files.
func misnumbered(t *testing.T, without ...string) place {
	p := inMemory(t)
	names, err := filepath.Glob("../core/store/testdata/misnumbered/*.*")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, name := range names {
		files[filepath.Base(name)], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	for _, name := range without {
		delete(files, name)
	}
	p.put(t, files)
	return p
}

// shows checks what a reader sees, and returns how the store was opened.
func (p place) shows(t *testing.T, want ...string) host.Report {
	r, err := host.OpenReader(context.Background(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	var got []string
	for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		got = append(got, e.Entity)
	}
	require.Equal(t, want, got)
	return r.Report()
}

// appendEvent opens the store for writing, appends to an entity and closes.
func (p place) appendEvent(t *testing.T, entity string) host.CloseReport {
	ctx := context.Background()
	s, err := host.Open(ctx, p.dir, host.Options{FS: p.fs, Logger: quiet})
	require.NoError(t, err)
	_, err = s.Append(ctx, event.At(entity, "scope"), event.Data, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return s.CloseReport()
}

// TestRenumbered: while synced.thaw still says who wrote what, a writer puts ranges
// into the numbers of the log that batpak wrote in others. From then on nothing is
// damaged, and a lost index leaves a cancelled event hidden.
func TestRenumbered(t *testing.T) {
	p := misnumbered(t)
	r := p.shows(t, "a", "b", "c")
	require.ErrorIs(t, r.Damaged(), damage.Renumbered)
	require.EqualValues(t, 1, r.Hidden)

	require.NoError(t, p.appendEvent(t, "d").IndexError)
	r = p.shows(t, "a", "b", "c", "d")
	require.NoError(t, r.Damaged())
	require.Equal(t, store.FromIndex, r.OpenedFrom)
	require.EqualValues(t, 1, r.Hidden)
	require.EqualValues(t, 5, r.NextSequence)

	require.NoError(t, p.fs.Remove(filepath.Join(p.dir, indexName)))
	require.NoError(t, p.fs.Remove(filepath.Join(p.dir, checkpointName)))
	r = p.shows(t, "a", "b", "d")
	require.ErrorIs(t, r.Damaged(), damage.Renumbered, "C is hidden in doubt")
}

// TestRenumberedInDoubt: a store in which nothing tells B from X gets an index only
// when the doubt is accepted, whatever is appended, and X is never shown.
func TestRenumberedInDoubt(t *testing.T) {
	ctx := context.Background()
	p := misnumbered(t, "synced.thaw")
	r := p.shows(t, "a", "c")
	require.ErrorIs(t, r.Damaged(), damage.Renumbered)
	require.Len(t, r.Damages[0].Events, 2)
	require.ErrorIs(t, p.appendEvent(t, "d").IndexError, host.ErrDamaged)
	r = p.shows(t, "a", "c", "d")
	require.Len(t, r.Damages[0].Events, 2)

	_, err := host.Rebuild(ctx, p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, Logger: quiet}})
	require.ErrorIs(t, err, damage.Renumbered)
	_, err = host.Rebuild(ctx, p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, Logger: quiet}, AcceptDamage: true})
	require.NoError(t, err)
	r = p.shows(t, "a", "c", "d")
	require.NoError(t, r.Damaged())
	require.EqualValues(t, 2, r.Hidden)
	require.NoError(t, p.appendEvent(t, "e").IndexError)
	p.shows(t, "a", "c", "d", "e")

	require.NoError(t, p.fs.Remove(filepath.Join(p.dir, indexName)))
	require.NoError(t, p.fs.Remove(filepath.Join(p.dir, checkpointName)))
	r = p.shows(t, "a", "d", "e")
	require.ErrorIs(t, r.Damaged(), damage.Renumbered)
}

// TestAcceptedLossHides: accepting a loss in front of a hidden range keeps hidden what
// may have moved out of the range.
func TestAcceptedLossHides(t *testing.T) {
	p := inMemory(t)
	files := fixture(t, "fences")
	delete(files, indexName)
	delete(files, checkpointName)
	name := "000001.fbat"
	at, ok, err := segment.FooterOffset(source.Bytes(files[name]))
	require.NoError(t, err)
	require.True(t, ok)
	files[name] = files[name][:at] // nothing but the frames says which numbers there were
	clear(files[name][60:3000])    // and nothing how many these had
	p.put(t, files)
	before := entitiesOf(t, p)
	require.ErrorIs(t, before.report.Damaged(), damage.Frame)
	raw, err := visibility.Decode(files[hiddenName])
	require.NoError(t, err)
	require.NotEqual(t, raw, before.report.HiddenRanges, "some are hidden in doubt")
	_, err = host.Rebuild(context.Background(), p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, Logger: quiet}, AcceptDamage: true})
	require.NoError(t, err)
	after := entitiesOf(t, p)
	require.Equal(t, store.FromIndex, after.report.OpenedFrom)
	require.Equal(t, before.report.HiddenRanges, after.report.HiddenRanges)
	require.Equal(t, before.ids, after.ids)
}

type seen struct {
	ids    []event.ID
	report host.Report
}

func entitiesOf(t *testing.T, p place) (s seen) {
	r, err := host.OpenReader(context.Background(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		s.ids = append(s.ids, e.ID)
	}
	s.report = r.Report()
	return s
}
