package subjectkeys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/subjectkeys"
	"github.com/thawlog/thaw/host/typed"
)

// noted is a payload with something that must be forgotten.
type noted struct{ Text string }

var types = typed.Registry(typed.Event[noted](0x1001, "noted"))

func secretOf(i int) string { return fmt.Sprintf("the secret of event %04d", i) }

// openStore opens a store whose entities customer:… are encrypted.
func openStore(t *testing.T, dir string, o host.Options) *host.Store {
	o.Logger = slog.New(slog.DiscardHandler)
	s, err := host.Open(t.Context(), dir, o)
	require.NoError(t, err)
	return s
}

// leaks returns the files that have a text, raw or as an array of integers.
func leaks(t *testing.T, dir, text string) (found []string) {
	array := msgpack.AppendByteArray(nil, []byte(text))[3:] // after the head, as a frame has it
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if bytes.Contains(b, []byte(text)) || bytes.Contains(b, array) {
			found = append(found, e.Name())
		}
	}
	return found
}

// fill appends to two subjects and an entity that is not encrypted, by every way to append.
func fill(t *testing.T, s *host.Store) (n int) {
	ctx := t.Context()
	value := func() noted { n++; return noted{secretOf(n - 1)} }
	item := func(entity string, options ...host.AppendOption) host.Item {
		return host.Item{At: event.At(entity, "shop"), Kind: 0x1001, Payload: value(), Options: options}
	}
	for _, entity := range []string{"customer:anna", "customer:ben", "open"} {
		_, err := s.Append(ctx, event.At(entity, "shop"), 0x1001, value())
		require.NoError(t, err)
		_, err = s.AppendBatch(ctx, []host.Item{item(entity), item(entity)})
		require.NoError(t, err)
		_, err = s.AppendEach(ctx, []host.Item{item(entity), item(entity)})
		require.NoError(t, err)
		f := s.Fence()
		_, err = f.Append(event.At(entity, "shop"), 0x1001, value())
		require.NoError(t, err)
		_, err = f.Commit(ctx)
		require.NoError(t, err)
	}
	return n
}

// TestEveryDoor: nothing of the plaintext is in the store's files, and every way to read with the
// keys returns it; without them, ErrEncrypted; once a key is destroyed, ErrShredded, also in a copy
// of the store, and the events of others are as before.
func TestEveryDoor(t *testing.T) {
	ctx := t.Context()
	dir, keys := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "keys")
	ring := open(t, nil, keys)
	cipher := subjectkeys.New(ring, customers)
	s := openStore(t, dir, host.Options{Cipher: cipher})
	n := fill(t, s)
	require.Equal(t, 18, n)

	for i := range n {
		found := leaks(t, dir, secretOf(i))
		require.Equal(t, i >= 12, len(found) > 0, "%d: %v", i, found)
	}
	all := func(r host.Reader, want func(i int, e *event.Full, err error)) {
		i := 0
		for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
			want(i, &e, err)
			one, failed := r.Read(ctx, e.Event)
			want(i, &one, failed)
			one, failed = r.Get(ctx, e.ID)
			want(i, &one, failed)
			i++
		}
		require.Equal(t, n, i)
		i = 0
		for e, err := range types.Read(ctx, r, r.Query(ctx, host.Region{}, host.Page{})) {
			want(i, &e.Full, err)
			if err == nil {
				require.Equal(t, noted{secretOf(i)}, e.Value)
			}
			i++
		}
		require.Equal(t, n, i)
	}
	plain := func(i int, e *event.Full, err error) {
		require.NoError(t, err)
		value, err := types.Decode(*e)
		require.NoError(t, err)
		require.Equal(t, noted{secretOf(i)}, value.Value)
	}
	all(s, plain) // partly from the memtable
	require.NoError(t, s.Close())
	s = openStore(t, dir, host.Options{Cipher: cipher})
	all(s, plain)
	require.NoError(t, s.Close())

	reader := func(dir string, o host.ReaderOptions) *host.DirReader {
		o.Logger = slog.New(slog.DiscardHandler)
		r, err := host.OpenReader(ctx, dir, o)
		require.NoError(t, err)
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	with := host.ReaderOptions{Cipher: subjectkeys.New(ring, nil)}
	all(reader(dir, with), plain)

	// Without keys: an error that ends a loop, or the bytes as they are.
	r := reader(dir, host.ReaderOptions{})
	count := 0
	for _, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
		require.ErrorIs(t, err, host.ErrEncrypted)
		require.NotErrorIs(t, err, host.ErrErased)
		count++
	}
	require.Equal(t, 1, count)
	for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{Entity: "open"}, host.Page{})) {
		plain(int(e.Sequence), &e, err)
	}
	opaque := reader(dir, host.ReaderOptions{Encrypted: true})
	for e, err := range opaque.ReadEach(ctx, opaque.Query(ctx, host.Region{EntityPrefix: "customer:"}, host.Page{})) {
		require.NoError(t, err)
		require.Equal(t, byte(0xc7), e.Payload[0])
		require.Equal(t, uint32(len(e.Payload)), e.PayloadSize)
	}
	// Another keyring.
	strange := reader(dir, host.ReaderOptions{Cipher: subjectkeys.New(subjectkeys.NewMemory(), nil)})
	_, err := strange.Read(ctx, first(t, strange))
	require.ErrorIs(t, err, subjectkeys.ErrNoKey)
	require.NotErrorIs(t, err, host.ErrErased)

	// Verify needs no key.
	found, err := host.Verify(ctx, dir, host.ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)

	backup := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, os.CopyFS(backup, os.DirFS(dir)))
	require.NoError(t, ring.Destroy(ctx, "anna"))
	for _, dir := range []string{dir, backup} {
		all(reader(dir, with), func(i int, e *event.Full, err error) {
			if i >= 6 {
				plain(i, e, err)
				return
			}
			require.ErrorIs(t, err, subjectkeys.ErrShredded)
			require.ErrorIs(t, err, host.ErrErased)
			var why *subjectkeys.ShreddedError
			require.True(t, errors.As(err, &why))
			require.Equal(t, "anna", why.Subject)
			require.Empty(t, e.Payload)
			require.Equal(t, uint64(i), e.Sequence)
			require.Equal(t, "customer:anna", e.Entity)
		})
		_, err := reader(dir, host.ReaderOptions{}).Get(ctx, first(t, reader(dir, with)).ID)
		require.ErrorIs(t, err, host.ErrEncrypted)
	}
	s = openStore(t, dir, host.Options{Cipher: cipher})
	defer s.Close()
	_, err = s.Append(ctx, event.At("customer:anna", "shop"), 0x1001, noted{"more"})
	require.ErrorIs(t, err, subjectkeys.ErrShredded)
	_, err = s.Append(ctx, event.At("customer:ben", "shop"), 0x1001, noted{"more"})
	require.NoError(t, err)
}

func first(t *testing.T, r host.Reader) event.Event {
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{Limit: 1}) {
		require.NoError(t, err)
		return e
	}
	require.Fail(t, "the store is empty")
	return event.Event{}
}

// TestRepetition: an append under the same key gets the first receipt, by every way to append.
func TestRepetition(t *testing.T) {
	ctx := t.Context()
	s := openStore(t, t.TempDir(), host.Options{Cipher: subjectkeys.New(subjectkeys.NewMemory(), customers)})
	defer s.Close()
	at := event.At("customer:anna", "shop")
	key := host.WithKey(host.KeyOf("one"))
	was, err := s.Append(ctx, at, 0x1001, noted{"x"}, key)
	require.NoError(t, err)
	again, err := s.Append(ctx, at, 0x1001, noted{"x"}, key)
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, was.Sequence, again.Sequence)
	_, err = s.Append(ctx, at, 0x1001, noted{"y"}, key)
	require.ErrorIs(t, err, host.ErrKey)
	items := []host.Item{{At: at, Kind: 0x1001, Payload: noted{"b"}, Options: []host.AppendOption{host.WithKey(host.KeyOf("two"))}}}
	for i := range 2 {
		rs, err := s.AppendBatch(ctx, items)
		require.NoError(t, err)
		require.Equal(t, i == 1, rs[0].Repeated)
		rs, err = s.AppendEach(ctx, items)
		require.NoError(t, err)
		require.True(t, rs[0].Repeated)
	}
}

// TestPolicy: gates see the plaintext, and a permit writes what was judged.
func TestPolicy(t *testing.T) {
	ctx := t.Context()
	judged := 0
	policy, err := gate.NewPolicy(gate.New("reads", func(p *gate.Proposal) error {
		judged++
		require.Contains(t, string(p.Payload), "secret")
		require.Equal(t, noted{"secret"}, p.Value)
		return nil
	}))
	require.NoError(t, err)
	dir := t.TempDir()
	s := openStore(t, dir, host.Options{Cipher: subjectkeys.New(subjectkeys.NewMemory(), customers), Policy: policy})
	defer s.Close()
	items := []host.Item{{At: event.At("customer:anna", "shop"), Kind: 0x1001, Payload: noted{"secret"}}}
	permit, err := s.Judge(ctx, gate.Actor{ID: "me"}, items)
	require.NoError(t, err)
	items[0].Payload = noted{"something else"}
	rs, err := s.AppendPermitted(ctx, permit)
	require.NoError(t, err)
	_, err = s.As(gate.Actor{ID: "me"}).Append(ctx, event.At("customer:anna", "shop"), 0x1001, noted{"secret"})
	require.NoError(t, err)
	require.Equal(t, 2, judged)
	e, err := s.Get(ctx, rs[0].ID)
	require.NoError(t, err)
	require.Contains(t, string(e.Payload), "secret")
	require.Empty(t, leaks(t, dir, "secret"))
}

// TestKeyringFails: an append whose key cannot be made is refused, with the item of a batch.
func TestKeyringFails(t *testing.T) {
	ctx := t.Context()
	s := openStore(t, t.TempDir(), host.Options{Cipher: subjectkeys.New(failing{}, customers)})
	defer s.Close()
	_, err := s.Append(ctx, event.At("customer:anna", "shop"), 0x1001, noted{"x"})
	require.ErrorIs(t, err, errDisk)
	_, err = s.AppendBatch(ctx, []host.Item{
		{At: event.At("open", "shop"), Kind: 0x1001, Payload: noted{"x"}}, {At: event.At("customer:anna", "shop"), Kind: 0x1001, Payload: noted{"x"}},
	})
	require.ErrorIs(t, err, errDisk)
	var item *host.ItemError
	require.True(t, errors.As(err, &item))
	require.Equal(t, 1, item.Item)
	state, err := s.State(ctx, "open")
	require.NoError(t, err)
	require.False(t, state.Some)
}

type failing struct{ subjectkeys.Keyring }

func (failing) Create(context.Context, string) (subjectkeys.Key, error) {
	return subjectkeys.Key{}, errDisk
}

// counted is a state that cannot go on after an erased event, and tolerant one that can.
type counted struct {
	Seen   int
	Erased int
	Last   string
}

func (c *counted) Apply(e typed.Envelope) error {
	c.Seen, c.Last = c.Seen+1, e.Value.(noted).Text
	return nil
}

type tolerant struct{ counted }

func (c *tolerant) ApplyErased(e typed.Envelope) error {
	if e.Value != nil || len(e.Payload) > 0 {
		return errors.New("an erased event has no payload")
	}
	c.Erased++
	return nil
}

// TestErasedAbove: what packages above do with a subject whose key is destroyed.
func TestErasedAbove(t *testing.T) {
	ctx := t.Context()
	ring := subjectkeys.NewMemory()
	s := openStore(t, t.TempDir(), host.Options{Cipher: subjectkeys.New(ring, customers)})
	defer s.Close()
	fill(t, s)
	require.NoError(t, ring.Destroy(ctx, "anna"))

	strict := aggregate.Of[counted](s, types, "customer:")
	_, err := strict.Load(ctx, "anna")
	require.ErrorIs(t, err, host.ErrErased)
	require.ErrorIs(t, err, subjectkeys.ErrShredded)
	var refused *aggregate.ApplyError
	require.True(t, errors.As(err, &refused))
	lenient := aggregate.Of[tolerant](s, types, "customer:")
	loaded, err := lenient.Load(ctx, "anna")
	require.NoError(t, err)
	require.Equal(t, counted{Erased: 6}, loaded.State.counted)
	other, err := strict.Load(ctx, "ben")
	require.NoError(t, err)
	require.Equal(t, 6, other.State.Seen)

	stops := project.Memory("stops", host.Region{}, &counted{})
	require.ErrorIs(t, project.CatchUp(ctx, s, types, stops), host.ErrErased)
	goesOn := project.Memory("goes on", host.Region{}, &tolerant{})
	parks := project.Memory("parks", host.Region{}, &counted{})
	parks.Park = func(e *project.EventError) bool { return errors.Is(e, host.ErrErased) }
	require.NoError(t, project.CatchUp(ctx, s, types, goesOn, parks))
	require.NoError(t, goesOn.Read(func(state *tolerant, _ host.Position) {
		require.Equal(t, counted{Seen: 12, Erased: 6, Last: secretOf(17)}, state.counted)
	}))
	require.NoError(t, parks.Read(func(state *counted, _ host.Position) { require.Equal(t, 12, state.Seen) }))
	require.EqualValues(t, 6, parks.Status().Parked)

	stepper := project.NewStepper(s, types, host.Region{}, &tolerant{})
	steps := 0
	for {
		_, err := stepper.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		steps++
	}
	require.Equal(t, 18, steps)

	var parked, handled int
	o := react.Options{StopAtEnd: true, Park: func(_ context.Context, e typed.Envelope, err error) error {
		require.ErrorIs(t, err, host.ErrErased)
		require.Equal(t, "noted", e.Name)
		parked++
		return nil
	}}
	handle := func(context.Context, typed.Envelope) ([]react.Reaction, error) { handled++; return nil, nil }
	require.NoError(t, react.Run(ctx, s, types, "r", host.Region{}, handle, o))
	require.Equal(t, [2]int{6, 12}, [2]int{parked, handled})
	o.Park = nil
	require.ErrorIs(t, react.Run(ctx, s, types, "r", host.Region{}, handle, o), host.ErrErased)
	delivered := 0
	deliver := func(context.Context, typed.Envelope) error { delivered++; return nil }
	require.NoError(t, react.Deliver(ctx, s, types, "d", host.Region{}, deliver, react.DeliverOptions{StopAtEnd: true, Park: func(context.Context, typed.Envelope, error) error { return nil }}))
	require.Equal(t, 12, delivered)
}
