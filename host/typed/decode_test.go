package typed_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// keeper is a value whose method keeps a pointer to it.
type keeper struct{ Text string }

var kept []*keeper

func (k *keeper) UnmarshalText(text []byte) error {
	k.Text = string(text)
	kept = append(kept, k)
	return nil
}

func (k keeper) MarshalText() ([]byte, error) { return []byte(k.Text), nil }

type holder struct {
	List []map[string]*[1]keeper
}

func full(t testing.TB, kind event.Kind, value any) event.Full {
	b, err := payload.Marshal(value)
	require.NoError(t, err)
	return event.Full{Event: event.Event{Facts: event.Facts{Kind: kind}}, Payload: b}
}

// TestDecodedStays: a decoded value does not change with the next one, and neither does what
// a method of its type keeps.
func TestDecodedStays(t *testing.T) {
	r := typed.Registry(typed.Event[keeper](0x1001, "keeper"), typed.Event[holder](0x1002, "holder"),
		typed.Event[node](0x1004, "node", typed.Was(0x1003, func(p placed) node { return node{Leaf: leaf{A: int(p.Cents)}} })))
	hold := func(text string) holder { return holder{List: []map[string]*[1]keeper{{"a": {{Text: text}}}}} }
	var got []any
	for _, e := range []event.Full{
		full(t, 0x1001, keeper{"one"}), full(t, 0x1001, keeper{"two"}), full(t, 0x1002, hold("three")), full(t, 0x1002, hold("four")),
		full(t, 0x1003, placed{Cents: 5}), full(t, 0x1003, map[string]any{}), full(t, 0x1004, node{Next: []*node{{}}, Leaf: leaf{1}}),
		full(t, 0x1004, map[string]any{}),
	} {
		decoded, err := r.Decode(e)
		require.NoError(t, err)
		got = append(got, decoded.Value)
	}
	require.Equal(t, []any{
		keeper{"one"}, keeper{"two"}, hold("three"), hold("four"), node{Leaf: leaf{5}}, node{},
		node{Next: []*node{{}}, Leaf: leaf{1}}, node{},
	}, got)
	for i, want := range []string{"one", "two", "three", "four"} {
		require.Equal(t, want, kept[i].Text)
	}

	// Nothing of a payload that cannot be decoded is in the next value.
	_, err := types.Decode(full(t, 0x1003, map[string]any{"customer": "Eve", "cents": "many"}))
	require.Error(t, err)
	decoded, err := types.Decode(full(t, 0x1003, map[string]any{"cents": 1}))
	require.NoError(t, err)
	require.Equal(t, placed{Cents: 1}, decoded.Value)
}

func TestDecodeAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 100 {
				want := placed{Customer: "Ada", Cents: int64(1000*n + i)}
				b, err := payload.Marshal(want)
				if err != nil {
					t.Error(err)
					return
				}
				e, err := types.Decode(event.Full{Event: event.Event{Facts: event.Facts{Kind: 0x1003}}, Payload: b})
				if err != nil || e.Value != want {
					t.Errorf("%v, %v", e.Value, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkDecode(b *testing.B) {
	e := full(b, 0x1003, placed{Customer: "customer:42", Cents: 1234})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := types.Decode(e); err != nil {
			b.Fatal(err)
		}
	}
}
