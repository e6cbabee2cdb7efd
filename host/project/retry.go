package project

import (
	"context"
	"database/sql"
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Retry handles the parked events again, in order, each in a transaction that also removes it
// from thaw_parked. It returns how many were handled. Those that are refused again stay: the
// error joins an *[EventError] for each. An event is then handled after later ones, for which
// the handler must be made. The projection may be running. A read model of another version is
// refused, as by a run.
func (p *SQLProjection) Retry(ctx context.Context, reader host.Reader, types *typed.Types) (handled int, err error) {
	ids, err := table{p}.listParked(ctx)
	if err != nil {
		return 0, &Error{Projection: p.name, Err: err}
	}
	var refusals []error
	for _, id := range ids {
		err := p.retry(ctx, reader, types, id)
		var refused *EventError
		switch {
		case err == nil:
			handled++
		case errors.As(err, &refused):
			refusals = append(refusals, err)
		case !errors.Is(err, errNotParked):
			return handled, errors.Join(append(refusals, &Error{Projection: p.name, Err: err})...)
		}
	}
	return handled, errors.Join(refusals...)
}

// errNotParked ends the transaction of an event that another Retry has handled.
var errNotParked = errors.New("project: the event is not parked")

func (p *SQLProjection) retry(ctx context.Context, reader host.Reader, types *typed.Types, id event.ID) error {
	full, err := reader.Get(ctx, id)
	if err != nil && !errors.Is(err, host.ErrErased) {
		return err
	}
	e, refused := decode(types, full, err)
	handle := p.handler(&refused)
	err = p.inTx(ctx, func(tx *sql.Tx) error {
		// The write comes first: see replace. It keeps another Retry away.
		err := table{p}.update(ctx, tx, deleteOnePark, p.name, id.String())
		if errors.Is(err, ErrMoved) {
			return errNotParked
		}
		if err != nil {
			return err
		}
		// A rebuild deletes the parked events, so it comes before that or after the end.
		row, err := table{p}.read(ctx, tx)
		if err != nil {
			return err
		}
		if err := p.same(row); err != nil {
			return err
		}
		if refused == nil {
			refused = call(ctx, tx, handle, &e)
		}
		if refused != nil {
			return p.stop(ctx, &e, refused)
		}
		return nil
	})
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.progress.parked -= min(p.progress.parked, 1)
	}
	return err
}
