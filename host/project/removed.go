package project

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/thawlog/thaw/host"
)

// lineageOf returns the lineage of a store, and nothing for one that has none to ask for.
func lineageOf(ctx context.Context, store host.FollowReader) (l host.Lineage, err error) {
	if r, ok := store.(interface {
		Lineage(ctx context.Context) (host.Lineage, error)
	}); ok {
		l, err = r.Lineage(ctx)
	}
	return l, err
}

// builtAt returns the generation of the store that a read model at a position, built at an
// earlier one, is the same as one of: the store's own, unless events that it may have handled
// were removed since.
func builtAt(l *host.Lineage, at host.Position, built uint64) uint64 {
	if len(l.Before(at.Sequence, built)) == 0 {
		return l.Generation
	}
	return built
}

// watch says which generation the read model was built at, and how to learn what was removed
// since.
func (p *progress) watch(built uint64, lineage func() (host.Lineage, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.built, p.lineage = built, lineage
}

// removals returns what was removed below the position since the read model was built. p.mu
// must be held.
func (p *progress) removals() []host.Removal {
	if p.lineage == nil {
		return slices.Clone(p.removed)
	}
	l, err := p.lineage()
	if err != nil { // the store was closed, and the run ends
		return slices.Clone(p.removed)
	}
	return l.Before(p.pos.Sequence, p.built)
}

// CreateBuilt makes the table thaw_built, when a projection first runs with a store from which
// events were removed. A row is the generation of the store (see [host.Lineage]) from which a
// rebuild of the projection, as it was when a run began, would not have differed. No row is
// generation 0.
const CreateBuilt = `CREATE TABLE IF NOT EXISTS thaw_built (
	projection VARCHAR(255) NOT NULL PRIMARY KEY, generation BIGINT NOT NULL)`

const (
	selectBuilt = "SELECT generation FROM thaw_built WHERE projection = ?"
	insertBuilt = "INSERT INTO thaw_built (projection, generation) VALUES (?, ?)"
	deleteBuilt = "DELETE FROM thaw_built WHERE projection = ?"
	renameBuilt = "UPDATE thaw_built SET projection = ? WHERE projection = ?"
)

// built returns the generation in the projection's row.
func (t table) built(ctx context.Context) (generation uint64, err error) {
	q := t.p.query()
	if err := t.exec(ctx, q, CreateBuilt); err != nil {
		return 0, err
	}
	var n int64
	err = q.QueryRowContext(ctx, t.bind(selectBuilt), t.p.name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return uint64(max(n, 0)), failed(ctx, selectBuilt, err)
}

func (t table) saveBuilt(ctx context.Context, generation uint64) error {
	q := t.p.query()
	err := t.exec(ctx, q, deleteBuilt, t.p.name)
	if err == nil {
		err = t.exec(ctx, q, insertBuilt, t.p.name, int64(generation))
	}
	return err
}

// startBuilt finds the generation that the read model was built at.
func (p *SQLProjection) startBuilt(ctx context.Context, l *host.Lineage, at host.Position) (err error) {
	p.wasBuilt, p.isBuilt = 0, 0
	p.builds = l.Generation > 0 && p.within == nil // within a rebuild's transaction the row stays
	if !p.builds {
		return nil
	}
	if p.wasBuilt, err = (table{p}).built(ctx); err == nil {
		p.isBuilt = builtAt(l, at, p.wasBuilt)
	}
	return err
}

// wasRemoved reports whether an event with the sequence may have been removed.
func wasRemoved(l *host.Lineage, sequence uint64) bool {
	return slices.ContainsFunc(l.Before(sequence+1, 0), func(r host.Removal) bool { return sequence < r.End })
}
