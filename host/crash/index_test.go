package crash_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// ofIndex reports whether a path is that of a file of the index, also of one that
// is being written.
func ofIndex(path string) bool {
	name := strings.TrimSuffix(filepath.Base(path), ".tmp")
	return isPart(name) || name == artifact.FileName || name == index.FileName
}

func isPart(path string) bool {
	_, _, ok := index.ParsePartName(filepath.Base(path))
	return ok
}

// errAlone says that not even the segments can be read.
var errAlone = errors.New("the segments alone")

// asSegments requires that a reader's answers are those of the segments alone: is, which
// are all its events, and when all is set those to every other question too.
func asSegments(fs *crashfs.FS, is []event.Event, all bool) error {
	bare := fs.Crash(crashfs.Cut{Survive: 100})
	for name := range bare.Files(dir) {
		if ofIndex(name) {
			if err := bare.Remove(dir + "/" + name); err != nil {
				return err
			}
		}
	}
	o := host.ReaderOptions{FS: bare, Logger: quiet, Strict: true}
	want, err := host.OpenReader(ctx, dir, o)
	if err != nil {
		return fmt.Errorf("%w: %w", errAlone, err)
	}
	defer want.Close()
	list, err := events(want)
	if err == nil {
		err = same(list, is)
	}
	if err == nil && all {
		err = sameAnswers(want, list, fs)
	}
	if err != nil {
		return fmt.Errorf("the segments alone say otherwise: %w", err)
	}
	return nil
}

// sameAnswers asks want, which has the events in list, and a reader of fs.
func sameAnswers(want host.Reader, list []event.Event, fs *crashfs.FS) error {
	is, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fs, Logger: quiet, Strict: true})
	if err != nil {
		return err
	}
	defer is.Close()
	if w, g := want.Report().NextSequence, is.Report().NextSequence; w != g {
		return fmt.Errorf("the next sequence is %d, not %d", g, w)
	}
	for _, e := range list {
		a, err1 := want.Get(ctx, e.ID)
		b, err2 := is.Get(ctx, e.ID)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if a.Event != b.Event || string(a.Payload) != string(b.Payload) {
			return fmt.Errorf("get of %v", e.ID)
		}
		for _, ask := range []func(host.Reader) ([]event.Event, error){
			func(q host.Reader) ([]event.Event, error) { return gather(q.Correlated(ctx, e.Correlation)) },
			func(q host.Reader) ([]event.Event, error) { return gather(q.Effects(ctx, e.ID, 0)) },
			func(q host.Reader) ([]event.Event, error) {
				return gather(q.Stream(ctx, e.Entity, host.StreamPage{}))
			},
			func(q host.Reader) ([]event.Event, error) {
				r := host.Region{Scope: e.Scope, Kinds: event.Only(e.Kind)}
				return gather(q.Query(ctx, r, host.Page{From: e.Sequence}))
			},
		} {
			w, err1 := ask(want)
			g, err2 := ask(is)
			if err := errors.Join(err1, err2, same(w, g)); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidy requires that a store whose writer has closed it holds nothing of an index
// but what readers take.
func tidy(fs *crashfs.FS) error {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fs, Logger: quiet})
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	if len(report.Rejected) > 0 {
		return fmt.Errorf("not taken: %w", report.Rejected[0])
	}
	parts := 0
	for name := range fs.Files(dir) {
		if strings.HasSuffix(name, ".tmp") {
			return fmt.Errorf("%s was left", name)
		}
		if isPart(name) {
			parts++
		}
	}
	if parts != report.Parts {
		return fmt.Errorf("%d part files, and %d are read", parts, report.Parts)
	}
	return nil
}

// written requires that the index is of use that a close says it has written.
func written(fs *crashfs.FS, known *world) error {
	if !known.closed.IndexWritten {
		return nil
	}
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fs, Logger: quiet})
	if err != nil {
		return err
	}
	defer r.Close()
	if n := r.Report().TailEvents; n > 0 {
		return fmt.Errorf("an index was written and %d events follow it", n)
	}
	return nil
}
