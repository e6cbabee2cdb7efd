package metamorphic

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

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
