package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/refusing"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
)

// refusedStores are stores of which calls are refused. The damaged ones have no index,
// so that every open meets the same damage.
func refusedStores(t *testing.T) map[string]map[string][]byte {
	whole, part := longstore.New(t, 12)
	bare := with(whole, "", nil)
	for _, name := range []string{"", artifact.FileName, index.FileName, part} {
		delete(bare, name)
	}
	newest := segment.Name(4)
	footer, _, err := segment.FooterOffset(source.Bytes(bare[newest]))
	require.NoError(t, err)
	open := bare[newest][:footer]
	mark := synced.Mark{Segment: 4, Offset: footer - 30}
	gap := with(bare, "", nil)
	delete(gap, "")
	delete(gap, segment.Name(2))
	broken := append([]byte(nil), bare[segment.Name(2)]...)
	broken[len(broken)/3] ^= 1
	wrong := append([]byte(nil), bare[newest]...)
	wrong[len(wrong)-sidx.TrailerSize] ^= 1
	whole4 := synced.Mark{Segment: 4, Offset: uint64(len(wrong))}
	// A store that batpak closed has no index.thaw of its index, which is then compared with
	// the segments.
	unvouched, incomplete := fixture.Store("rotated"), fixture.Store("rotated")
	incomplete[artifact.FileName] = leaveOut(t, incomplete[artifact.FileName], 3, 1)
	return map[string]map[string][]byte{
		"with a wrong footer":               with(with(bare, newest, wrong), synced.FileName, synced.AppendSlot(synced.AppendSlot(nil, whole4), whole4)),
		"with an index":                     whole,
		"of segments":                       bare,
		"not closed":                        with(bare, newest, open),
		"torn":                              with(bare, newest, open[:len(open)-7]),
		"with a sync mark":                  with(with(bare, newest, open[:len(open)-7]), synced.FileName, synced.AppendSlot(synced.AppendSlot(nil, mark), mark)),
		"with a cut trailer":                with(bare, newest, bare[newest][:len(bare[newest])-3]),
		"damaged":                           with(bare, segment.Name(2), broken),
		"without a segment":                 gap,
		"with hidden events":                fixture.Store("fences"),
		"with a checkpoint":                 fixture.Store("tail"),
		"renumbered":                        misnumbered(t),
		"closed by batpak":                  unvouched,
		"an index that leaves out an event": incomplete,
	}
}

// everything returns what a store answers and reports, except how it was opened.
func everything(files directory.Files) (string, error) {
	s, err := store.Open(files, store.Options{Seed: 3, Hash: nil})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		if err != nil {
			return "", err
		}
		full, err := s.Read(e)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, full)
	}
	for _, r := range []query.Region{{EntityPrefix: "order:1"}, {Scope: "shop:2"}} {
		n, err := s.Count(r, 0)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, n)
	}
	recovery, err := s.Recovery()
	if err != nil {
		return "", err
	}
	r := s.Report()
	for _, d := range r.Damages {
		fmt.Fprintln(&b, *d)
	}
	fmt.Fprintln(&b, recovery, r.Events, r.Hidden, r.NextSequence, r.Damaged() != nil)
	if r.Torn != nil {
		fmt.Fprintln(&b, *r.Torn)
	}
	return b.String(), nil
}

// TestRefusedCalls makes each call on a store's files fail in turn, once and from then
// on. The answer is right, or an error with the cause, and never damage, since no bytes
// were found wrong.
func TestRefusedCalls(t *testing.T) {
	boom := errors.New("too many open files")
	for name, files := range refusedStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := everything(&refusing.Files{Memory: files})
			require.NoError(t, err)
			for _, forever := range []bool{false, true} {
				refused, right := 0, 0
				for nth := 1; ; nth++ {
					f := &refusing.Files{Memory: files, Nth: nth, Forever: forever, Err: boom}
					got, err := everything(f)
					if f.Calls < nth {
						break
					}
					if err == nil {
						right++
						require.Equal(t, want, got, "call %d, forever %v", nth, forever)
						continue
					}
					refused++
					require.ErrorIs(t, err, boom, "call %d", nth)
					require.ErrorIs(t, err, source.ErrRead, "call %d", nth)
					var d *damage.Damage
					require.False(t, errors.As(err, &d), "call %d: %v", nth, err)
				}
				require.NotZero(t, refused)
				t.Logf("forever %v: %d refused, %d answered all the same", forever, refused, right)
			}
		})
	}
}

// TestRefusedFile makes one file unreadable for good. An index file is done without,
// and the report has the cause. A segment, the sync mark and the hidden ranges are
// errors.
func TestRefusedFile(t *testing.T) {
	boom := errors.New("permission denied")
	found := map[bool]int{}
	for name, files := range refusedStores(t) {
		want, err := everything(&refusing.Files{Memory: files})
		require.NoError(t, err)
		for file := range files {
			for nth := 1; nth <= 2; nth++ { // it opens, and then cannot be read
				f := &refusing.Files{Memory: files, Nth: nth, Forever: true, Err: boom, Only: file}
				got, err := everything(f)
				if f.Calls < nth { // no open looks at it
					require.Equal(t, want, got, "%s: %s", name, file)
					continue
				}
				disposable := directory.KindOf(file).Derived()
				found[disposable]++
				if !disposable {
					require.ErrorIs(t, err, boom, "%s: %s", name, file)
					var failed *source.ReadError
					require.ErrorAs(t, err, &failed)
					require.Equal(t, file, failed.File)
					continue
				}
				require.NoError(t, err, "%s: %s", name, file)
				require.Equal(t, want, got, "%s: %s", name, file)
				s, err := store.Open(&refusing.Files{Memory: files, Nth: nth, Forever: true, Err: boom, Only: file}, store.Options{CheckIndex: true})
				require.NoError(t, err)
				var refused *damage.Refusal
				for _, r := range s.Report().Rejected {
					if r.File == file {
						refused = r
					}
				}
				require.NotNil(t, refused, "%s: %s", name, file)
				require.Equal(t, damage.Unreadable, refused.Reason)
				require.ErrorIs(t, refused, boom)
				require.NotContains(t, refused.Error(), "could not be read", "the cause is not told twice")
			}
		}
	}
	require.Greater(t, found[true], 8)
	require.Greater(t, found[false], 30)
}

// TestRefusedEvidence: an index that may list lost events and cannot be read is an
// error, since the segments alone do not show the loss.
func TestRefusedEvidence(t *testing.T) {
	boom := errors.New("input/output error")
	files, _ := longstore.New(t, 12)
	delete(files, segment.Name(2))
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	lost := 0
	for _, d := range s.Report().Damages {
		lost += len(d.Events)
	}
	require.Equal(t, 12, lost)
	heard := 0
	for nth := 1; ; nth++ {
		f := &refusing.Files{Memory: files, Nth: nth, Err: boom}
		s, err := store.Open(f, store.Options{})
		if f.Calls < nth {
			break
		}
		if err != nil {
			require.ErrorIs(t, err, boom)
			continue
		}
		heard++
		got := 0
		for _, d := range s.Report().Damages {
			require.NotErrorIs(t, d, boom)
			got += len(d.Events)
		}
		if s.Report().Rejected[0].Reason != damage.Unreadable {
			require.Equal(t, 12, got, "call %d", nth)
		}
	}
	t.Logf("%d answered all the same", heard)
}

// forgetful leaves a segment out of its listings until it has been looked at.
type forgetful struct {
	*refusing.Files
	looked bool
}

func (f *forgetful) List() ([]directory.Name, error) {
	names, err := f.Files.List()
	return slices.DeleteFunc(names, func(n directory.Name) bool { return n.Name == segment.Name(2) && !f.looked }), err
}

func (f *forgetful) Look(name string) (directory.Entry, error) {
	f.looked = f.looked || name == segment.Name(2)
	return f.Files.Look(name)
}

// TestRefusedLookAtUnlisted: a segment that a listing lacks and that cannot be looked
// at does not count as missing.
func TestRefusedLookAtUnlisted(t *testing.T) {
	boom := errors.New("input/output error")
	files := refusedStores(t)["of segments"]
	want, err := everything(&refusing.Files{Memory: files})
	require.NoError(t, err)
	for nth := 1; ; nth++ {
		f := &forgetful{Files: &refusing.Files{Memory: files, Nth: nth, Err: boom}}
		got, err := everything(f)
		if f.Calls < nth {
			return
		}
		if err == nil {
			require.Equal(t, want, got, "call %d", nth)
			continue
		}
		require.ErrorIs(t, err, boom, "call %d", nth)
	}
}
