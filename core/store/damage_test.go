package store_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/concurrently"
	"github.com/thawlog/thaw/core/query"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

// damaged is a store to be damaged in every way, and its true content.
type damaged struct {
	files  map[string][]byte
	events []event.Event // visible, in order
	byID   map[event.ID]event.Event
	all    map[event.ID]event.Event // the hidden ones too
	frames map[string][]segment.Step
}

func newDamaged(t *testing.T, name string, without ...string) *damaged {
	d := &damaged{files: fixture.Store(name), byID: map[event.ID]event.Event{}, all: map[event.ID]event.Event{}}
	for _, f := range without {
		delete(d.files, f)
	}
	s, err := store.Open(directory.Memory(d.files), store.Options{})
	require.NoError(t, err)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		d.events = append(d.events, e)
		d.byID[e.ID] = e
	}
	s, err = store.Open(directory.Memory(d.files), store.Options{ShowHidden: true})
	require.NoError(t, err)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		d.all[e.ID] = e
	}
	d.frames = map[string][]segment.Step{}
	for _, f := range fixture.Segments(d.files) {
		_, from, err := segment.DecodeHeader(d.files[f])
		require.NoError(t, err)
		w := segment.NewWalker(source.Bytes(d.files[f]), uint64(from))
		for {
			s, ok := w.Next()
			if !ok {
				break
			}
			body := *s.Body
			d.frames[f] = append(d.frames[f], segment.Step{Offset: s.Offset, Length: s.Length, Body: &body})
		}
	}
	return d
}

// verdict opens a damaged store and returns what it does wrong, or "". touched is the
// event whose frame was re-sealed with other content, which may differ.
func (d *damaged) verdict(files map[string][]byte, touched event.ID, sealed bool) string {
	o := store.Options{CheckFrames: sealed, Hash: hash}
	s, err := store.Open(directory.Memory(files), o)
	if verdicts.Add(1)%parallelEach == 0 {
		if why := sameInParallel(files, o, s, err); why != "" {
			return why
		}
	}
	if err != nil {
		return typed(err)
	}
	r := s.Report()
	named := func(id event.ID, sequence uint64) bool { return accounts(&r, id, sequence) }
	seen := map[event.ID]bool{}
	last := int64(-1)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		if err != nil {
			if why := typed(err); why != "" {
				return why
			}
			var dm *damage.Damage
			if !errors.As(err, &dm) || len(dm.Events) == 0 {
				return "an error that names no event: " + err.Error()
			}
			return "" // the query was refused, with the reason
		}
		e = event.Event{Facts: e.Facts, Coordinate: e.Coordinate} // without its time
		if int64(e.Sequence) <= last {
			return "sequences do not rise"
		}
		last = int64(e.Sequence)
		was, ok := d.byID[e.ID]
		switch {
		case !ok && e.ID != touched && touched.IsZero():
			if _, hidden := d.all[e.ID]; hidden {
				return "a hidden event is shown: " + e.ID.String()
			}
			return "an event that never existed: " + e.ID.String()
		case !ok: // the re-sealed frame under another id
			continue
		case seen[e.ID] && e.ID != touched:
			return "an event is shown twice: " + e.ID.String()
		}
		seen[e.ID] = true
		if e == was || e.ID == touched {
			continue
		}
		moved := e
		moved.Sequence = was.Sequence
		if moved != was {
			return "an event changed: " + e.ID.String()
		}
		if !named(e.ID, e.Sequence) && !named(e.ID, was.Sequence) && !inGap(&r, was.Sequence, e.Sequence) {
			return fmt.Sprintf("an event moved from %d to %d and no report says so", was.Sequence, e.Sequence)
		}
	}
	for _, e := range d.events {
		if !seen[e.ID] && e.ID != touched && !named(e.ID, e.Sequence) {
			return fmt.Sprintf("event %d (%s) is gone and no report says so", e.Sequence, e.ID)
		}
	}
	return ""
}

// Every parallelEach-th damaged store is opened again with frames read ahead, which
// doubles its cost. TestParallelIsSerial of package replay tests more of them.
const parallelEach = 5

var verdicts atomic.Int64

// sameInParallel returns how an open that reads frames ahead differs from s, or from
// the error err.
func sameInParallel(files map[string][]byte, o store.Options, s *store.Snapshot, err error) string {
	o.Parallel = concurrently.Run
	p, perr := store.Open(directory.Memory(files), o)
	if err != nil || perr != nil {
		if fmt.Sprint(err) != fmt.Sprint(perr) {
			return fmt.Sprintf("in parallel the error is %v, not %v", perr, err)
		}
		return ""
	}
	if got, want := p.Report(), s.Report(); !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("in parallel the report is %+v, not %+v", got, want)
	}
	next, stop := iter.Pull2(p.Query(query.Region{}, query.Page{}))
	defer stop()
	for want, err := range s.Query(query.Region{}, query.Page{}) {
		got, perr, _ := next()
		if got != want || fmt.Sprint(err) != fmt.Sprint(perr) {
			return fmt.Sprintf("in parallel event %+v is %+v, %v", want, got, perr)
		}
		if err != nil {
			break
		}
	}
	return ""
}

func typed(err error) string {
	var d *damage.Damage
	var r *damage.Refusal
	if errors.As(err, &d) || errors.As(err, &r) {
		return ""
	}
	return "an untyped error: " + err.Error()
}

// accounts reports whether the report accounts for the loss of an event.
func accounts(r *store.Report, id event.ID, sequence uint64) bool {
	for _, d := range r.Damages {
		if d.FirstSequence <= sequence && sequence < d.EndSequence {
			return true
		}
		for _, e := range d.Events {
			if e.ID == id {
				return true
			}
		}
	}
	for _, u := range r.Unsealed {
		if sequence >= u.Next {
			return true
		}
	}
	return r.Torn != nil && r.Torn.Length > 0 || r.HiddenRanges.Hides(sequence)
}

// inGap reports whether an event moved because a footer claims a gap.
func inGap(r *store.Report, was, is uint64) bool {
	for _, g := range r.Gaps {
		if g.First <= was && g.End <= is {
			return true
		}
	}
	return false
}

// reseal fixes the checksum that covers a changed byte, if one does. touched is the
// event whose frame holds the byte.
func (d *damaged) reseal(name string, b []byte, at int) (touched event.ID, sealed bool) {
	switch name {
	case artifact.FileName:
		artifact.Seal(b)
		return touched, true
	case checkpoint.FileName, visibility.FileName:
		binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:]))
		return touched, true
	}
	for _, f := range d.frames[name] {
		if uint64(at) >= f.Offset+segment.FrameHead && uint64(at) < f.Offset+f.Length {
			body := b[f.Offset+segment.FrameHead : f.Offset+f.Length]
			binary.BigEndian.PutUint32(b[f.Offset+4:], crc32.ChecksumIEEE(body))
			return f.Body.ID, true
		}
	}
	return touched, false
}

// variants runs f for every n below count on all processors, and stops at the first
// complaint.
func variants(t *testing.T, count int, f func(n int) string) {
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	complaints := make([]string, workers)
	for w := range workers {
		wg.Go(func() {
			for n := w; n < count && complaints[w] == ""; n += workers {
				if why := f(n); why != "" {
					complaints[w] = fmt.Sprintf("variant %d: %s", n, why)
				}
			}
		})
	}
	wg.Wait()
	for _, c := range complaints {
		require.Empty(t, c)
	}
}

// damageStores are the stores that are damaged in every way, each on the steps of the
// ladder where damage can show.
var damageStores = []struct {
	name    string
	without []string
}{
	{"tail", nil},
	{"tail", []string{artifact.FileName}},
	{"tail", []string{artifact.FileName, checkpoint.FileName}},
	{"batch", nil},
	{"fences", nil},
	{"fences", []string{artifact.FileName}},
	{"fences", []string{artifact.FileName, checkpoint.FileName}},
}

// stride is how many variants a plain `go test` skips for each it tries. `make test`
// sets THAW_DAMAGE_STRIDE to 1, which tries every one in some minutes.
func stride() int {
	if n, err := strconv.Atoi(os.Getenv("THAW_DAMAGE_STRIDE")); err == nil && n > 0 {
		return n
	}
	return 31
}

// TestEveryBitFlip flips every bit of every file, with the old checksum and with a
// fixed one. The answers stay the same, or an error says what is damaged, or the report
// names the lost events. Hidden events stay hidden.
func TestEveryBitFlip(t *testing.T) {
	for _, c := range damageStores {
		d := newDamaged(t, c.name, c.without...)
		for _, name := range slices.Sorted(maps.Keys(d.files)) {
			if redundant(c.without, name) {
				continue
			}
			t.Run(fmt.Sprintf("%s-%d/%s", c.name, len(c.without), name), func(t *testing.T) {
				whole := d.files[name]
				step := stride()
				variants(t, (len(whole)*8+step-1)/step, func(n int) string {
					bit := n * step
					files := maps.Clone(d.files)
					b := slices.Clone(whole)
					b[bit/8] ^= 1 << (bit % 8)
					files[name] = b
					if why := d.verdict(files, event.ID{}, false); why != "" {
						return fmt.Sprintf("bit %d of byte %d: %s", bit%8, bit/8, why)
					}
					touched, sealed := d.reseal(name, b, bit/8)
					if !sealed {
						return ""
					}
					if why := d.verdict(files, touched, true); why != "" {
						return fmt.Sprintf("bit %d of byte %d, sealed: %s", bit%8, bit/8, why)
					}
					return ""
				})
			})
		}
	}
}

// redundant reports whether damage to a file is tested on another step of the ladder:
// the checkpoint is not read beside a sound index.fbati, and without index.fbati every
// file but the checkpoint is read as on the steps above or below.
func redundant(without []string, name string) bool {
	return (len(without) == 1) != (name == checkpoint.FileName)
}

// TestEveryTruncation cuts every file at every length.
func TestEveryTruncation(t *testing.T) {
	for _, c := range damageStores {
		d := newDamaged(t, c.name, c.without...)
		for _, name := range slices.Sorted(maps.Keys(d.files)) {
			t.Run(fmt.Sprintf("%s-%d/%s", c.name, len(c.without), name), func(t *testing.T) {
				whole := d.files[name]
				segments := fixture.Segments(d.files)
				newest := name == segments[len(segments)-1]
				step := stride()
				variants(t, (len(whole)+step-1)/step, func(n int) string {
					n *= step
					files := maps.Clone(d.files)
					files[name] = whole[:n]
					if why := d.verdict(files, event.ID{}, false); why != "" && !newest {
						// TestTruncatedNewestSegment covers the end of the newest segment.
						return fmt.Sprintf("cut at %d: %s", n, why)
					}
					return ""
				})
			})
		}
	}
}
