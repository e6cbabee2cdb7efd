package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// The environment of a killed process: its directory, and a seed.
const (
	killDir  = "THAW_ORDERS_DIR"
	killSeed = "THAW_ORDERS_SEED"
)

// asked is a command with its answer, as a process prints it.
type asked struct {
	Order, Key, Command string
	Receipts            []host.Receipt
}

var (
	staff = gate.Actor{ID: "staff", Facts: Role{Staff: true}}
	ada   = gate.Actor{ID: "ada", Facts: Role{Limit: 1000}}
)

// what are the commands of the test by name, and who gives them.
var what = map[string]struct {
	actor   gate.Actor
	command Command
}{
	"place":  {ada, place(request{Customer: "ada"})},
	"add":    {ada, add(request{Lines: []LineAdded{{Article: "tea", Quantity: 1, Cents: 300}}})},
	"pay":    {ada, pay(request{})},
	"cancel": {staff, cancel(request{Reason: "test"})},
}

// serveUntilKilled carries out commands from three goroutines for as long as it lives.
func serveUntilKilled(dir, seed string) error {
	s, err := Open(context.Background(), dir)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error)
	for g := range uint64(3) {
		go func() {
			random := rand.New(rand.NewPCG(n, g))
			for i := 0; ; i++ {
				// The goroutines meet at some orders, and go on to new ones.
				a := asked{Order: fmt.Sprintf("%x-%d", n, i/6+random.IntN(5)), Key: fmt.Sprint(seed, g, i)}
				a.Command = []string{"place", "add", "add", "add", "pay", "cancel"}[random.IntN(6)]
				w := what[a.Command]
				var err error
				if a.Receipts, err = s.Do(context.Background(), w.actor, a.Order, w.command, a.Key); err != nil {
					if status(err) == 500 {
						failed <- err
					}
					continue
				}
				line, _ := json.Marshal(a)
				mu.Lock()
				os.Stdout.Write(append(line, '\n')) // one write, so that no line is mixed
				mu.Unlock()
			}
		}()
	}
	go func() { failed <- s.group.Wait() }() // the read models and the shipping never end by themselves
	return <-failed
}

// TestKill kills the service under load, at random moments. Afterwards no acknowledged
// command is missing, a repeated one gets its first answer, the read model is what the events
// add up to, and every paid order is shipped once.
func TestKill(t *testing.T) {
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("THAW_CRASH_KILLS")); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("THAW_CRASH_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("repeat with THAW_CRASH_SEED=%d THAW_CRASH_KILLS=%d", seed, kills)
	random := rand.New(rand.NewPCG(seed, 1))
	var acknowledged []asked
	commands, dir := 0, t.TempDir()
	for kill := range kills {
		acknowledged = append(acknowledged, killOne(t, dir, random)...)
		if kill%5 == 4 || kill == kills-1 {
			check(t, dir, acknowledged)
			commands += len(acknowledged)
			acknowledged, dir = nil, t.TempDir()
		}
	}
	t.Logf("%d kills, %d commands acknowledged", kills, commands)
	require.Positive(t, commands)
}

// killOne starts a service, kills it, and returns the commands it acknowledged.
func killOne(t *testing.T, dir string, random *rand.Rand) (acknowledged []asked) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprintf("%s=%d", killSeed, random.Uint64()))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	for first := true; ; first = false {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // an incomplete line does not count
		}
		var a asked
		require.NoError(t, json.Unmarshal(line, &a))
		acknowledged = append(acknowledged, a)
		if first {
			time.AfterFunc(time.Duration(random.IntN(100_000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.False(t, exit.Exited(), "it ended by itself")
	return acknowledged
}

// check opens the service, and compares everything with the events.
func check(t *testing.T, dir string, acknowledged []asked) {
	ctx := t.Context()
	s, err := Open(ctx, dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()

	for _, a := range acknowledged {
		for _, r := range a.Receipts {
			e, err := s.store.Get(ctx, r.ID)
			require.NoError(t, err)
			require.Equal(t, r.Sequence, e.Sequence)
			require.Equal(t, "order:"+a.Order, e.Entity)
		}
		w := what[a.Command]
		again, err := s.Do(ctx, w.actor, a.Order, w.command, a.Key)
		require.NoError(t, err)
		require.Len(t, again, len(a.Receipts))
		for i, r := range a.Receipts {
			r.Repeated = true
			require.Equal(t, r, again[i])
		}
	}

	shipped(t, s)
	end, err := s.store.Position(ctx)
	require.NoError(t, err)
	require.NoError(t, s.list.Wait(ctx, end.Sequence-1))
	want := map[string]Order{}
	for name, err := range s.store.Entities(ctx, "order:", host.NamePage{}) {
		require.NoError(t, err)
		o := Order{}
		for e, err := range Types.Each(s.store.ReadEach(ctx, s.store.Stream(ctx, name.Name, host.StreamPage{}))) {
			require.NoError(t, err)
			require.NoError(t, o.Apply(e))
		}
		loaded, err := s.orders.Load(ctx, name.Name[len("order:"):])
		require.NoError(t, err)
		require.Equal(t, o, *loaded.State, "with a snapshot")
		want[name.Name[len("order:"):]] = o
	}
	got := map[string]Order{}
	rows, err := s.db.QueryContext(ctx, `SELECT id, customer, state, lines, total FROM orders`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, state string
		var o Order
		require.NoError(t, rows.Scan(&id, &o.Customer, &state, &o.Lines, &o.Total))
		o.Shipped, o.Cancelled = state == "shipped", state == "cancelled"
		o.Paid = o.Shipped || state == "paid"
		got[id] = o
	}
	require.NoError(t, rows.Err())
	require.Equal(t, want, got)
}

// shipped waits until every paid order is shipped, and checks that it is so once.
func shipped(t *testing.T, s *Service) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	paid := map[event.ID]bool{}
	kinds := Types.MustKinds("order.paid", "order.shipped")
	end, err := s.store.Position(ctx)
	require.NoError(t, err)
	caughtUp := errors.New("caught up")
	follower := s.store.Follow(host.Region{Kinds: kinds}, host.Position{}, host.FollowOptions{
		CaughtUp: func(at host.Position) error {
			for _, waiting := range paid {
				if waiting {
					return nil
				}
			}
			if at.Sequence < end.Sequence {
				return nil
			}
			return caughtUp
		},
	})
	for e, err := range follower.Events(ctx) {
		if errors.Is(err, caughtUp) {
			return
		}
		require.NoError(t, err)
		if Types.Name(e.Kind) == "order.paid" {
			paid[e.ID] = true
			continue
		}
		require.True(t, paid[e.Causation], "shipped twice, or not paid")
		paid[e.Causation] = false
	}
}
