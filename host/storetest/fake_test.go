package storetest_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/thawlog/thaw/host/typed"
)

// fakeTB is a test whose failure a test looks at.
type fakeTB struct {
	testing.TB
	said     io.Writer
	failed   bool
	cleanups []func()
}

func (f *fakeTB) Helper()                 {}
func (f *fakeTB) Failed() bool            { return f.failed }
func (f *fakeTB) Cleanup(c func())        { f.cleanups = append(f.cleanups, c) }
func (f *fakeTB) Logf(s string, a ...any) { fmt.Fprintf(f.said, s+"\n", a...) }
func (f *fakeTB) Errorf(s string, a ...any) {
	f.failed = true
	f.Logf(s, a...)
}

func (f *fakeTB) Fatalf(s string, a ...any) {
	f.Errorf(s, a...)
	runtime.Goexit()
}

func (f *fakeTB) Context() context.Context { return context.Background() }
func (f *fakeTB) Name() string {
	if f.TB == nil {
		return "Example"
	}
	return f.TB.Name()
}

// close ends the test.
func (f *fakeTB) close() {
	for ; len(f.cleanups) > 0; f.cleanups = f.cleanups[:len(f.cleanups)-1] {
		f.cleanups[len(f.cleanups)-1]()
	}
}

// failure runs a test and returns what it says when it fails, "" if it succeeds.
func failure(t *testing.T, test func(t testing.TB)) string {
	said := &strings.Builder{}
	f := &fakeTB{TB: t, said: said}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer f.close()
		test(f)
	}()
	<-done
	if !f.failed {
		return ""
	}
	return said.String()
}

type (
	placed struct{ Customer string }
	// placed before customers had a name: only a number.
	placedV1 struct{ Number int }
	paid     struct{ Amount int }
	noted    struct {
		Text  string
		Count int
		By    string
	}
	unknown struct{ A int }
)

var types = typed.Registry(
	typed.Event[placed](0x1001, "order.placed",
		typed.Was(0x1000, func(old placedV1) placed { return placed{Customer: fmt.Sprint("customer ", old.Number)} })),
	typed.Event[paid](0x1002, "order.paid"),
	typed.Event[noted](0x1003, "order.noted"),
)

// order is a state of the events above.
type order struct {
	Customer string
	Paid     int
	private  int
}

var (
	errPaid    = fmt.Errorf("paid already")
	errUnknown = fmt.Errorf("an event that cannot be")
	errOther   = fmt.Errorf("another error")
)

func (o *order) Apply(e typed.Envelope) error {
	o.private++
	switch v := e.Value.(type) {
	case placed:
		o.Customer = v.Customer
	case paid:
		if o.Paid += v.Amount; o.Paid > 1000 {
			return errUnknown
		}
	case noted:
	default:
		return errUnknown
	}
	return nil
}

// pay decides on a payment.
func pay(amount int) func(*order) ([]any, error) {
	return func(o *order) ([]any, error) {
		switch {
		case amount == 0:
			return nil, nil
		case o.Paid > 0:
			return nil, fmt.Errorf("paying %d: %w", amount, errPaid)
		}
		return []any{paid{Amount: amount}}, nil
	}
}
