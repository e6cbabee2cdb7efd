// Package ledger keeps the balances of accounts in a store, as an example of a program that
// uses thaw. Its tests run in memory.
package ledger

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

const (
	deposited event.Kind = 0x1001
	withdrawn event.Kind = 0x1002
)

// movement is the payload of both kinds.
type movement struct {
	Cents int64 `msgpack:"cents"`
}

// ErrFunds is returned for a withdrawal that exceeds the balance.
var ErrFunds = errors.New("ledger: not enough money in the account")

// Ledger keeps accounts in a store. All methods are safe for concurrent use.
type Ledger struct{ store *host.Store }

// Open opens the ledger in a directory. The caller passes the options, so that a test can
// pass another file system.
func Open(ctx context.Context, dir string, o host.Options) (*Ledger, error) {
	store, err := host.Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	return &Ledger{store}, nil
}

// Close closes the store, so that the next open is fast.
func (l *Ledger) Close() error { return l.store.Close() }

// Deposit adds money. request names the deposit: a repeated request counts once. A request
// with another account or amount, or without a name, is refused.
func (l *Ledger) Deposit(ctx context.Context, account string, cents int64, request string) error {
	_, err := l.store.Append(ctx, at(account), deposited, movement{cents}, host.WithKey(host.KeyOf(request)))
	return err
}

// Withdraw takes money, or returns [ErrFunds]. Two concurrent withdrawals cannot both take
// the same money: each expects the account to be unchanged since its read, and the later
// one reads again.
func (l *Ledger) Withdraw(ctx context.Context, account string, cents int64) error {
	for {
		balance, seen, err := l.read(ctx, account)
		if err != nil {
			return err
		}
		if balance < cents {
			return ErrFunds
		}
		_, err = l.store.Append(ctx, at(account), withdrawn, movement{cents}, host.Expect(seen))
		if !errors.Is(err, host.ErrConflict) {
			return err
		}
	}
}

// Balance returns the balance of an account, 0 for an unknown one.
func (l *Ledger) Balance(ctx context.Context, account string) (int64, error) {
	balance, _, err := l.read(ctx, account)
	return balance, err
}

// read returns an account's balance and the state to expect at the next append.
func (l *Ledger) read(ctx context.Context, account string) (balance int64, seen host.Expected, err error) {
	seen = host.NoEvents
	for e, err := range l.store.Stream(ctx, at(account).Entity, host.StreamPage{}) {
		if err != nil {
			return 0, seen, err
		}
		full, err := l.store.Read(ctx, e)
		if err != nil {
			return 0, seen, err
		}
		var m movement
		if err := payload.Unmarshal(full.Payload, &m); err != nil {
			return 0, seen, err
		}
		if e.Kind == withdrawn {
			m.Cents = -m.Cents
		}
		balance += m.Cents
		seen = host.AtClock(e.Clock)
	}
	return balance, seen, nil
}

func at(account string) event.Coordinate { return event.At("account:"+account, "bank") }
