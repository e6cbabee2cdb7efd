package metamorphic

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

var quiet = slog.New(slog.DiscardHandler)

// run is one run of a script.
type run struct {
	config config
	r      *rand.Rand // draws how the configuration does what the script leaves open
	other  Opener
	base   string // where stores on disk are made

	fs      fsabstraction.FS
	dir     string
	copies  int
	options host.Options
	now     time.Time

	store *host.Store
	names *names
	// reader is opened once in a directory, and refreshed from then on.
	reader *host.DirReader
	// pinned is a snapshot of an earlier check, with the questions of then.
	pinned    *host.Snapshot
	questions []question
	// position is where the follower is.
	position host.Position
}

// Opener opens a reader other than the native one: the plugin's.
type Opener func(fsys fsabstraction.ReadFS, dir string) (Closer, error)

// Closer is a reader to close.
type Closer interface {
	host.Reader
	Close() error
}

// do runs the script. The number of the step that went wrong is returned with the error.
func (x *run) do(s *script) (failed int, err error) {
	x.names = newNames()
	x.options = x.config.options()
	x.options.Logger, x.options.NoMapping = quiet, x.config["files"] != "mapped"
	x.options.Now = func() time.Time { return x.now }
	random := rand.New(rand.NewPCG(s.seed, 7))
	x.options.Random = random.Uint64
	if x.fs, x.dir = fsabstraction.FS(crashfs.New()), "/data/store"; x.config["files"] != "memory" {
		x.fs, x.dir = osfs.FS{}, filepath.Join(x.base, "0")
	}
	if err := x.open(); err != nil {
		return 0, err
	}
	defer x.close()
	for i := range s.steps {
		if err := x.step(&s.steps[i]); err != nil {
			return i, err
		}
	}
	return len(s.steps), x.verify()
}

func (x *run) close() {
	x.forget()
	if x.store != nil {
		_ = x.store.Close()
	}
}

func (x *run) open() (err error) {
	o := x.options
	o.FS = x.fs
	if x.store, err = host.Open(ctx, x.dir, o); err != nil {
		return err
	}
	return noDamage(x.store.Report())
}

func noDamage(r host.Report) error {
	if len(r.Damages) > 0 {
		return fmt.Errorf("damage: %w", r.Damages[0])
	}
	return nil
}

// verify checks every byte at the end, but of index files that the configuration cut off.
func (x *run) verify() error {
	findings, err := host.Verify(ctx, x.dir, host.ReaderOptions{FS: x.fs, Logger: quiet}, nil)
	if err != nil {
		return err
	}
	for _, d := range findings.Damages {
		if x.config["derived"] != "mixed" || !derived(d.File) {
			return fmt.Errorf("verify: %w", d)
		}
	}
	return nil
}

// derived reports whether a file can be made from the segments.
func derived(name string) bool {
	_, _, part := index.ParsePartName(name)
	return part || name == artifact.FileName || name == index.FileName || strings.HasSuffix(name, ".tmp")
}

func (x *run) step(s *step) error {
	if err := x.merge(); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	if x.now = s.now; x.now.IsZero() {
		x.now = time.UnixMicro(1_700_000_000_000_000)
	}
	switch s.sort {
	case syncs:
		return x.store.Sync(ctx)
	case stops:
		return x.stop()
	case checks:
		return x.check(s)
	case cancelled:
		return x.cancel(s)
	case removes:
		return x.remove(s)
	}
	return x.append(s)
}

// door draws how items are appended.
func (x *run) door(s *step) string {
	door := x.config["doors"]
	if door == "mixed" {
		door = one(x.r, []string{"single", "batch", "each", "fence"})
	}
	if s.sort == refusal {
		switch together := door == "batch" || door == "fence"; {
		case s.atomic && !together && len(s.items) > 1:
			return one(x.r, []string{"batch", "fence"})
		case !s.atomic && together && len(s.items) > 1:
			return "single"
		}
	}
	if door == "each" {
		for _, it := range s.items {
			if it.within > 0 {
				return "single" // each knows no items before it
			}
		}
	}
	return door
}

// item translates an item for the store.
func (x *run) item(it item, alone bool, receipts []host.Receipt) host.Item {
	o := []host.AppendOption{host.WithFlags(it.flags), host.WithMeta(it.meta)}
	if !it.unallowed {
		o = append(o, host.AllowReservedKind())
	}
	if it.keyed {
		o = append(o, host.WithKey(x.names.to(it.id)))
	}
	switch {
	case it.within > 0 && alone:
		o = append(o, host.CausedBy(receipts[it.within-1].ID))
	case it.within > 0:
		o = append(o, host.CausedByItem(it.within-1))
	case !it.causation.IsZero():
		o = append(o, host.CausedBy(x.names.to(it.causation)))
	}
	if !it.correlation.IsZero() {
		o = append(o, host.Correlated(x.names.to(it.correlation)))
	}
	if !it.time.IsZero() {
		o = append(o, host.WithTime(it.time))
	}
	if it.expect != nil {
		o = append(o, host.Expect(*it.expect))
	}
	if it.unless != nil {
		p := host.Position{Sequence: it.unless.from}
		if !x.names.store.IsZero() {
			p.Store = x.names.storeMade
		}
		o = append(o, host.Unless(p, it.unless.regions...))
	}
	return host.Item{At: it.at, Kind: it.kind, Payload: host.Raw(it.payload), Options: o}
}

// append appends the items of a step and compares what came of it.
func (x *run) append(s *step) error {
	door := x.door(s)
	receipts, err := x.through(door, s)
	if got := class(err); got != s.refused {
		return fmt.Errorf("through %s: refused as %q, want %q: %w", door, got, s.refused, err)
	}
	if len(receipts) != len(s.want) {
		return fmt.Errorf("through %s: %d receipts, want %d", door, len(receipts), len(s.want))
	}
	for i, r := range receipts {
		e := &s.want[i]
		if r.Sequence != e.Sequence || r.Clock != e.Clock || r.Repeated != s.repeated {
			return fmt.Errorf("through %s: receipt %d is %+v, want sequence %d, clock %d, repeated %v", door, i, r, e.Sequence, e.Clock, s.repeated)
		}
		if s.repeated || s.items[i].keyed {
			if x.names.to(e.ID) != r.ID {
				return fmt.Errorf("through %s: receipt %d has id %v", door, i, r.ID)
			}
		}
		x.names.learn(e.ID, r.ID)
		if x.names.store.IsZero() {
			x.names.store, x.names.storeMade = e.ID, r.ID
		}
	}
	return nil
}

// through appends items through a door. The receipts are those of what was written.
func (x *run) through(door string, s *step) (receipts []host.Receipt, err error) {
	alone := door == "single"
	var items []host.Item
	for _, it := range s.items {
		item := x.item(it, alone, receipts)
		if !alone {
			items = append(items, item)
			continue
		}
		r, err := x.store.Append(ctx, item.At, item.Kind, item.Payload, item.Options...)
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, r)
	}
	switch door {
	case "batch":
		return x.store.AppendBatch(ctx, items)
	case "each":
		return x.store.AppendEach(ctx, items)
	case "fence":
		f := x.store.Fence()
		for _, it := range items {
			if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
				return nil, errors.Join(err, f.Cancel())
			}
		}
		return f.Commit(ctx)
	}
	return receipts, nil
}

// cancel cancels a fence, or does nothing: that must be the same.
func (x *run) cancel(s *step) error {
	if x.door(s) == "single" {
		return nil
	}
	f := x.store.Fence()
	for _, it := range s.items {
		it := x.item(it, false, nil)
		if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
			return err
		}
	}
	return f.Cancel()
}

// stop stops the store and opens it again as the configuration says.
func (x *run) stop() error {
	how := x.config["stops"]
	if how == "mixed" {
		how = one(x.r, []string{"never", "clean", "unclean"})
	}
	switch how {
	case "never":
		return nil
	case "clean":
		if err := x.store.Close(); err != nil {
			return err
		}
		if err := x.store.CloseReport().IndexError; err != nil {
			return err
		}
	case "unclean":
		fs, dir, err := x.copied()
		if err := errors.Join(err, x.store.Close()); err != nil {
			return err
		}
		x.forget()
		x.fs, x.dir = fs, dir
	}
	if err := x.derive(); err != nil {
		return err
	}
	return x.open()
}

// forget closes the readers of a directory that the script leaves.
func (x *run) forget() {
	if x.reader != nil {
		_ = x.reader.Close()
		x.reader = nil
	}
	if x.pinned != nil {
		_ = x.pinned.Close()
		x.pinned = nil
	}
}

// copied returns a copy of the files as they are now: what a killed process leaves.
func (x *run) copied() (fsabstraction.FS, string, error) {
	if m, ok := x.fs.(*crashfs.FS); ok {
		return m.Crash(crashfs.Cut{Survive: 100}), x.dir, nil
	}
	for {
		x.copies++
		to := filepath.Join(x.base, strconv.Itoa(x.copies))
		if err := os.CopyFS(to, os.DirFS(x.dir)); !errors.Is(err, fs.ErrNotExist) {
			return x.fs, to, err
		} // else an index is being written in the background
	}
}

// derive loses or rebuilds the files that can be made from the segments.
func (x *run) derive() error {
	how := x.config["derived"]
	if how == "mixed" {
		how = one(x.r, []string{"kept", "lost", "rebuilt", "some lost", "torn"})
	}
	if how == "rebuilt" {
		_, err := host.Rebuild(ctx, x.dir, host.RebuildOptions{Options: host.Options{FS: x.fs, Logger: quiet}})
		return err
	}
	if how == "kept" {
		return nil
	}
	listed, err := x.fs.ReadDir(x.dir)
	if err != nil {
		return err
	}
	for _, entry := range listed {
		name := entry.Name
		if !derived(name) || how != "lost" && chance(x.r, 2) {
			continue
		}
		if how == "torn" {
			if x.config["merging"] == "on" && x.pinned != nil {
				// It would have to read the segments of its time, which merges have replaced.
				_ = x.pinned.Close()
				x.pinned = nil
			}
			err = x.tear(name)
		} else {
			err = x.fs.Remove(filepath.Join(x.dir, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tear cuts a file off.
func (x *run) tear(name string) error {
	f, err := x.fs.OpenWrite(filepath.Join(x.dir, name))
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil && size > 0 {
		err = f.Truncate(x.r.Int64N(size))
	}
	return errors.Join(err, f.Close())
}

// check asks the questions of a step of every reader, and those of an earlier check of the
// snapshot that it pinned.
func (x *run) check(s *step) (err error) {
	if x.pinned != nil {
		if err := x.ask("a snapshot of an earlier check", x.pinned, x.questions); err != nil {
			return err
		}
		if chance(x.r, 2) {
			_ = x.pinned.Close()
			x.pinned = nil
		}
	}
	if err := x.ask("the writer", x.store, s.questions); err != nil {
		return err
	}
	if x.pinned == nil {
		if x.pinned, err = x.store.Snapshot(); err != nil {
			return err
		}
		x.questions = s.questions
		if err := x.ask("a snapshot", x.pinned, s.questions); err != nil {
			return err
		}
	}
	if err := x.checkReader(s); err != nil {
		return err
	}
	if err := x.follow(s); err != nil {
		return err
	}
	if x.other == nil {
		return nil
	}
	p, err := x.other(x.fs, x.dir)
	if err != nil {
		return err
	}
	return errors.Join(x.ask("the other reader", p, s.questions), p.Close())
}

// checkReader asks a reader that was opened once, and one that is opened now.
func (x *run) checkReader(s *step) (err error) {
	o := host.ReaderOptions{FS: x.fs, Logger: quiet, Strict: true, CheckFrames: chance(x.r, 3), NoMapping: x.options.NoMapping}
	now, err := host.OpenReader(ctx, x.dir, o)
	if err != nil {
		return err
	}
	if err := x.ask("a reader", now, s.questions); err != nil {
		return errors.Join(err, now.Close())
	}
	if x.reader == nil {
		x.reader = now
		return nil
	}
	if err := now.Close(); err != nil {
		return err
	}
	if _, err := x.reader.Refresh(ctx); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return x.ask("a refreshed reader", x.reader, s.questions)
}

func (x *run) ask(who string, r host.Reader, all []question) error {
	if err := noDamage(r.Report()); err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	for i := range all {
		q := &all[i]
		if got := q.of(r, x.names); got != q.want {
			return fmt.Errorf("%s is asked for %s: %s", who, q.text, difference(got, q.want))
		}
	}
	return nil
}

// follow follows the store from where it was left, and compares what it sees.
func (x *run) follow(s *step) error {
	var from host.FollowReader = x.store
	if x.reader != nil && chance(x.r, 2) {
		from = x.reader
	}
	var want []event.ID
	for _, e := range s.events {
		if e.Sequence >= x.position.Sequence {
			want = append(want, e.ID)
		}
	}
	f := from.Follow(host.Region{}, x.position, host.FollowOptions{StopAtEnd: true})
	n := 0
	for e, err := range f.Events(ctx) {
		if err != nil && !errors.Is(err, host.ErrErased) {
			return fmt.Errorf("follow: %w", err)
		}
		if n == len(want) || x.names.from(e.ID) != want[n] {
			return fmt.Errorf("follow: event %d of %d after %d is %v", n, len(want), x.position.Sequence, x.names.from(e.ID))
		}
		n++
	}
	if n != len(want) {
		return fmt.Errorf("follow: %d events, want %d", n, len(want))
	}
	x.position = f.Position()
	return nil
}

// remove removes events as the script says. What an earlier check pinned would see some of
// them go.
func (x *run) remove(s *step) error {
	if x.pinned != nil {
		_ = x.pinned.Close()
		x.pinned = nil
	}
	_, err := x.store.Compact(ctx, host.Compaction{Judge: s.judge})
	return err
}

// merge merges segments, if the configuration does.
func (x *run) merge() error {
	if x.config["merging"] == "off" || !chance(x.r, 3) {
		return nil
	}
	_, err := x.store.Compact(ctx, host.Compaction{})
	return err
}
