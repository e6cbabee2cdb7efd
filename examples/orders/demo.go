package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// demo shows the service in a temporary directory, through its HTTP API.
func demo(ctx context.Context, out io.Writer) {
	dir := must(os.MkdirTemp("", "orders"))
	defer os.RemoveAll(dir)
	s := must(Open(ctx, dir))
	defer s.Close()
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	tags := regexp.MustCompile("<[^>]*>")
	call := func(actor, key, method, path, body string) {
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
		r.Header.Set("Actor", actor)
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		text := strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(w.Body.String(), "")))
		say("%s: %s %s %s\n  %d %s", actor, method, path, body, w.Code, strings.ReplaceAll(text, "\n", "\n  "))
	}

	say("# commands; the second is asked twice, as after a lost answer")
	call("ada", "1", "POST", "/orders/42/place", `{"Customer": "ada"}`)
	for range 2 {
		call("ada", "2", "POST", "/orders/42/add", `{"Lines": [{"Article": "tea", "Quantity": 2, "Cents": 450}]}`)
	}
	say("\n# what the policy refuses, and its records")
	call("ada", "3", "POST", "/orders/42/add", `{"Lines": [{"Article": "ship", "Quantity": 1, "Cents": 9000000}]}`)
	call("bob", "4", "POST", "/orders/42/cancel", `{"Reason": "envy"}`)
	call("staff", "", "GET", "/denials", "")
	say("\n# what is paid is shipped; the read models; why it was shipped")
	call("ada", "5", "POST", "/orders/42/pay", "{}")
	kinds := Types.MustKinds("order.shipped")
	var shipped event.Full
	for shipped = range s.store.Follow(host.Region{Kinds: kinds}, host.Position{}, host.FollowOptions{}).Events(ctx) {
		break
	}
	call("ada", "", "GET", fmt.Sprintf("/orders?after=%d", shipped.Sequence), "")
	call("ada", "", "GET", fmt.Sprintf("/sales?after=%d", shipped.Sequence), "")
	call("staff", "", "GET", "/audit/"+shipped.ID.String(), "")
	say("\n# an event that the first version of the service wrote, as it is read today")
	old := s.store.Bypass(gate.Bypass{Reason: "import", Justification: "orders of 2024"}, gate.Actor{ID: "staff"})
	imported := must(old.Append(ctx, event.At("order:7", "order"), 0x1004, shippedV1{By: "ship"}))
	call("staff", "", "GET", "/audit/"+imported.ID.String(), "")
	say("\n# an order of 10,000 lines, loaded without a snapshot and with one")
	staff := gate.Actor{ID: "staff", Facts: Role{Staff: true}}
	lines := slices.Repeat([]LineAdded{{Article: "brick", Quantity: 1, Cents: 10}}, 10_000)
	must(s.Do(ctx, staff, "house", place(request{Customer: "bob"}), ""))
	must(s.Do(ctx, staff, "house", add(request{Lines: lines}), ""))
	for range 2 {
		start := time.Now()
		o := must(s.orders.Load(ctx, "house"))
		say("%d lines, %d cents, %d events read: %v", o.State.Lines, o.State.Total, o.Folded, time.Since(start))
		s.orders.Snapshot(ctx, "house")
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
