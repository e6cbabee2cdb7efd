package ledger_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/inmemory/ledger"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

// memory returns a new in-memory disk. Keep it to open a store on it again.
func memory() fsabstraction.FS { return aferofs.New(afero.NewMemMapFs()) }

func open(t *testing.T, disk fsabstraction.FS) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "/ledger", host.Options{FS: disk})
	require.NoError(t, err)
	return l
}

func requireBalance(t *testing.T, l *ledger.Ledger, account string, want int64) {
	t.Helper()
	got, err := l.Balance(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestWithdrawTakesNoMoreThanThereIs(t *testing.T) {
	l := open(t, memory())
	defer l.Close()
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	require.ErrorIs(t, l.Withdraw(t.Context(), "ada", 101), ledger.ErrFunds)
	require.ErrorIs(t, l.Withdraw(t.Context(), "bob", 1), ledger.ErrFunds)
	require.NoError(t, l.Withdraw(t.Context(), "ada", 30))
	requireBalance(t, l, "ada", 70)
}

func TestDepositSentTwiceCountsOnce(t *testing.T) {
	l := open(t, memory())
	defer l.Close()
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	requireBalance(t, l, "ada", 100)
}

// Closing a store and opening it again on the same disk is a restart.
func TestRestartForgetsNothing(t *testing.T) {
	disk := memory()
	l := open(t, disk)
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	require.NoError(t, l.Withdraw(t.Context(), "ada", 30))
	require.NoError(t, l.Close())

	l = open(t, disk)
	defer l.Close()
	requireBalance(t, l, "ada", 70)
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	requireBalance(t, l, "ada", 70)
}

func TestTwoDoNotGetTheSameMoney(t *testing.T) {
	l := open(t, memory())
	defer l.Close()
	require.NoError(t, l.Deposit(t.Context(), "ada", 100, "r1"))
	var served atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			switch err := l.Withdraw(t.Context(), "ada", 30); err {
			case nil:
				served.Add(1)
			default:
				assert.ErrorIs(t, err, ledger.ErrFunds)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 3, served.Load())
	requireBalance(t, l, "ada", 10)
}
