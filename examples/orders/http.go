package main

import (
	"encoding/json"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
)

// request is the body of a command, and commands what POST /orders/{id}/{command} does.
type request struct {
	Customer, Reason string
	Lines            []LineAdded
}

var commands = map[string]func(request) Command{"place": place, "add": add, "pay": pay, "cancel": cancel}

// Handler is the HTTP API. It believes the header Actor; a real one would authenticate.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"POST /orders/{id}/{command}": s.command,
		"GET /orders/{id}":            s.order,
		"GET /orders":                 s.table,
		"GET /sales":                  s.totals,
		"GET /denials":                s.denials,
		"GET /audit/{id}":             s.audit,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			value, err := answer(r)
			switch links, page := value.([]host.Link); {
			case err != nil:
				http.Error(w, err.Error(), status(err))
			case page:
				audit.Execute(w, links)
			default:
				json.NewEncoder(w).Encode(value)
			}
		})
	}
	return mux
}

// status is the HTTP status of an error.
func status(err error) int {
	switch {
	case errors.Is(err, gate.ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, host.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, new(Refusal)), errors.Is(err, host.ErrConflict), errors.Is(err, host.ErrKey):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func (s *Service) command(r *http.Request) (any, error) {
	var body request
	command := commands[r.PathValue("command")]
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || command == nil {
		return nil, Refusal("not a command")
	}
	id := r.Header.Get("Actor")
	actor := gate.Actor{ID: id, Facts: Role{Staff: id == "staff", Limit: 100_000}}
	return s.Do(r.Context(), actor, r.PathValue("id"), command(body), r.Header.Get("Idempotency-Key"))
}

// order answers from the events: it shows what was just acknowledged.
func (s *Service) order(r *http.Request) (any, error) {
	o, err := s.orders.Load(r.Context(), r.PathValue("id"))
	return o.State, err
}

// wait waits until a read model has the event with the sequence after=…
func wait(r *http.Request, model project.Projection) error {
	after, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	if err != nil { // as it is now
		return nil
	}
	return model.Wait(r.Context(), after)
}

func (s *Service) table(r *http.Request) (any, error) {
	var rows string
	err := wait(r, s.list)
	if err == nil {
		err = s.db.QueryRowContext(r.Context(), tableAsJSON).Scan(&rows)
	}
	return json.RawMessage(rows), err
}

func (s *Service) totals(r *http.Request) (any, error) {
	copied, err := Sales{}, wait(r, s.sales)
	if err == nil {
		err = s.sales.Read(func(all Sales, _ host.Position) { maps.Copy(copied, all) })
	}
	return copied, err
}

// denials are the records of what the policy refused.
func (s *Service) denials(r *http.Request) (any, error) {
	list := []any{}
	denied := host.Region{Entity: Records.At.Entity, Kinds: event.Only(Records.Denied)}
	for e, err := range Types.Each(s.store.ReadEach(r.Context(), s.store.Query(r.Context(), denied, host.Page{}))) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.Value)
	}
	return list, nil
}

// audit shows an event with what led to it and what it led to, with the judgements that let
// them in.
func (s *Service) audit(r *http.Request) (any, error) {
	var links []host.Link
	id, _ := event.ParseID(r.PathValue("id")) // the zero id is no event
	for link, err := range s.store.Graph(r.Context(), id, host.GraphOptions{Limit: 1000, Payloads: true}) {
		if err != nil {
			return nil, err
		}
		links = append(links, link)
	}
	return links, nil
}

var audit = template.Must(template.New("audit").Funcs(template.FuncMap{"decode": Types.Decode}).Parse(
	`<!doctype html><meta charset="utf-8"><title>Causes and effects</title>{{range .}}{{with decode .Full}}
<p><a href="/audit/{{.ID}}">{{.Sequence}}</a> {{.Entity}} {{.Name}} {{printf "%+v" .Value}}{{end}} ({{.Distance}}){{end}}`))
