package main

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// request is the body of a command.
type request struct {
	Customer, Reason string
	Lines            []LineAdded
}

// commands are what POST /orders/{id}/{command} carries out.
var commands = map[string]func(request) Command{
	"place":  func(r request) Command { return Place(r.Customer) },
	"add":    func(r request) Command { return Add(r.Lines...) },
	"pay":    func(request) Command { return Pay },
	"cancel": func(r request) Command { return Cancel(r.Reason) },
}

// Handler is the HTTP API. It believes the header Actor; a real one would authenticate.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"POST /orders/{id}/{command}": s.command,
		"GET /orders/{id}":            s.order,
		"GET /orders":                 s.table,
		"GET /sales":                  s.totals,
		"GET /denials":                s.denials,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := handle(r)
			w.Header().Set("Content-Type", "application/json")
			if err != nil {
				w.WriteHeader(status(err))
				answer = map[string]string{"error": err.Error()}
			}
			json.NewEncoder(w).Encode(answer)
		})
	}
	mux.HandleFunc("GET /audit/{id}", s.audit)
	return mux
}

// status is the HTTP status of an error.
func status(err error) int {
	switch {
	case errors.Is(err, gate.ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, ErrNoOrder), errors.Is(err, host.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, host.ErrConflict), errors.Is(err, host.ErrKey),
		errors.Is(err, ErrPlaced), errors.Is(err, ErrPaid), errors.Is(err, ErrCancelled):
		return http.StatusConflict
	case errors.Is(err, ErrBody), errors.Is(err, ErrLine), errors.Is(err, ErrNotDue):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// ErrBody is a request that is no command.
var ErrBody = errors.New("not a command")

func actor(r *http.Request) gate.Actor {
	id := r.Header.Get("Actor")
	return gate.Actor{ID: id, Facts: Role{Staff: id == "staff", Limit: 100_000}}
}

func (s *Service) command(r *http.Request) (any, error) {
	var body request
	make, ok := commands[r.PathValue("command")]
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&body); err != nil || !ok {
		return nil, errors.Join(ErrBody, err)
	}
	return s.Do(r.Context(), actor(r), r.PathValue("id"), make(body), r.Header.Get("Idempotency-Key"))
}

// order answers from the events: it shows what was just acknowledged.
func (s *Service) order(r *http.Request) (any, error) {
	o, err := s.orders.Load(r.Context(), r.PathValue("id"))
	if err == nil && o.State.Customer == "" {
		err = ErrNoOrder
	}
	return o.State, err
}

// wait waits until the read models have the event with the sequence after=…
func wait(r *http.Request, models ...interface {
	Wait(ctx context.Context, sequence uint64) error
}) error {
	after, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	if err != nil { // as they are
		return nil
	}
	for _, m := range models {
		if err := m.Wait(r.Context(), after+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) table(r *http.Request) (any, error) {
	type row struct {
		ID, Customer, State string
		Lines, Total        int64
	}
	rows := []row{}
	if err := wait(r, s.list); err != nil {
		return nil, err
	}
	found, err := s.db.QueryContext(r.Context(), `SELECT id, customer, state, lines, total FROM orders ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var o row
		if err := found.Scan(&o.ID, &o.Customer, &o.State, &o.Lines, &o.Total); err != nil {
			return nil, err
		}
		rows = append(rows, o)
	}
	return rows, found.Err()
}

func (s *Service) totals(r *http.Request) (any, error) {
	copied := Sales{}
	err := wait(r, s.sales)
	s.sales.Read(func(all Sales) {
		for article, n := range all {
			copied[article] = n
		}
	})
	return copied, err
}

// denials are the judgements that refused a command, newest last.
func (s *Service) denials(r *http.Request) (any, error) {
	list := []json.RawMessage{}
	denied := host.Region{Entity: Records.At.Entity, Kinds: event.Only(Records.Denied)}
	for e, err := range s.store.ReadEach(r.Context(), s.store.Query(r.Context(), denied, host.Page{})) {
		if err != nil {
			return nil, err
		}
		text, err := payload.AppendJSON(nil, e.Payload)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

var page = template.Must(template.New("audit").Funcs(template.FuncMap{
	"name": Types.Name,
	"json": func(p []byte) (string, error) { text, err := payload.AppendJSON(nil, p); return string(text), err },
}).Parse(`<!doctype html><meta charset="utf-8"><title>Audit</title><h1>Causes and effects</h1><ul>{{range .}}
<li value="{{.Distance}}">{{.Distance}}: <a href="/audit/{{.ID}}">{{.Sequence}}</a> {{.Entity}}
{{or (name .Kind) .Kind}} {{.Meta}} <code>{{json .Payload}}</code>{{end}}</ul>`))

// audit shows an event with what led to it and what it led to, with the judgements that let
// them in.
func (s *Service) audit(w http.ResponseWriter, r *http.Request) {
	var links []host.Link
	id, err := event.ParseID(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	for link, err := range s.store.Graph(r.Context(), id, host.GraphOptions{Limit: 1000, Payloads: true}) {
		if err != nil {
			http.Error(w, err.Error(), status(err))
			return
		}
		links = append(links, link)
	}
	page.Execute(w, links)
}
