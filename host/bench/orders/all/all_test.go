package all_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"testing"

	"github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/all"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
)

var ctx = context.Background()

// A test of crashes starts this program as its child.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == childCommand {
		fmt.Fprintln(os.Stderr, serve(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// each runs a test for every service; reopen closes the service and opens it again.
func each(t *testing.T, test func(t *testing.T, s orders.Service, reopen func() orders.Service)) {
	for _, p := range all.All() {
		t.Run(p.Name, func(t *testing.T) {
			dir := t.TempDir()
			var s orders.Service
			open := func() orders.Service {
				var err error
				if s, err = p.Open(dir); err != nil {
					t.Fatal(err)
				}
				return s
			}
			t.Cleanup(func() { check(t, s.Close()) })
			test(t, open(), func() orders.Service {
				check(t, s.Close())
				return open()
			})
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func do(t *testing.T, s orders.Service, order, key string, command orders.Command) orders.Receipt {
	t.Helper()
	r, err := s.Do(ctx, order, key, command)
	check(t, err)
	return r
}

var (
	apples = orders.LineAdded{SKU: "apple", Quantity: 3, Cents: 50}
	pears  = orders.LineAdded{SKU: "pear", Quantity: 1, Cents: 70}
)

func TestLifeOfAnOrder(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, reopen func() orders.Service) {
		equal(t, do(t, s, "1", "", orders.Place("ada", apples, pears)), orders.Receipt{Version: 3})
		equal(t, do(t, s, "10", "", orders.Place("bob")), orders.Receipt{Version: 1})
		equal(t, do(t, s, "1", "", orders.Add(apples)), orders.Receipt{Version: 4})
		equal(t, do(t, s, "1", "", orders.Pay), orders.Receipt{Version: 5})
		equal(t, do(t, s, "1", "", orders.Ship), orders.Receipt{Version: 6})
		do(t, s, "1", "", orders.Ship) // decides on nothing
		for range 2 {
			o, version, err := s.Load(ctx, "1")
			check(t, err)
			equal(t, version, uint64(6))
			equal(t, o, orders.Order{Customer: "ada", Paid: true, Shipped: true, Lines: []orders.Line{{SKU: "apple", Quantity: 6, Cents: 50}, {SKU: "pear", Quantity: 1, Cents: 70}}})
			o, version, err = s.Load(ctx, "never")
			check(t, err)
			equal(t, version, uint64(0))
			equal(t, o, orders.Order{})
			s = reopen()
		}
	})
}

func TestRefusalsWriteNothing(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		do(t, s, "1", "", orders.Place("ada", apples))
		for want, command := range map[error]orders.Command{orders.ErrPlaced: orders.Place("bob"), orders.ErrNotPaid: orders.Ship} {
			if _, err := s.Do(ctx, "1", "request", command); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
		_, version, err := s.Load(ctx, "1")
		check(t, err)
		equal(t, version, uint64(2))
		equal(t, do(t, s, "1", "request", orders.Pay), orders.Receipt{Version: 3}) // its key is free
	})
}

func TestRepetitionIsAnsweredAsTheFirstTime(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, reopen func() orders.Service) {
		do(t, s, "1", "a", orders.Place("ada", apples))
		do(t, s, "1", "b", orders.Pay)
		do(t, s, "1", "", orders.Ship)
		do(t, s, "1", "nothing", orders.Ship)
		never := func(*orders.Order) ([]any, error) {
			t.Error("a repetition was decided")
			return nil, nil
		}
		for range 2 {
			equal(t, do(t, s, "1", "a", never), orders.Receipt{Version: 2, Repeated: true})
			equal(t, do(t, s, "1", "b", never), orders.Receipt{Version: 3, Repeated: true})
			equal(t, do(t, s, "1", "nothing", never).Repeated, true)
			if _, err := s.Do(ctx, "2", "a", never); !errors.Is(err, orders.ErrKey) {
				t.Errorf("got %v", err)
			}
			s = reopen()
		}
	})
}

func TestKeyIsUsedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		_, err := s.Do(ctx, "1", "key", func(o *orders.Order) ([]any, error) {
			do(t, s, "2", "key", orders.Place("bob"))
			return orders.Place("ada")(o)
		})
		if !errors.Is(err, orders.ErrKey) {
			t.Errorf("got %v", err)
		}
		_, version, err := s.Load(ctx, "1")
		check(t, err)
		equal(t, version, uint64(0))

		var wg sync.WaitGroup
		receipts := make([]orders.Receipt, 8)
		for i := range receipts {
			wg.Go(func() {
				var err error
				if receipts[i], err = s.Do(ctx, "3", "same", orders.Place("eve", apples)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		first := 0
		for _, r := range receipts {
			if equal(t, r.Version, uint64(2)); !r.Repeated {
				first++
			}
		}
		equal(t, first, 1)
	})
}

func TestConflictIsDecidedAgain(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		do(t, s, "1", "", orders.Place("ada"))
		var seen []int
		r := do(t, s, "1", "", func(o *orders.Order) ([]any, error) {
			if seen = append(seen, len(o.Lines)); len(seen) == 1 {
				check(t, s.Append(ctx, "1", 1, apples))
			}
			return orders.Add(pears)(o)
		})
		equal(t, r, orders.Receipt{Version: 3})
		equal(t, seen, []int{0, 1})

		tries := 0
		_, err := s.Do(ctx, "1", "", func(o *orders.Order) ([]any, error) {
			check(t, s.Append(ctx, "1", r.Version+uint64(tries), apples))
			tries++
			return orders.Add(pears)(o)
		})
		if !errors.Is(err, orders.ErrConflict) {
			t.Errorf("got %v", err)
		}
		equal(t, tries, orders.Tries)
	})
}

func TestAppendExpectsAVersion(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		refused := func(version uint64) {
			t.Helper()
			if err := s.Append(ctx, "1", version, pears); !errors.Is(err, orders.ErrConflict) {
				t.Errorf("version %d: got %v", version, err)
			}
		}
		check(t, s.Append(ctx, "1", 0, orders.Placed{Customer: "ada"}, apples))
		refused(0)
		refused(1)
		check(t, s.Append(ctx, "1", 2, apples))
		refused(2)
		o, version, err := s.Load(ctx, "1")
		check(t, err)
		equal(t, version, uint64(3))
		equal(t, o.Cents(), int64(300))
	})
}

func TestTheFirstEventsOfAnOrderExclude(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		var placed, refused int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := s.Do(ctx, "1", "", orders.Place(fmt.Sprint(i)))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					placed++
				case errors.Is(err, orders.ErrPlaced):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		equal(t, placed, 1)
		equal(t, refused, 7)
	})
}

func TestManyAtOnce(t *testing.T) {
	const names, goroutines, commands = 3, 8, 15
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		for i := range names {
			do(t, s, fmt.Sprint(i), "", orders.Place("ada"))
		}
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := range commands {
					for {
						_, err := s.Do(ctx, fmt.Sprint((g+i)%names), fmt.Sprint(g, i), orders.Add(pears))
						if err == nil {
							break
						}
						if !errors.Is(err, orders.ErrConflict) {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		wg.Wait()
		sum := 0
		for i := range names {
			o, version, err := s.Load(ctx, fmt.Sprint(i))
			check(t, err)
			equal(t, version, uint64(1+o.Lines[0].Quantity))
			sum += o.Lines[0].Quantity
		}
		equal(t, sum, goroutines*commands)
	})
}

func TestTotals(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, reopen func() orders.Service) {
		project(t, s)
		for i := range 30 {
			name, customer := fmt.Sprint(i), fmt.Sprint("customer", i%2)
			do(t, s, name, "", orders.Place(customer, apples))
			if i%3 == 0 {
				do(t, s, name, "", orders.Pay)
			}
			if i%10 == 0 {
				project(t, s)
			}
		}
		want := orders.Total{Orders: 15, Cents: 5 * 150}
		for range 2 {
			project(t, s)
			project(t, s)
			equal(t, total(t, s, "customer0"), want)
			equal(t, total(t, s, "customer1"), want)
			equal(t, total(t, s, "never"), orders.Total{})
			s = reopen()
		}
	})
}

func TestTotalsOfMoreThanOneBatch(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, _ func() orders.Service) {
		const lines = 1500
		do(t, s, "1", "", orders.Place("ada"))
		for range 2 {
			do(t, s, "1", "", func(o *orders.Order) (events []any, _ error) {
				for range lines {
					events = append(events, apples)
				}
				return events, nil
			})
		}
		do(t, s, "1", "", orders.Pay)
		project(t, s)
		equal(t, total(t, s, "ada"), orders.Total{Orders: 1, Cents: 2 * lines * 150})
	})
}

// project skips the test of a service whose totals need SQLite.
func project(t *testing.T, s orders.Service) {
	t.Helper()
	if _, ok := s.(*thaw.Service); ok && !sqlite.Available {
		t.Skip("thaw's totals lie in SQLite, which needs cgo")
	}
	check(t, s.Project(ctx))
}

func total(t *testing.T, s orders.Service, customer string) orders.Total {
	t.Helper()
	sum, err := s.Total(ctx, customer)
	check(t, err)
	return sum
}

func TestFollow(t *testing.T) {
	each(t, func(t *testing.T, s orders.Service, reopen func() orders.Service) {
		do(t, s, "1", "", orders.Place("ada", apples))
		do(t, s, "2", "", orders.Place("bob"))
		s = reopen()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var got []orders.Event
		var ended error
		for e, err := range s.Follow(ctx, 0) {
			if err != nil {
				ended = err
				break
			}
			got = append(got, e)
			switch len(got) {
			case 3: // all that is there: what follows arrives while it waits
				go func() { _, _ = s.Do(ctx, "1", "", orders.Pay) }()
			case 4:
				cancel()
			}
		}
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("ended with %v", ended)
		}
		var names []string
		var values []any
		for i, e := range got {
			names, values = append(names, e.Order), append(values, e.Value)
			if i > 0 && e.Sequence <= got[i-1].Sequence {
				t.Errorf("sequence %d after %d", e.Sequence, got[i-1].Sequence)
			}
		}
		equal(t, names, []string{"1", "1", "2", "1"})
		equal(t, values, []any{orders.Placed{Customer: "ada"}, apples, orders.Placed{Customer: "bob"}, orders.Paid{Customer: "ada", Cents: 150}})
		for e, err := range s.Follow(context.Background(), got[1].Sequence+1) {
			check(t, err)
			equal(t, e, got[2])
			break
		}
	})
}
