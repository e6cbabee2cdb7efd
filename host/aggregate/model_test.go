package aggregate_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
)

// TestModel compares random calls with a map: commands with and without keys, loads,
// snapshots that are lost, mixed up and damaged, and the store closed and opened.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		fs, c := crashfs.New(), &cache{kept: map[string][]byte{}}
		var st *host.Store
		var a *aggregate.Aggregates[account]
		open := func() {
			var err error
			st, err = host.Open(t.Context(), "store", host.Options{FS: fs, NoMerge: true}) // a merge would change the positions of receipts
			require.NoError(r, err)
			a = closed(accounts(st, snapshots(c, rapid.IntRange(1, 4).Draw(r, "every"))))
		}
		open()
		defer func() { require.NoError(r, st.Close()) }()
		type first struct {
			id       string
			receipts []host.Receipt
		}
		balances, events, acks := map[string]int{}, map[string]int{}, map[string]int{}
		keys := map[string]first{}
		anID := rapid.SampledFrom([]string{"1", "2", "3"})
		r.Repeat(map[string]func(*rapid.T){
			"do": func(r *rapid.T) {
				id, amounts := anID.Draw(r, "id"), rapid.SliceOfN(rapid.IntRange(-9, 9), 0, 3).Draw(r, "amounts")
				var options []host.AppendOption
				name := rapid.SampledFrom([]string{"", "", "a", "b", "c", "d"}).Draw(r, "key")
				if name != "" {
					options = append(options, host.WithKey(host.KeyOf(name)))
				}
				receipts, err := a.Do(t.Context(), id, func(o *account) (values []any, err error) {
					require.Equal(r, balances[id], o.Balance)
					balance := o.Balance
					for _, amount := range amounts {
						balance += amount
						values = append(values, deposited{Amount: amount, Balance: balance})
					}
					return values, nil
				}, options...)
				if before, known := keys[name]; known {
					if before.id != id {
						require.ErrorIs(r, err, host.ErrKey)
						return
					}
					require.NoError(r, err)
					require.Equal(r, repeated(before.receipts), receipts)
					return
				}
				require.NoError(r, err)
				if name != "" {
					keys[name] = first{id, receipts}
				}
				if len(amounts) == 0 {
					require.Equal(r, name != "", len(receipts) == 1)
					acks[id] += len(receipts)
					return
				}
				require.Len(r, receipts, len(amounts))
				for _, amount := range amounts {
					balances[id] += amount
					events[id]++
				}
			},
			"snapshot": func(r *rapid.T) { require.NoError(r, a.Snapshot(t.Context(), anID.Draw(r, "id"))) },
			"damage": func(r *rapid.T) {
				names := slices.Sorted(maps.Keys(c.kept))
				if len(names) == 0 {
					r.Skip()
				}
				name := names[rapid.IntRange(0, len(names)-1).Draw(r, "one")]
				b := slices.Clone(c.kept[name])
				if len(b) == 0 {
					r.Skip()
				}
				switch rapid.IntRange(0, 3).Draw(r, "how") {
				case 0:
					delete(c.kept, name)
				case 1:
					b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
					c.kept[name] = b
				case 2:
					c.kept[name] = b[:rapid.IntRange(0, len(b)-1).Draw(r, "length")]
				case 3:
					c.kept[names[rapid.IntRange(0, len(names)-1).Draw(r, "other")]] = b
				}
			},
			"reopen": func(*rapid.T) {
				require.NoError(r, st.Close())
				open()
			},
			"another append": func(r *rapid.T) {
				_, err := st.Append(t.Context(), event.At("other:"+fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "n")), "other"), 0x1002, noted{})
				require.NoError(r, err)
			},
			"": func(r *rapid.T) {
				for _, id := range []string{"1", "2", "3"} {
					l, err := a.Load(t.Context(), id)
					require.NoError(r, err)
					require.Equal(r, account{Balance: balances[id], Events: events[id]}, *l.State)
					require.Equal(r, events[id]+acks[id] > 0, l.Version.Some)
					if l.Version.Some {
						require.EqualValues(r, events[id]+acks[id]-1, l.Version.Clock)
					}
				}
			},
		})
	})
}
