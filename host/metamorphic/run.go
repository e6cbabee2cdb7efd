package metamorphic

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

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
	backup  string // the directory of a backup of the store, "" for none
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
