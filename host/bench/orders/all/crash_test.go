package all_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/all"
)

const childCommand = "serve-until-killed"

const customers = 3

// serve does commands and projects in a loop, and prints each command's order when it has
// returned.
func serve(name, dir string) error {
	p, ok := all.Named(name)
	if !ok {
		return fmt.Errorf("no service %s", name)
	}
	s, err := p.Open(dir)
	if err != nil {
		return err
	}
	go func() {
		for s.Project(ctx) == nil {
		}
	}()
	for i := 0; ; i++ {
		order := fmt.Sprintf("%d-%d", os.Getpid(), i)
		if _, err := s.Do(ctx, order, order, orders.Place(fmt.Sprint(i%customers), apples)); err != nil {
			return err
		}
		if _, err := s.Do(ctx, order, "", orders.Pay); err != nil {
			return err
		}
		fmt.Println(order)
	}
}

func TestKilled(t *testing.T) {
	for _, p := range all.All() {
		t.Run(p.Name, func(t *testing.T) {
			dir := t.TempDir()
			var acknowledged []string
			for round := range 4 {
				acknowledged = append(acknowledged, serveUntil(t, p.Name, dir, 3+round*7)...)
				s, err := p.Open(dir)
				check(t, err)
				verify(t, s, acknowledged)
				check(t, s.Close())
			}
		})
	}
}

// serveUntil starts a service and kills it after some lines, which it returns.
func serveUntil(t *testing.T, name, dir string, lines int) (acknowledged []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], childCommand, name, dir)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	in := bufio.NewScanner(out)
	for len(acknowledged) < lines && in.Scan() {
		acknowledged = append(acknowledged, in.Text())
	}
	killed := cmd.Process.Kill()
	for in.Scan() {
		acknowledged = append(acknowledged, in.Text())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() || killed != nil {
		t.Fatalf("%v, %v: %s", err, killed, complaints.String())
	}
	return acknowledged
}

// verify compares the totals with a fold over the log, and looks for every acknowledged
// command.
func verify(t *testing.T, s orders.Service, acknowledged []string) {
	t.Helper()
	for _, order := range acknowledged {
		o, version, err := s.Load(ctx, order)
		check(t, err)
		if !o.Paid || version != 3 {
			t.Fatalf("order %s: version %d, %+v", order, version, o)
		}
	}
	first := acknowledged[0]
	equal(t, do(t, s, first, first, orders.Pay), orders.Receipt{Version: 2, Repeated: true})
	want := map[string]orders.Total{}
	last := "after " + acknowledged[len(acknowledged)-1] // ends the log
	equal(t, do(t, s, last, "", orders.Place(last)), orders.Receipt{Version: 1})
	for e, err := range s.Follow(ctx, 0) {
		check(t, err)
		customer, change := orders.TotalOf(e.Value)
		sum := want[customer]
		sum.Add(change)
		want[customer] = sum
		if customer == last {
			break
		}
	}
	project(t, s)
	for i := range customers {
		equal(t, total(t, s, fmt.Sprint(i)), want[fmt.Sprint(i)])
	}
}
