package project

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Handler changes a read model in a database by one event. It does so in tx alone, and leaves
// the commit to the run. It may be called again for the same event after a rollback, so
// what else it changes must bear that. The payload is valid until it returns.
//
// A prepared statement saves most of the time, taken into each transaction with tx.StmtContext.
// modernc.org/sqlite starts a goroutine for each statement whose context can end, which takes
// about as long as an insert: for short statements use context.WithoutCancel(ctx).
type Handler func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error

// SQLProjection is a read model in a database. Its fields may be set before the first run.
//
// It handles events in batches, one transaction each. All projections of a run with the same
// *sql.DB share these transactions: with SQLite only one can write at a time, so the
// projections in one SQLite file need the same *sql.DB. A transaction begins with a change of
// the projection's row, so that two runs of one projection exclude each other: the later run
// goes on, and the earlier one ends with [ErrMoved]: at once if both are in one process and
// have the same *sql.DB, otherwise with its next transaction, perhaps only when an event
// comes. Do not wait for that: the earlier run can no longer change anything.
//
// An error of the database ends the run. SQLite lets one connection write at a time, and
// without a busy timeout another one that tries fails at once with SQLITE_BUSY: a Run beside
// a Rebuild, beside another Run, or beside the program's own writes. So open it with one, for
// every program that writes to the file. With modernc.org/sqlite:
//
//	db, err := sql.Open("sqlite", "orders.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
//
// The time must be longer than the longest transaction, which includes the swap of a Rebuild
// and [SQLProjection.BatchTime] with the handler's work.
type SQLProjection struct {
	// Version is that of the handler and its tables, such as "2": change it with them. It is
	// kept in thaw_projections, and a run with another one is refused with a *[VersionError]
	// before the handler is called. Then rebuild the read model: see
	// [SQLProjection.Rebuild].
	Version string
	// Batch is the number of events after which a transaction is committed, by default 1000.
	// When there are no more events it is committed at once.
	Batch int
	// BatchTime is the time after which it is committed, by default 250 ms.
	BatchTime time.Duration
	// Park, if not nil, decides on an event that cannot be handled: true keeps it in
	// thaw_parked and goes on, false ends the run. Each event is then handled in a savepoint,
	// so that nothing of a refused one is kept. Park is not asked when the context has ended
	// or the connection is lost. It sees errors of the database too, and should refuse to
	// park those that will pass.
	Park func(*EventError) bool
	// Erased, if not nil, is called in place of the handler for an event whose payload was
	// erased: it was redacted, or its key destroyed. The envelope then has no payload and no
	// value. Without it such an event cannot be handled: its error is of class host.ErrErased.
	Erased Handler
	// Dollar says that placeholders are $1, $2, as PostgreSQL has them, and not ?.
	Dollar bool

	progress
	db     *sql.DB
	handle Handler
	within *sql.Tx // if not nil, runs are in this transaction, which their caller commits

	// Of the goroutine of the run.
	row     row
	batch   *batch
	claimed bool          // the row was changed in the open transaction
	next    host.Position // after what was handled or passed over
	last    lastEvent
	handled uint64 // since the last commit
	parked  uint64 // since the last commit
	saved   time.Time
	// builds is set if there is a table of generations; wasBuilt is the one in it, isBuilt the
	// one of this run.
	builds            bool
	wasBuilt, isBuilt uint64
}

// lastEvent is the last event that a projection handled.
type lastEvent struct {
	id       event.ID
	sequence uint64
}

const (
	defaultBatch     = 1000
	defaultBatchTime = 250 * time.Millisecond
	// passedEvery is how often a position is saved that moved only over events of other
	// regions, unless it moved over a whole batch.
	passedEvery = time.Second
)

// SQL returns a projection of a region's events into tables of db. The tables
// thaw_projections and thaw_parked are created if they are missing. A name is one read model
// in the database.
func SQL(db *sql.DB, name string, region host.Region, handle Handler) *SQLProjection {
	return &SQLProjection{progress: progress{name: name, region: region}, db: db, handle: handle}
}

func (p *SQLProjection) most() int {
	if p.Batch > 0 {
		return p.Batch
	}
	return defaultBatch
}

func (p *SQLProjection) longest() time.Duration {
	if p.BatchTime > 0 {
		return p.BatchTime
	}
	return defaultBatchTime
}

// start reads the projection's row, and checks that it is of the region, the version and the
// store.
func (p *SQLProjection) start(ctx context.Context, store host.FollowReader, l *host.Lineage) (host.Position, uint64, error) {
	t := table{p}
	row, err := t.load(ctx)
	if err != nil {
		return host.Position{}, 0, err
	}
	if row.region != p.region.String() {
		return host.Position{}, 0, &regionError{saved: row.region, region: p.region.String()}
	}
	if err := p.same(row); err != nil {
		return host.Position{}, 0, err
	}
	if _, err := end(ctx, store, row.at); err != nil {
		return host.Position{}, 0, err
	}
	at, err := p.find(ctx, store, row, l)
	if err != nil {
		return host.Position{}, 0, err
	}
	if err := p.startBuilt(ctx, l, at); err != nil {
		return host.Position{}, 0, err
	}
	parked, err := t.countParked(ctx)
	if err != nil {
		return host.Position{}, 0, err
	}
	p.row, p.next, p.last = row, at, row.last
	p.claimed, p.handled, p.parked, p.saved = false, 0, 0, time.Time{}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress.parked = parked
	return at, p.isBuilt, nil
}

// same returns an error if the row is of another version.
func (p *SQLProjection) same(r row) error {
	if r.version != p.Version {
		return &VersionError{Saved: r.version, Version: p.Version}
	}
	return nil
}

func (p *SQLProjection) query() querier {
	if p.within != nil {
		return p.within
	}
	return p.db
}

func (p *SQLProjection) takeOver(ctx context.Context) error {
	if err := (table{p}).claim(ctx, p.query(), &p.row); err != nil {
		return err
	}
	if p.isBuilt != p.wasBuilt {
		if err := (table{p}).saveBuilt(ctx, p.isBuilt); err != nil {
			return err
		}
	}
	p.tell()
	return nil
}

// find returns the position after the last event that the projection handled, which the
// sequences of a batpak store's unsealed segment can have moved.
func (p *SQLProjection) find(ctx context.Context, store host.FollowReader, row row, l *host.Lineage) (host.Position, error) {
	if row.last.id.IsZero() {
		return row.at, nil
	}
	e, err := store.At(ctx, row.last.sequence)
	if err == nil && e.ID == row.last.id {
		return row.at, nil
	}
	if err != nil && !errors.Is(err, host.ErrNotFound) {
		return row.at, err
	}
	full, err := store.Get(ctx, row.last.id)
	if errors.Is(err, host.ErrNotFound) && wasRemoved(l, row.last.sequence) {
		return row.at, nil
	}
	if errors.Is(err, host.ErrNotFound) {
		end, err := store.Position(ctx)
		if err != nil {
			return row.at, err
		}
		return row.at, &host.PositionError{Position: row.at, End: end, Err: host.ErrRewritten}
	}
	if errors.Is(err, host.ErrErased) {
		err = nil
	}
	return at(row.at.Store, &full.Event), err
}

func (p *SQLProjection) take(ctx context.Context, e *typed.Envelope, refused error, after host.Position) error {
	tx, err := p.batch.begin(ctx)
	if err != nil {
		return err
	}
	if !p.claimed {
		if err := (table{p}).claim(ctx, tx, &p.row); err != nil {
			return err
		}
		p.claimed = true
	}
	if err := p.one(ctx, tx, e, refused); err != nil {
		return err
	}
	p.next, p.last = after, lastEvent{e.ID, e.Sequence}
	p.handled++
	p.batch.add(p)
	return nil
}

// one handles an event, or parks it.
func (p *SQLProjection) one(ctx context.Context, tx *sql.Tx, e *typed.Envelope, refused error) error {
	handle := p.handler(&refused)
	if p.Park == nil {
		if refused == nil {
			refused = call(ctx, tx, handle, e)
		}
		if refused != nil {
			return p.stop(ctx, e, refused)
		}
		return nil
	}
	t := table{p}
	if refused == nil {
		if err := p.batch.exec(ctx, "SAVEPOINT thaw_event"); err != nil {
			return err
		}
		refused = call(ctx, tx, handle, e)
		if refused != nil {
			if passing(ctx, refused) {
				return p.stop(ctx, e, refused)
			}
			if err := t.exec(ctx, tx, "ROLLBACK TO SAVEPOINT thaw_event"); err != nil {
				return errors.Join(p.refusal(e, refused), err)
			}
		}
		if err := p.batch.exec(ctx, "RELEASE SAVEPOINT thaw_event"); err != nil {
			return errors.Join(err, refused)
		}
	}
	if refused == nil {
		return nil
	}
	why := p.refusal(e, refused)
	if !p.Park(why) {
		return why
	}
	p.parked++
	return t.park(ctx, tx, why)
}

// handler returns what handles an event with an error of its decoding, which it clears if
// that is the handler of erased ones.
func (p *SQLProjection) handler(refused *error) Handler {
	if p.Erased == nil || !errors.Is(*refused, host.ErrErased) {
		return p.handle
	}
	*refused = nil
	return p.Erased
}

func call(ctx context.Context, tx *sql.Tx, handle Handler, e *typed.Envelope) (err error) {
	defer catch(&err)
	return handle(ctx, tx, *e)
}

// stop returns the error of an event that ends the run. When the context has ended that is
// not the event's fault.
func (p *SQLProjection) stop(ctx context.Context, e *typed.Envelope, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.refusal(e, err)
}

// passing reports whether an error says nothing about the event.
func passing(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone)
}

func (p *SQLProjection) pass(at host.Position) { p.next = at }

// due reports whether a position that moved without an event is to be saved.
func (p *SQLProjection) due(now time.Time) bool {
	return p.next != p.row.at && (p.next.Store != p.row.at.Store || p.next.Sequence < p.row.at.Sequence ||
		p.next.Sequence-p.row.at.Sequence >= uint64(p.most()) || now.Sub(p.saved) >= passedEvery)
}

// passed moves the position over events of other regions, without saving it.
func (p *SQLProjection) passed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pos != p.next {
		p.move(p.next)
	}
}

// committed says that the transaction with the row as it is now was committed.
func (p *SQLProjection) committed(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events += p.handled
	p.progress.parked += p.parked
	p.claimed, p.handled, p.parked, p.saved = false, 0, 0, now
	p.move(p.row.at)
}
