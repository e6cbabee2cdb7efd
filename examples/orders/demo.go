package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// demo shows the service in a temporary directory, through its HTTP API.
func demo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "orders")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { s.Close() }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	defer server.Close()

	call := func(actor, key, method, path, body string) {
		request, _ := http.NewRequestWithContext(ctx, method, "http://"+listener.Addr().String()+path, strings.NewReader(body))
		request.Header.Set("Actor", actor)
		request.Header.Set("Idempotency-Key", key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Fprintln(out, err)
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		fmt.Fprintf(out, "%-5s %-4s %-24s %d %.160s\n", actor, method, path, response.StatusCode, strings.TrimSpace(string(text)))
	}
	call("ada", "1", "POST", "/orders/42/place", `{"Customer": "ada"}`)
	call("ada", "2", "POST", "/orders/42/add", `{"Lines": [{"Article": "tea", "Quantity": 2, "Cents": 450}]}`)
	fmt.Fprintln(out, "the same request again, as after a lost answer:")
	call("ada", "2", "POST", "/orders/42/add", `{"Lines": [{"Article": "tea", "Quantity": 2, "Cents": 450}]}`)
	fmt.Fprintln(out, "what the policy refuses:")
	call("ada", "3", "POST", "/orders/42/add", `{"Lines": [{"Article": "ship", "Quantity": 1, "Cents": 9000000}]}`)
	call("bob", "4", "POST", "/orders/42/cancel", `{"Reason": "envy"}`)
	call("staff", "", "GET", "/denials", "")
	fmt.Fprintln(out, "what is paid is shipped:")
	call("ada", "5", "POST", "/orders/42/pay", `{}`)
	shipped, _ := Types.Kinds("order.shipped")
	var last event.Full
	for e, err := range s.store.Follow(host.Region{Entity: "order:42", Kinds: shipped}, host.Position{}, host.FollowOptions{}).Events(ctx) {
		if err != nil {
			return err
		}
		last = e
		break
	}
	call("ada", "", "GET", fmt.Sprintf("/orders?after=%d", last.Sequence), "")
	call("ada", "", "GET", fmt.Sprintf("/sales?after=%d", last.Sequence), "")
	call("staff", "", "GET", "/audit/"+last.ID.String(), "")

	fmt.Fprintln(out, "an order of 10,000 lines:")
	staff := gate.Actor{ID: "staff", Facts: Role{Staff: true}}
	lines := make([]LineAdded, 10_000)
	for i := range lines {
		lines[i] = LineAdded{Article: "brick", Quantity: 1, Cents: 10}
	}
	for _, command := range []Command{Place("bob"), Add(lines...)} {
		if _, err := s.Do(ctx, staff, "house", command, ""); err != nil {
			return err
		}
	}
	for _, how := range []string{"without a snapshot", "with one"} {
		start := time.Now()
		o, err := s.orders.Load(ctx, "house")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d lines, %d cents, loaded %s in %v\n", o.State.Lines, o.State.Total, how, time.Since(start))
		s.orders.Wait()
	}
	fmt.Fprintln(out, "the service again, with an event of its first version:")
	if err = s.Close(); err != nil {
		return err
	}
	if s, err = Open(ctx, dir); err != nil {
		return err
	}
	return nil
}
