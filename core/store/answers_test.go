package store_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// answers returns the answers of a store to every kind of query as text, errors
// included.
func answers(s *store.Snapshot, ids []event.ID) string {
	var b strings.Builder
	list := func(seq func(func(event.Event, error) bool)) {
		for e, err := range seq {
			if err != nil {
				b.WriteString("error: " + err.Error())
				break
			}
			b.WriteString(strconv.FormatUint(e.Sequence, 10))
			b.WriteString(e.Entity)
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
	}
	count := func(r query.Region, from uint64) {
		n, err := s.Count(r, from)
		if err != nil {
			b.WriteString("error: " + err.Error())
		}
		b.WriteString(strconv.FormatUint(n, 10) + "\n")
	}
	for i := range 9 {
		r := query.Region{Entity: "order:" + strconv.Itoa(i*13)}
		list(s.Query(r, query.Page{}))
		list(s.Stream(r.Entity, query.StreamPage{From: 1}))
		count(r, 0)
	}
	for i := range 5 {
		r := query.Region{Scope: "shop:" + strconv.Itoa(i)}
		list(s.Query(r, query.Page{From: 77, Limit: 40}))
		count(r, 50)
		r.Kinds = event.InCategory(byte(1 + i%3))
		list(s.Query(r, query.Page{}))
		count(r, 0)
	}
	list(s.Query(query.Region{EntityPrefix: "order:1"}, query.Page{}))
	count(query.Region{EntityPrefix: "order:2", Scope: "shop:1"}, 0)
	list(s.Query(query.Region{}, query.Page{}))
	for _, id := range ids {
		e, err := s.Get(id)
		b.WriteString(line(e))
		if err != nil {
			b.WriteString("error: " + err.Error())
		}
		list(s.Effects(id, 0))
		list(s.Ancestors(id, 0))
		list(s.Correlated(id))
	}
	return b.String()
}

// someIDs returns the ids of every n-th event of a store.
func someIDs(t testing.TB, s *store.Snapshot, n int) (ids []event.ID) {
	for i, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
		if i%n == 0 {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func with(files map[string][]byte, name string, b []byte) map[string][]byte {
	out := maps.Clone(files)
	out[name] = b
	return out
}
