package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/host"
)

// secret is what must be gone: in a payload, and in metadata.
const (
	secret     = "the secret of anna"
	metaSecret = "the metadata of anna"
)

// filesHolding returns the names of the files that have a text: raw, or as an array of integers.
func filesHolding(t *testing.T, dir, text string) (names []string) {
	array := msgpack.AppendByteArray(nil, []byte(text))
	array = array[bytes.Index(array, msgpack.AppendByteArray(nil, []byte(text)[:1])[1:]):] // after the head
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if bytes.Contains(b, []byte(text)) || bytes.Contains(b, array) {
			names = append(names, e.Name())
		}
	}
	return names
}

func redactOptions() host.Options {
	return host.Options{SegmentSize: 20_000, Logger: slog.New(slog.DiscardHandler)}
}

// fillForRedaction appends events of three customers, every eighth of anna, by every way to append,
// in many segments, some of them in a cancelled fence. It returns how many are anna's.
func fillForRedaction(t *testing.T, s *host.Store, n int) (annas int) {
	ctx := t.Context()
	round, err := s.Count(ctx, host.Region{}, 0) // keys are not used twice
	require.NoError(t, err)
	for i := range n {
		at, text := event.At(fmt.Sprint("customer:", i%8), "shop"), fmt.Sprint("the secret of somebody else ", i)
		meta := host.WithMeta(event.NewMeta(map[string]string{"note": "x"}))
		if i%8 == 0 {
			at, text, meta = event.At("customer:anna", "shop"), secret, host.WithMeta(event.NewMeta(map[string]string{"note": metaSecret}))
		}
		key := host.WithKey(host.KeyOf(fmt.Sprint(round, i)))
		var err error
		switch i / 8 % 4 {
		case 0:
			_, err = s.Append(ctx, at, 0x1001, text, key, meta)
		case 1:
			_, err = s.AppendBatch(ctx, []host.Item{
				{At: at, Kind: 0x1001, Payload: text, Options: []host.AppendOption{key, meta}},
				{At: event.At("other", "shop"), Kind: 0x1002, Payload: "with it"},
			})
		default:
			f := s.Fence()
			if _, err = f.Append(at, 0x1001, text, key, meta); err == nil && i/8%4 == 2 {
				_, err = f.Commit(ctx)
			} else if err == nil {
				err = f.Cancel()
			}
		}
		require.NoError(t, err)
		if i%8 == 0 && i/8%4 != 3 {
			annas++
		}
	}
	return annas
}

var anna = host.Region{Entity: "customer:anna"}

// requireRedacted checks a store after the redaction of anna.
func requireRedacted(t *testing.T, r host.Reader, before []event.Full) {
	ctx := t.Context()
	i := 0
	for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
		was := before[i]
		i++
		one, failed := r.Read(ctx, e.Event)
		if was.Entity != "customer:anna" {
			require.NoError(t, err)
			require.NoError(t, failed)
			e.Position, was.Position = event.Position{}, event.Position{}
			require.Equal(t, was, e)
			continue
		}
		for _, err := range []error{err, failed} {
			require.ErrorIs(t, err, host.ErrRedacted)
			require.ErrorIs(t, err, host.ErrErased)
			var why *host.RedactedError
			require.True(t, errors.As(err, &why))
			require.Equal(t, host.RedactedError{ID: was.ID, Sequence: was.Sequence, Kind: was.Kind}, *why)
		}
		require.Equal(t, e.Event, one.Event)
		require.True(t, one.Redacted())
		require.True(t, e.Redacted())
		require.Empty(t, e.Payload)
		require.Zero(t, e.Meta.Len())
		require.Equal(t, was.ContentHash, e.ContentHash)
		require.Equal(t, was.TimestampUS, e.TimestampUS)
		facts := was.Facts
		facts.Position = e.Position
		require.Equal(t, facts, e.Facts)
	}
	require.Equal(t, len(before), i)
}

func allFull(t *testing.T, r host.Reader) (all []event.Full) {
	ctx := t.Context()
	for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
		require.NoError(t, err)
		e.Payload = bytes.Clone(e.Payload)
		all = append(all, e)
	}
	return all
}

// TestRedact: the payloads of an entity are in no file afterwards, neither as they are nor as a
// frame has them; everything else is as before; and their keys still repeat.
func TestRedact(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := host.Open(ctx, dir, redactOptions())
	require.NoError(t, err)
	n := fillForRedaction(t, s, 400)
	require.NoError(t, s.Close())
	// What a crash or an older program left, which may hold anything.
	for _, name := range []string{"000001.fbat.cut-90", "000002.fbat.cut-10-2", "000001.fbat.tmp", "000003.fbat.swap", "000001.fbat.cut-90.tmp", "000001.compact-src"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("…"+secret+"…"), 0o600))
	}
	s, err = host.Open(ctx, dir, redactOptions())
	require.NoError(t, err)
	fillForRedaction(t, s, 0)
	_, err = s.Append(ctx, event.At("customer:anna", "shop"), 0x1001, secret) // in the segment being written
	require.NoError(t, err)
	n++
	before := allFull(t, s)

	dry, err := s.Redact(ctx, anna, host.RedactOptions{DryRun: true})
	require.NoError(t, err)
	require.Subset(t, dry.Removed, []string{"000001.fbat.cut-90", "000002.fbat.cut-10-2"})
	require.Equal(t, before, allFull(t, s))

	done, err := s.Redact(ctx, anna, host.RedactOptions{})
	require.NoError(t, err)
	require.EqualValues(t, n, done.Redacted)
	require.Positive(t, done.Segments)
	require.Equal(t, []string{"000001.compact-src"}, done.Strange)
	for _, text := range []string{secret, metaSecret} {
		found := filesHolding(t, dir, text)
		if text == secret {
			require.Equal(t, done.Strange, found)
		} else {
			require.Empty(t, found)
		}
	}
	require.NotEmpty(t, filesHolding(t, dir, "the secret of somebody else 7"))
	requireRedacted(t, s, before)

	// An append repeated under the key of a redacted event gets the first receipt, and anything
	// else under it does not.
	receipt, err := s.Append(ctx, event.At("customer:anna", "shop"), 0x1001, secret, host.WithKey(host.KeyOf("0 0")))
	require.NoError(t, err)
	require.True(t, receipt.Repeated)
	_, err = s.Append(ctx, event.At("customer:anna", "shop"), 0x1001, "another", host.WithKey(host.KeyOf("0 0")))
	require.ErrorIs(t, err, host.ErrKey)
	again, err := s.Redact(ctx, anna, host.RedactOptions{})
	require.NoError(t, err)
	require.Equal(t, done.Redacted, again.Redacted)
	require.Empty(t, again.Removed)
	require.NoError(t, s.Close())

	// After it, with its index and without one.
	for range 2 {
		r, err := host.OpenReader(ctx, dir, host.ReaderOptions{Strict: true, CheckFrames: true, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		requireRedacted(t, r, before)
		require.NoError(t, r.Close())
		found, err := host.Verify(ctx, dir, host.ReaderOptions{}, nil)
		require.NoError(t, err)
		require.Empty(t, found.Damages)
		noted := 0
		for _, note := range found.Notes {
			if note.Topic == verify.Redacted {
				var k int
				_, err := fmt.Sscanf(note.Detail, "%d redacted events", &k)
				require.NoError(t, err)
				noted += k
			}
		}
		require.Equal(t, n, noted)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "index.") || strings.HasSuffix(e.Name(), ".thaw") && e.Name() != "store.thaw" {
				require.NoError(t, os.Remove(filepath.Join(dir, e.Name())))
			}
		}
	}
}

// TestRedactOnlyWhatItMust: segments without an event of the region stay the files that they were.
func TestRedactOnlyWhatItMust(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := host.Open(ctx, dir, redactOptions())
	require.NoError(t, err)
	for range 3 {
		fillForRedaction(t, s, 200)
	}
	_, err = s.Append(ctx, event.At("customer:once", "shop"), 0x1001, "only here")
	require.NoError(t, err)
	fillForRedaction(t, s, 100)
	require.NoError(t, s.Close())
	s, err = host.Open(ctx, dir, redactOptions())
	require.NoError(t, err)
	defer s.Close()
	infos := func() map[string]os.FileInfo {
		all := map[string]os.FileInfo{}
		names, err := filepath.Glob(filepath.Join(dir, "*.fbat"))
		require.NoError(t, err)
		for _, name := range names {
			all[name], err = os.Stat(name)
			require.NoError(t, err)
		}
		return all
	}
	before := infos()
	done, err := s.Redact(ctx, host.Region{Entity: "customer:once"}, host.RedactOptions{})
	require.NoError(t, err)
	require.Equal(t, uint64(1), done.Redacted)
	require.Equal(t, 1, done.Segments)
	replaced := 0
	for name, info := range infos() {
		if !os.SameFile(before[name], info) {
			replaced++
		}
	}
	require.Equal(t, 1, replaced)
	require.Greater(t, len(before), 5)

	// Nothing to do.
	before = infos()
	done, err = s.Redact(ctx, host.Region{Entity: "nobody"}, host.RedactOptions{})
	require.NoError(t, err)
	require.Zero(t, done.Redacted)
	require.Zero(t, done.Segments)
	require.Equal(t, len(before), len(infos()))
}

func TestRedactRefuses(t *testing.T) {
	ctx := t.Context()
	s, err := host.Open(ctx, t.TempDir(), redactOptions())
	require.NoError(t, err)
	_, err = s.Redact(ctx, host.Region{}, host.RedactOptions{})
	require.ErrorIs(t, err, host.ErrNoRegion)
	_, err = s.Redact(ctx, host.Region{Entity: "a", Since: s.Now()}, host.RedactOptions{})
	require.ErrorIs(t, err, host.ErrRegion)
	_, err = s.Redact(ctx, host.Region{Entity: "a", Until: s.Now()}, host.RedactOptions{})
	require.ErrorIs(t, err, host.ErrRegion)
	_, err = s.Redact(ctx, host.Region{Entity: "\xff"}, host.RedactOptions{})
	require.ErrorIs(t, err, host.ErrNameUTF8)
	done, err := s.Redact(ctx, anna, host.RedactOptions{}) // of an empty store
	require.NoError(t, err)
	require.Zero(t, done.Redacted)
	require.NotEmpty(t, done.Unreachable())
	require.NoError(t, s.Close())
	_, err = s.Redact(ctx, anna, host.RedactOptions{})
	require.ErrorIs(t, err, host.ErrClosed)
}

// TestRedactFixtures redacts everything in the stores of batpak 0.4.0, events of cancelled fences
// and of batches that were never committed included: no payload that was in any frame is in any
// file afterwards.
func TestRedactFixtures(t *testing.T) {
	ctx := t.Context()
	for _, name := range fixtureNames(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			payloads := map[string]bool{}
			for file, b := range fixture(t, name) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), b, 0o600))
				for _, body := range framesOf(t, file, b) {
					if len(body.Payload) >= 6 && body.Form == segment.PayloadArray {
						payloads[string(body.Payload)] = true
					}
				}
			}
			s, err := host.Open(ctx, dir, redactOptions())
			require.NoError(t, err)
			defer s.Close()
			// The newest segment of an unclean stop cannot always be sealed; then it is not the newest.
			_, err = s.Append(ctx, event.At("thaw", "shop"), 0x1001, "x")
			require.NoError(t, err)
			for category := range uint8(16) {
				_, err = s.Redact(ctx, host.Region{Kinds: event.InCategory(category)}, host.RedactOptions{})
				require.NoError(t, err)
			}
			for payload := range payloads {
				require.Empty(t, filesHolding(t, dir, payload), "%q", payload)
			}
		})
	}
}

// framesOf returns the bodies of a segment's frames.
func framesOf(t *testing.T, name string, b []byte) (bodies []*segment.Body) {
	if _, ok := segment.ParseName(name); !ok {
		return nil
	}
	_, from, err := segment.DecodeHeader(b)
	if err != nil {
		return nil
	}
	w := segment.NewWalker(source.Bytes(b), uint64(from))
	for {
		step, ok := w.Next()
		if !ok {
			return bodies
		}
		if step.Body != nil {
			body := *step.Body
			body.Payload = bytes.Clone(body.Payload)
			bodies = append(bodies, &body)
		}
	}
}
