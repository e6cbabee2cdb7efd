package storetest_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
)

func Example() {
	t := &fakeTB{said: os.Stdout} // in a test, its *testing.T
	storetest.Given[order](t, types, placed{Customer: "Ada"}).
		When(pay(10)).Then(paid{Amount: 10}).
		When(pay(10)).Fails(errPaid)

	// What a difference looks like:
	storetest.Given[order](t, types, placed{Customer: "Ada"}).
		When(pay(12)).Then(paid{Amount: 10})
	t.close()
	// Output:
	// storetest: other events than wanted (-wanted +got)
	//   - order.paid {"Amount":10}
	//   + order.paid {"Amount":12}
}

// A program that must answer a conflict with another try.
func ExampleRefusing() {
	t := &fakeTB{said: os.Stdout}
	store := &storetest.Refusing{Store: storetest.Open(t)}
	tries := 0
	store.Before = func([]host.Item) error {
		if tries++; tries < 3 {
			return host.ErrConflict
		}
		return nil
	}
	_, err := store.Append(t.Context(), storetest.At, 0x1002, paid{Amount: 1})
	fmt.Println(err)
	t.close()
	// Output: thaw: the append conflicts with an earlier one
}

// What was on disk before a crash must be there afterwards.
func ExampleCrash() {
	t := &fakeTB{said: os.Stdout}
	quiet := slog.New(slog.DiscardHandler)
	var done int
	storetest.Crash(t, func(fsys fsabstraction.FS) error {
		done = 0
		s, err := host.Open(t.Context(), "store", host.Options{FS: fsys, Logger: quiet})
		if err != nil {
			return err
		}
		for err == nil && done < 3 {
			if _, err = s.Append(t.Context(), storetest.At, 0x1002, paid{Amount: done}); err == nil {
				done++
			}
		}
		return errors.Join(err, s.Close())
	}, func(fsys fsabstraction.FS) error {
		s, err := host.Open(t.Context(), "store", host.Options{FS: fsys, Logger: quiet})
		if err != nil {
			return err
		}
		if n, _ := s.Count(t.Context(), host.Region{}, 0); n < uint64(done) {
			err = errors.New("events are missing")
		}
		return errors.Join(err, s.Close())
	})
	t.close()
	fmt.Println("every crash was survived")
	// Output: every crash was survived
}
