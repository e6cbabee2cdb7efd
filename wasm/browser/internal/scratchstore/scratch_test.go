package scratchstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/host"
)

func open(t *testing.T, files ...Content) *Store {
	s, err := Open(t.Context(), files)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// contents returns the files of the last listing.
func contents(t *testing.T, s *Store) (files directory.Memory, names []string) {
	list, err := s.List()
	require.NoError(t, err)
	files = directory.Memory{}
	for _, f := range list {
		b, err := s.Read(f.Name)
		require.NoError(t, err)
		require.Len(t, b, int(f.Size))
		files[f.Name] = b
		names = append(names, f.Name)
	}
	return files, names
}

// one and several are answers to Append.
func one(t *testing.T, s *Store, text string) (facts map[string]any) {
	b, err := s.Append(t.Context(), []byte(text))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &facts))
	return facts
}

func several(t *testing.T, s *Store, text string) (facts []map[string]any) {
	b, err := s.Append(t.Context(), []byte(text))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &facts))
	return facts
}

// TestAppend: what was appended is in the files, at once.
func TestAppend(t *testing.T) {
	s := open(t)
	files, _ := contents(t, s)
	snapshot, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Zero(t, snapshot.Report().Events)

	first := one(t, s, `{"entity":"order:1","scope":"shop","kind":"0x1001","payload":{"n":[1,{"ü":null}],"big":18446744073709551615},
		"meta":{"actor":"me"},"flags":1,"expect":"none"}`)
	require.Equal(t, "order:1", first["entity"])
	require.Equal(t, float64(0), first["seq"])
	require.Equal(t, map[string]any{"actor": "me"}, first["meta"])
	second := one(t, s, fmt.Sprintf(`{"entity":"order:1","scope":"shop","kind":4098,"cause":%q,"correlation":%q,"expect":0}`, first["event_id"], first["event_id"]))
	require.Equal(t, first["event_id"], second["causation_id"])
	require.Equal(t, first["event_id"], second["correlation_id"])
	require.Equal(t, first["event_hash"], second["prev_hash"])
	require.Equal(t, float64(1), second["clock"])
	require.Nil(t, second["payload"])
	batch := several(t, s, `[{"entity":"a","scope":"s","kind":8192,"payload":1},{"entity":"b","scope":"s","kind":8192,"cause":0},{"entity":"c","scope":"s","kind":8192,"cause":1}]`)
	require.Len(t, batch, 3)
	require.Equal(t, batch[0]["event_id"], batch[1]["causation_id"])
	require.Equal(t, batch[1]["event_id"], batch[2]["causation_id"])
	require.Equal(t, batch[0]["timestamp_us"], batch[2]["timestamp_us"])
	require.Len(t, several(t, s, `[{"entity":"a","scope":"s","kind":8192}]`), 1)

	again := one(t, s,
		`{"entity":"k","scope":"s","kind":4096,"key":"01020304-0506-0708-090a-0b0c0d0e0f10"}`)
	require.Equal(t, again, one(t, s, `{"entity":"k","scope":"s","kind":4096,"key":"0102030405060708090A0B0C0D0E0F10"}`))

	files, names := contents(t, s)
	snapshot, err = store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(7), snapshot.Report().Events)
	require.Empty(t, snapshot.Report().Damages)
	require.Equal(t, []string{"synced.thaw", "000001.fbat"}, names)
	for e, err := range snapshot.Query(query.Region{Entity: "order:1"}, query.Page{Limit: 1}) {
		require.NoError(t, err)
		full, err := snapshot.Read(e)
		require.NoError(t, err)
		require.Equal(t, event.NewMeta(map[string]string{"actor": "me"}), full.Meta)
		require.Equal(t, msgpack.AppendUint(msgpack.AppendStr(nil, "big"), 1<<64-1), full.Payload[len(full.Payload)-13:])
	}
}

// TestDownload: the files of a closed store, on a disk, are a store that package host opens.
func TestDownload(t *testing.T) {
	s := open(t)
	for i := range 30 {
		one(t, s, fmt.Sprintf(`{"entity":"e:%d","scope":"s","kind":4096,"payload":%q}`, i%3, strings.Repeat("x", 100_000)))
	}
	for _, closed := range []bool{false, true} {
		if closed {
			require.NoError(t, s.Close())
		}
		files, names := contents(t, s)
		require.Greater(t, len(names), 3, "several segments")
		path := t.TempDir()
		for name, b := range files {
			require.NoError(t, os.WriteFile(filepath.Join(path, name), b, 0o600))
		}
		found, err := host.Verify(t.Context(), path, host.ReaderOptions{}, nil)
		require.NoError(t, err)
		require.Empty(t, found.Damages)
		w, err := host.Open(t.Context(), path, host.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		require.NoError(t, err)
		require.Equal(t, uint64(30), w.Report().Events)
		require.NoError(t, w.Close())
	}
}

// TestListing: a listing is one moment, in the order of the ABI.
func TestListing(t *testing.T) {
	s := open(t)
	one(t, s, `{"entity":"e","scope":"s","kind":4096,"payload":1}`)
	list, err := s.List()
	require.NoError(t, err)
	one(t, s, `{"entity":"e","scope":"s","kind":4096,"payload":2}`)
	require.NoError(t, s.Close())
	files := directory.Memory{}
	for _, f := range list {
		files[f.Name], err = s.Read(f.Name)
		require.NoError(t, err)
		require.Len(t, files[f.Name], int(f.Size))
	}
	snapshot, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(1), snapshot.Report().Events)
	_, err = s.Read("index.fbati")
	require.ErrorContains(t, err, "not in the last listing")
	_, names := contents(t, s)
	require.NotContains(t, names, "synced.thaw")
	_, err = s.Read("synced.thaw")
	require.NoError(t, err, "the listing before has it")
	_, _ = contents(t, s)
	_, err = s.Read("synced.thaw")
	require.Error(t, err)
	require.NotContains(t, names, host.LockName)

	var ranks []int
	for _, name := range []string{
		"store.thaw", "index.fbati", "index.thaw", "index.ckpt", "synced.thaw", "names.thaw", "000001.fbat", "visibility_ranges.fbv",
	} {
		ranks = append(ranks, rank(name))
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, ranks)
}

// TestLoad: a scratch store begins with the files of another one and continues it.
func TestLoad(t *testing.T) {
	first := open(t)
	one(t, first, `{"entity":"e","scope":"s","kind":4096,"payload":1}`)
	names, err := kindnames.Append(nil, map[event.Kind]string{0x1001: "order.placed", 0x1002: "twice", 0x1003: "twice"})
	require.NoError(t, err)
	var files []Content
	list, err := first.List() // of an open store
	require.NoError(t, err)
	for _, f := range list {
		b, err := first.Read(f.Name)
		require.NoError(t, err)
		files = append(files, Content{f.Name, b})
	}
	files = append(files, Content{kindnames.FileName, names}, Content{"thaw.lock", []byte("?")}, Content{"readme", nil}, Content{"../up", nil})
	second := open(t, files...)
	e := one(t, second, `{"entity":"e","scope":"s","kind":"order.placed"}`)
	require.Equal(t, float64(1), e["clock"])
	require.Equal(t, "0x1001", e["kind"])
	_, err = second.Append(t.Context(), []byte(`{"entity":"e","scope":"s","kind":"twice"}`))
	require.ErrorContains(t, err, "several kinds")
	got, _ := contents(t, second)
	require.Equal(t, names, got[kindnames.FileName])
	for _, name := range []string{"/store/readme", "/up"} {
		_, err = second.fs.Lstat(name)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}

	_, err = Open(t.Context(), []Content{{"000001.fbat", make([]byte, MaxLoad)}, {"x", []byte{1}}})
	require.ErrorIs(t, err, ErrTooLarge)
	require.Equal(t, "TooLarge", Class(err))
}

// TestRefused: errors name their class and the place, and nothing is written.
func TestRefused(t *testing.T) {
	s := open(t)
	one(t, s, `{"entity":"e","scope":"s","kind":4096,"key":"000102030405060708090a0b0c0d0e0f"}`)
	for text, want := range map[string]string{
		``:                                  "InputError: ",
		`{`:                                 "InputError: ",
		`7`:                                 "InputError: scratch: an event is an object",
		`[]`:                                "InputError: scratch: a batch has at least one event",
		`[7]`:                               "InputError: scratch: item 0: an event is an object",
		`{"entity":"e","kind":1}`:           "InputError: scratch: scope: it is missing",
		`[{"entity":"e"}]`:                  "InputError: scratch: item 0: scope: it is missing",
		`{"entity":1,"scope":"s","kind":1}`: "InputError: scratch: entity: a text is needed",
		`{"enttiy":"e"}`:                    "InputError: scratch: enttiy: an event has no such key",
		`{"$map":[[1,2]]}`:                  "InputError: scratch: an event is an object",
		`{"kind":65536}`:                    "InputError: scratch: kind: a number",
		`{"kind":"order.placed"}`:           "InputError: scratch: kind: a number",
		`{"kind":null}`:                     "InputError: scratch: kind: a number",
		`{"cause":"x"}`:                     "InputError: scratch: cause: an id",
		`{"cause":0}`:                       "InputError: scratch: cause: an id",
		`{"correlation":7}`:                 "InputError: scratch: correlation: an id",
		`{"key":"0"}`:                       "InputError: scratch: key: an id",
		`{"expect":"some"}`:                 "InputError: scratch: expect: ",
		`{"expect":4294967296}`:             "InputError: scratch: expect: ",
		`{"meta":[]}`:                       "InputError: scratch: meta: an object of texts",
		`{"meta":{"a":1}}`:                  "InputError: scratch: meta: an object of texts",
		`{"meta":{"$map":[["a","b"],["a","c"]]}}`: "InputError: scratch: meta: an object of texts",
		`{"flags":-1}`:                                           "InputError: scratch: flags: ",
		`{"flags":256}`:                                          "InputError: scratch: flags: ",
		`{"payload":1e999}`:                                      "InputError: ",
		`{"entity":"a","entity":"b"}`:                            "InputError: ",
		`{"entity":"","scope":"s","kind":1}`:                     "NameError: ",
		`{"entity":"e","scope":"s","kind":1}`:                    "KindError: ",
		`{"entity":"e","scope":"s","kind":4096,"expect":"none"}`: "ExpectError: ",
		`{"entity":"e","scope":"s","kind":4096,"expect":7}`:      "ExpectError: ",
		`{"entity":"e","scope":"s","kind":4097,"key":"000102030405060708090a0b0c0d0e0f"}`:            "KeyError: ",
		`{"entity":"e","scope":"s","kind":4096,"key":"00000000000000000000000000000000"}`:            "",
		`{"entity":"e","scope":"s","kind":4096,"meta":{"":""}}`:                                      "MetaError: ",
		`[{"entity":"e","scope":"s","kind":4096},{"entity":"e","scope":"s","kind":4096,"expect":0}]`: "ExpectError: ",
		`{"entity":"e","scope":"s","kind":4096,"flags":4}`:                                           "",
	} {
		_, err := s.Append(t.Context(), []byte(text))
		require.Error(t, err, text)
		require.True(t, strings.HasPrefix(Class(err)+": "+err.Error(), want), "%s: %s: %s", text, Class(err), err)
	}
	files, _ := contents(t, s)
	snapshot, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(1), snapshot.Report().Events)
	require.NoError(t, s.Close())
	_, err = s.Append(t.Context(), []byte(`{"entity":"e","scope":"s","kind":4096}`))
	require.Equal(t, "Closed", Class(err))
	require.Equal(t, "Error", Class(errors.New("x")))
}

// TestFull: a full file system refuses the append and keeps the store as it was.
func TestFull(t *testing.T) {
	s := open(t)
	large := strings.Repeat("x", 20<<20)
	var err error
	n := 0
	for ; err == nil && n < 20; n++ {
		_, err = s.Append(t.Context(), []byte(`{"entity":"e","scope":"s","kind":4096,"payload":"`+large+`"}`))
	}
	require.Equal(t, "Full", Class(err), err)
	require.Greater(t, n, 3)
	one(t, s, `{"entity":"e","scope":"s","kind":4096}`)
	for _, closed := range []bool{false, true} {
		if closed {
			require.NoError(t, s.Close())
		}
		files, _ := contents(t, s)
		r, err := verify.Run(files, verify.Options{})
		require.NoError(t, err)
		require.Empty(t, r.Damages, "what a user downloads is sound")
		require.Equal(t, uint64(n), r.Events)
	}
}

// TestConcurrently: appends, listings and reads may overlap.
func TestConcurrently(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20 {
				_, err := s.Append(t.Context(), fmt.Appendf(nil, `{"entity":"e:%d","scope":"s","kind":4096,"payload":%d}`, g, i))
				assert.NoError(t, err)
				_, err = s.List()
				assert.NoError(t, err)
				_, err = s.Read("000001.fbat")
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	files, _ := contents(t, s)
	snapshot, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(80), snapshot.Report().Events)
}

// FuzzAppend: no text ends the process, and what is refused is named.
func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"entity":"e","scope":"s","kind":4096,"payload":{"a":[1]},"meta":{"a":"b"},"expect":"any"}`))
	f.Add([]byte(`[{"entity":"e","scope":"s","kind":4096},{"entity":"e","scope":"s","kind":"0x1000","cause":0,"flags":8}]`))
	f.Add([]byte(`{"$map":[[{"$bin":"AA=="},1]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Open(t.Context(), nil)
		require.NoError(t, err)
		_, err = s.Append(t.Context(), text)
		require.True(t, err == nil || err.Error() != "")
		require.NoError(t, s.Close())
	})
}
